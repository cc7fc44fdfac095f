using System.Runtime.CompilerServices;

namespace Morgana.Core;

/// <summary>What happened at a trace point.</summary>
public enum TraceKind : ushort
{
    /// <summary>Nothing: an unused entry.</summary>
    None = 0,
    /// <summary>A frame came in. A: octets.</summary>
    FrameReceived,
    /// <summary>A frame was given to its device. A: octets.</summary>
    FrameSent,
    /// <summary>A packet was dropped. A: <see cref="DropReason"/>.</summary>
    Dropped,
    /// <summary>A TCP connection changed its state. A: old, B: new.</summary>
    TcpState,
    /// <summary>A segment was sent. A: sequence number, B: payload octets, C: flags.</summary>
    SegmentSent,
    /// <summary>A segment was sent again. A: sequence number, B: octets, C: how often.</summary>
    Retransmitted,
    /// <summary>A timer fired. A: which.</summary>
    TimerFired,
    /// <summary>The congestion window changed. A: cwnd, B: ssthresh, C: octets in flight.</summary>
    CongestionWindow,
}

/// <summary>One fixed-size trace event.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Subject">Whom it concerns: a connection's or an interface's number.</param>
/// <param name="A">First value; <see cref="TraceKind"/> says its meaning.</param>
/// <param name="B">Second value.</param>
/// <param name="C">Third value.</param>
public readonly record struct TraceEvent(Instant At, TraceKind Kind, uint Subject, ulong A, ulong B, ulong C);

/// <summary>The last events of one loop. Off by default: then a trace point costs one predicted branch.</summary>
/// <remarks>The loop's thread records; <see cref="Snapshot"/> is for the same thread, or after it has stopped.</remarks>
public sealed class TraceRing
{
    private TraceEvent[] _events = [];
    private long _count;

    /// <summary>Whether events are recorded.</summary>
    public bool Enabled { get; private set; }

    /// <summary>Starts recording into a ring of <paramref name="capacity"/> events, a power of two.</summary>
    public void Enable(int capacity = 16384)
    {
        if (!System.Numerics.BitOperations.IsPow2(capacity)) throw new ArgumentException("A ring's capacity is a power of two.", nameof(capacity));
        if (_events.Length != capacity) _events = new TraceEvent[capacity];
        _count = 0;
        Enabled = true;
    }

    /// <summary>Stops recording; what was recorded stays.</summary>
    public void Disable() => Enabled = false;

    /// <summary>Records one event if the ring is on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(Instant at, TraceKind kind, uint subject, ulong a = 0, ulong b = 0, ulong c = 0)
    {
        if (Enabled) Write(new(at, kind, subject, a, b, c));
    }

    private void Write(in TraceEvent entry) => _events[_count++ & (_events.Length - 1)] = entry;

    /// <summary>The events that the ring still holds, oldest first.</summary>
    public TraceEvent[] Snapshot()
    {
        int held = (int)Math.Min(_count, _events.Length);
        var result = new TraceEvent[held];
        for (int i = 0; i < held; i++) result[i] = _events[(_count - held + i) & (_events.Length - 1)];
        return result;
    }
}
