using System.Diagnostics;

namespace Sockets;

/// <summary>Counts what happens between two moments, the first of which is late enough that everything has been warm for a while.</summary>
internal sealed class Meter
{
    private readonly TimeSpan _length;
    private long _count;
    private volatile bool _goes = true;

    public Meter(TimeSpan length)
    {
        _length = length;
        new Thread(Watch) { IsBackground = true }.Start();
    }

    /// <summary>Whether it is still worth going on.</summary>
    public bool Goes => _goes;

    /// <summary>Of what was counted, a second.</summary>
    public double Rate { get; private set; }

    /// <summary>Seconds of processor time for each, the system's share included.</summary>
    public double Processor { get; private set; }

    /// <summary>Octets of heap for each.</summary>
    public double Allocated { get; private set; }

    public void Count(int number) => Interlocked.Add(ref _count, number);

    private void Watch()
    {
        Thread.Sleep(_length / 4);
        var (clock, processor, allocated, count) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(), Interlocked.Read(ref _count));
        Thread.Sleep(_length);
        double counted = Interlocked.Read(ref _count) - count;
        Rate = counted / clock.Elapsed.TotalSeconds;
        Processor = (Environment.CpuUsage.TotalTime - processor).TotalSeconds / counted;
        Allocated = (GC.GetTotalAllocatedBytes() - allocated) / counted;
        _goes = false;
    }
}
