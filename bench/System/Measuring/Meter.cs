using System.Diagnostics;

namespace Morgana.Bench;

/// <summary>Runs while a sample is taken: wall time, processor time, and octets that are allocated, of this thread or of the process.</summary>
internal readonly struct Meter
{
    private readonly CpuClock _clock;
    private readonly long _wall;
    private readonly double _cpu;
    private readonly long _allocated;

    private Meter(CpuClock clock)
    {
        _clock = clock;
        _allocated = Allocated(clock);
        _wall = Stopwatch.GetTimestamp();
        _cpu = clock.Now();
    }

    public static Meter Start(CpuClock clock = CpuClock.Thread) => new(clock);

    /// <summary>Whether so much wall time has gone by.</summary>
    public bool IsOver(TimeSpan duration) => Stopwatch.GetElapsedTime(_wall) >= duration;

    public Reading Stop() => new(_clock.Now() - _cpu, Stopwatch.GetElapsedTime(_wall).TotalSeconds, Allocated(_clock) - _allocated);

    private static long Allocated(CpuClock clock) => clock == CpuClock.Thread ? GC.GetAllocatedBytesForCurrentThread() : GC.GetTotalAllocatedBytes();
}

/// <summary>What a <see cref="Meter"/> has seen.</summary>
internal readonly record struct Reading(double Cpu, double Wall, long Allocated)
{
    /// <summary>A sample of <paramref name="count"/> operations, with its costs for each.</summary>
    public Sample Operations(long count, string each) => new(count / Cpu, count / Wall, Costs(count, each));

    /// <summary>A sample of so many octets in Gbit/s, with its costs for each of <paramref name="count"/> segments.</summary>
    public Sample Bits(double octets, long count, string each) => new(octets * 8e-9 / Cpu, octets * 8e-9 / Wall, Costs(count, each));

    private string Costs(long count, string each) => $"{Cpu * 1e9 / count:F1} ns and {(double)Allocated / count:F2} B allocated a {each}";
}

/// <summary>One measurement.</summary>
/// <param name="Value">The figure by processor time.</param>
/// <param name="Wall">The figure by wall time; null where there is none.</param>
/// <param name="Note">What else is worth saying.</param>
internal readonly record struct Sample(double Value, double? Wall, string Note);
