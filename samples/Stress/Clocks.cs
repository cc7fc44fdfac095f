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

        Check.That(done.Wait(10_000), "a timer did not fire");
        foreach (var timer in timers) timer.Dispose();
        Check.That(fired.Count == 5, "a timer fired twice");
    }

    public static void AgreeWithEachOther()
    {
        long started = Stopwatch.GetTimestamp();
        DateTime before = DateTime.UtcNow;
        long last = started;
        for (int i = 0; i < 10_000; i++)
        {
            long now = Stopwatch.GetTimestamp();
            Check.That(now >= last, "time went back");
            last = now;
        }

        Thread.Sleep(100);
        TimeSpan monotonic = Stopwatch.GetElapsedTime(started), wall = DateTime.UtcNow - before;
        Check.That(monotonic >= TimeSpan.FromMilliseconds(99), $"a sleep of 100 ms took {monotonic.TotalMilliseconds:F1} ms");
        Check.That((monotonic - wall).Duration() < TimeSpan.FromMilliseconds(50), "the clocks disagree");
        Check.That(before.Year >= 2024, $"the year is {before.Year}");
    }

    public static void RandomDiffers()
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < 100; i++) seen.Add(Guid.NewGuid().ToString());
        Check.That(seen.Count == 100, "a random number came twice");
    }
}
