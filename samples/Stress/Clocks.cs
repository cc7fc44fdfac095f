using System.Diagnostics;

namespace Stress;

internal static class Clocks
{
    public static void FireInOrder()
    {
        var fired = new List<int>();
        var timers = new List<Timer>();
        using var done = new CountdownEvent(5);
        foreach (int delay in new[] { 50, 10, 40, 20, 30 })
        {
            timers.Add(new Timer(_ =>
            {
                lock (fired) fired.Add(delay);
                done.Signal();
            }, null, delay, Timeout.Infinite));
        }

        Check.That(done.Wait(60_000), "a timer did not fire");
        foreach (var timer in timers) timer.Dispose();
        Check.That(fired.Count == 5, "a timer fired twice");
    }

    public static void AgreeWithEachOther()
    {
        var (before, wallBefore, afterwards) = Look();
        long last = afterwards;
        for (int i = 0; i < 10_000; i++)
        {
            long now = Stopwatch.GetTimestamp();
            Check.That(now >= last, "time went back");
            last = now;
        }

        Thread.Sleep(100);
        var (laterBefore, wallLater, laterAfterwards) = Look();
        TimeSpan least = Stopwatch.GetElapsedTime(afterwards, laterBefore), most = Stopwatch.GetElapsedTime(before, laterAfterwards), wall = wallLater - wallBefore;
        Check.That(least >= TimeSpan.FromMilliseconds(99), $"a sleep of 100 ms took {least.TotalMilliseconds:F1} ms");
        // Whoever looks may be held up between two looks, but not in one.
        var tolerance = TimeSpan.FromMilliseconds(20);
        Check.That(wall >= least - tolerance && wall <= most + tolerance, $"the clocks disagree: {wall.TotalMilliseconds:F1} ms, {least.TotalMilliseconds:F1} to {most.TotalMilliseconds:F1} ms");
        Check.That(wallBefore.Year >= 2024, $"the year is {wallBefore.Year}");

        static (long Before, DateTime Wall, long Afterwards) Look() => (Stopwatch.GetTimestamp(), DateTime.UtcNow, Stopwatch.GetTimestamp());
    }

    public static void RandomDiffers()
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < 100; i++) seen.Add(Guid.NewGuid().ToString());
        Check.That(seen.Count == 100, "a random number came twice");
    }
}
