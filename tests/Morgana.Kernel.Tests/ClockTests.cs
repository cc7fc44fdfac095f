using Xunit;

namespace Morgana.Kernel.Tests;

/// <summary>The clock over a machine whose time we make: fast and slow counters, and a host that runs something else in between.</summary>
public class ClockTests
{
    private const double Second = 1e9;

    [Theory, InlineData(1.0e9), InlineData(2.1e9), InlineData(5.2e9)]
    public void On_a_quiet_machine_it_is_right_at_once_and_better_later(double frequency)
    {
        ClockHardware.SwitchOn(frequency);
        Start(work: 2e6);
        Assert.InRange(Error(1), -0.01, 0.01);
        RunFor(3 * Second);
        Assert.InRange(Error(1), -0.0005, 0.0005);
        Assert.Equal(ulong.MaxValue, Clock.NextRefinement);
    }

    // The interval timer goes round in 55 ms: what was measured over more than that was its rest.
    [Theory, InlineData(60e6), InlineData(150e6), InlineData(1.3e9)]
    public void A_start_that_took_longer_than_a_round_of_the_interval_timer_is_measured_again(double work)
    {
        ClockHardware.SwitchOn(2.4e9);
        Start(work);
        Assert.InRange(Error(1), -0.01, 0.01);
        Clock.SetTimer(1_000_000);
        Assert.InRange(ClockHardware.TimerCount(), 970_000u, 1_010_000u);
    }

    [Fact]
    public void A_monitor_that_says_how_fast_the_counter_runs_is_believed_and_the_timer_measured_by_it()
    {
        ClockHardware.SwitchOn(2.4e9);
        ClockHardware.Told = (ulong)((1UL << 32) / 2.4);
        ClockHardware.PitFault = pit => pit * 3;
        Start(work: 200e6);
        Assert.InRange(Error(1), -0.0001, 0.0001);
        Assert.Equal(ulong.MaxValue, Clock.NextRefinement);
        Clock.SetTimer(1_000_000);
        Assert.InRange(ClockHardware.TimerCount(), 990_000u, 1_010_000u);
    }

    // A divisor of zero: the counter says what it said at the beginning, as on another processor it may.
    [Fact]
    public void A_counter_that_has_not_gone_on_since_the_beginning_teaches_nothing()
    {
        ClockHardware.SwitchOn(2.4e9);
        Start(work: 1e6);
        ClockHardware.Pass(-3e6);
        Clock.Refine();
        ClockHardware.TscFrequency = 0;
        Clock.Refine();
        Clock.Refine();
        ClockHardware.TscFrequency = 2.4e9;
        ClockHardware.Pass(3e6);
        Assert.InRange(Error(1), -0.01, 0.01);
    }

    // It has jumped. The rounds would be fewer than none, and the time to the next look half an eternity; or the time would stand still.
    [Theory, InlineData(40_000), InlineData(-40_000), InlineData(-23_000), InlineData(5_000)]
    public void An_interval_timer_that_jumps_is_not_believed(int ticks)
    {
        ClockHardware.SwitchOn(2.4e9);
        Start(work: 1e6);
        ClockHardware.PitFault = pit => pit + (ulong)ticks;
        ClockHardware.Pass(20e6);
        Clock.Refine();
        Assert.InRange(Clock.NextRefinement, Clock.Now(), Clock.Now() + (ulong)Second);
        Assert.InRange(Error(1), -0.01, 0.01);
        RunFor(4 * Second);
        Assert.InRange(Error(1), -0.0005, 0.0005);
    }

    // A host that stops us anywhere, up to two hundred times a second, for up to three seconds.
    [Fact]
    public void However_the_host_lets_us_stand_still_the_time_goes_on_as_it_should()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            ClockHardware.SwitchOn(1e9 + (random.NextDouble() * 4e9));
            double rate = random.NextDouble() * 200 / Second, longest = random.Next(4) switch { 0 => 1e5, 1 => 3e6, 2 => 8e7, _ => 3e9 };
            ClockHardware.Pause = time => random.NextDouble() < rate * time ? random.NextDouble() * longest : 0;
            Start(work: random.NextDouble() * 1e8);
            ulong last = Clock.Now();
            for (int i = 0; i < 400; i++)
            {
                ClockHardware.Pass(random.NextDouble() * 5e7);
                if (Clock.Now() >= Clock.NextRefinement) Clock.Refine();
                ulong now = Clock.Now();
                Assert.True(now >= last, $"seed {seed}: the time went back from {last} to {now}");
                last = now;
            }

            ClockHardware.Pause = _ => 0;
            Assert.True(Error(1) is > -0.02 and < 0.02, $"seed {seed}: {Error(1):P2} wrong in a second");
            RunFor(5 * Second);
            Assert.True(Error(1) is > -0.001 and < 0.001, $"seed {seed}: {Error(1):P3} wrong in a second, on a host that is quiet again");
        }
    }

    private static void Start(double work)
    {
        Clock.Start();
        ClockHardware.Pass(work);
        Clock.Calibrate();
    }

    // As the kernel does: it looks when the time has come.
    private static void RunFor(double nanoseconds)
    {
        for (double end = ClockHardware.Time + nanoseconds; ClockHardware.Time < end; ClockHardware.Pass(5e6))
        {
            if (Clock.Now() >= Clock.NextRefinement) Clock.Refine();
        }
    }

    /// <summary>What the clock errs by in so many seconds, as a part of them.</summary>
    private static double Error(double seconds)
    {
        double before = ClockHardware.Time;
        ulong from = Clock.Now();
        ClockHardware.Pass(seconds * Second);
        return ((Clock.Now() - from) / (ClockHardware.Time - before)) - 1;
    }
}
