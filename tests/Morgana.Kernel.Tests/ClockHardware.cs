namespace Morgana.Kernel;

/// <summary>A machine's clocks, all of one time, which passes as they are read: a little each time, and a lot when the host runs something else.</summary>
internal static class ClockHardware
{
    public const double TimerFrequency = 1e9, PitFrequency = 1_193_182;

    /// <summary>Nanoseconds since the machine was switched on.</summary>
    public static double Time { get; private set; }

    /// <summary>What the time-stamp counter counts in a second.</summary>
    public static double TscFrequency { get; set; }

    /// <summary>How long the host lets us stand still within a time. Both are nanoseconds.</summary>
    public static Func<double, double> Pause { get; set; } = _ => 0;

    /// <summary>What the interval timer says instead of the truth.</summary>
    public static Func<ulong, ulong> PitFault { get; set; } = pit => pit;

    /// <summary>What a monitor's clock says about the counter; 0 where there is none.</summary>
    public static ulong Told { get; set; }

    private static double s_timerSetAt;
    private static uint s_timerCount;

    public static void SwitchOn(double tscFrequency)
    {
        (Time, TscFrequency, Told) = (12_345_678, tscFrequency, 0);
        (Pause, PitFault) = (_ => 0, pit => pit);
    }

    public static void Pass(double nanoseconds) => Time += nanoseconds;

    public static ulong Tsc()
    {
        Step(20);
        return (ulong)(Time * TscFrequency / 1e9);
    }

    public static ulong Pit()
    {
        Step(1500);
        return PitFault((ulong)(Time * PitFrequency / 1e9)) & (Kernel.Pit.Period - 1);
    }

    public static void SetTimer(uint count) => (s_timerSetAt, s_timerCount) = (Time, count);

    public static uint TimerCount()
    {
        Step(300);
        double gone = (Time - s_timerSetAt) * TimerFrequency / 1e9;
        return gone >= s_timerCount ? 0 : s_timerCount - (uint)gone;
    }

    private static void Step(double nanoseconds) => Time += nanoseconds + Pause(nanoseconds);
}

internal static class Machine
{
    public static ulong ReadTsc() => ClockHardware.Tsc();

    public static void Pause()
    {
    }

    public static void FullFence()
    {
    }

    public static ulong MultiplyShift32(ulong a, ulong b) => (ulong)(((UInt128)a * b) >> 32);

    // As the instruction: a quotient that is too large for 64 bits is the same exception as a division by zero.
    public static ulong ShiftDivide32(ulong a, ulong b) => checked((ulong)(((UInt128)a << 32) / b));
}

internal static class LocalApic
{
    public static void SetTimer(uint count) => ClockHardware.SetTimer(count);

    public static uint TimerCount() => ClockHardware.TimerCount();
}

internal static class Pit
{
    public const ulong Frequency = 1_193_182, Period = 65_536;

    public static void Start()
    {
    }

    public static ulong Read() => ClockHardware.Pit();
}

internal static class KvmClock
{
    public static ulong Multiplier() => ClockHardware.Told;
}

internal static class WallClock
{
    public static ulong Read() => 1_800_000_000;
}

internal static class PhysicalMemory
{
    /// <summary>One page, which the clock has for itself.</summary>
    public static ulong TakeZeroed()
    {
        const ulong last = Physical.Size - 4096;
        unsafe
        {
            Pages.Clear(Physical.Pointer(last));
        }

        return last;
    }
}
