// Two clocks: the wall's, which may be set, and the monotonic one, which only ever goes on and is right for durations.
using System.Globalization;
using Morgana.Hosting;

return await Unikernel.RunAsync(
    TickAsync,
    new BootArgument("ticks", "COUNT", "How often the time is told; 0 is for ever", "5"),
    new BootArgument("every", "HH:MM:SS", "The time between two ticks", "00:00:01"));

static async Task<int> TickAsync(UnikernelContext context, CancellationToken stop)
{
    uint ticks = context.Arguments.Get<uint>("ticks");
    var every = context.Arguments.Get<TimeSpan>("every");
    if (every < TimeSpan.FromMilliseconds(1)) throw new BootException("--every: between two ticks there is a millisecond at least.");
    var clock = TimeProvider.System;                // Named, so that a test of the same code could bring its own.
    long booted = clock.GetTimestamp();

    using var timer = new PeriodicTimer(every, clock);
    for (uint tick = 1; ticks == 0 || tick <= ticks; tick++)
    {
        await timer.WaitForNextTickAsync(stop);     // A tick that comes late does not delay those after it.
        string wall = clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Console.WriteLine($"{wall}, up for {clock.GetElapsedTime(booted).TotalSeconds:F3} s");
    }

    return 0;
}
