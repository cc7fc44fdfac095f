using Morgana.Core;

namespace Morgana.Devices.Faults;

/// <summary>Frames under way on a bad line, in the order in which they arrive. Bounded; a full line loses what enters.</summary>
/// <remarks>It owns the frames in it. One thread.</remarks>
public sealed class FaultLine(FaultModel model, BufferPool pool, int capacity = 4096)
{
    // Frames that arrive at the same time keep the order in which they were sent.
    private readonly PriorityQueue<PacketBuffer, (long Arrival, long Order)> _frames = new(Math.Min(capacity, 256));
    private long _order;

    /// <summary>What the line does to frames.</summary>
    public FaultModel Model { get; } = model;

    /// <summary>Frames under way.</summary>
    public int Count => _frames.Count;

    /// <summary>Frames that the line itself could not carry: full, or without memory for a second copy.</summary>
    public long Overflowed { get; private set; }

    /// <summary>When the next frame arrives.</summary>
    public Instant NextArrival => _frames.TryPeek(out _, out var key) ? new(key.Arrival) : Instant.Never;

    /// <summary>Puts a frame on the line, which takes it over and may change it.</summary>
    public void Enter(PacketBuffer frame, Instant now)
    {
        var decision = Model.Decide(frame.Length, now);
        if (decision.IsLost)
        {
            frame.Release();
            return;
        }

        if (decision.Length < frame.Length) frame.Truncate(decision.Length);
        if (decision.IsDuplicated && TryCopy(frame, out var second)) Add(second, decision.SecondArrival);
        if (decision.CorruptBit >= 0 && decision.CorruptBit < 8 * frame.Length) Flip(frame, decision.CorruptBit);
        Add(frame, decision.Arrival);
    }

    /// <summary>Copies a frame and puts the copy on the line; the frame stays its owner's.</summary>
    public void EnterCopy(PacketBuffer frame, Instant now)
    {
        if (TryCopy(frame, out var copy)) Enter(copy, now);
    }

    /// <summary>The next frame that has arrived, without taking it off.</summary>
    public bool TryPeek(Instant now, out PacketBuffer frame) => _frames.TryPeek(out frame!, out var key) && key.Arrival <= now.Nanoseconds;

    /// <summary>Takes off the frame that <see cref="TryPeek"/> showed; the caller owns it now.</summary>
    public void Leave() => _frames.Dequeue();

    /// <summary>Loses everything that is under way.</summary>
    public void Clear()
    {
        while (_frames.TryDequeue(out var frame, out _)) frame.Release();
    }

    private void Add(PacketBuffer frame, Instant arrival)
    {
        if (_frames.Count < capacity)
        {
            _frames.Enqueue(frame, (arrival.Nanoseconds, _order++));
            return;
        }

        Overflowed++;
        frame.Release();
    }

    private bool TryCopy(PacketBuffer frame, out PacketBuffer copy)
    {
        if (!pool.TryRentPacket(PacketBuffer.Headroom + 2, out copy!))
        {
            Overflowed++;
            return false;
        }

        for (PoolBlock? block = frame.FirstBlock; block is not null; block = block.NextBlock)
        {
            if (copy.TryAppend(block.Data)) continue;
            Overflowed++;
            copy.Release();
            return false;
        }

        return true;
    }

    private static void Flip(PacketBuffer frame, int bit)
    {
        int octet = bit / 8;
        var block = frame.FirstBlock;
        for (; octet >= block.Length; block = block.NextBlock!) octet -= block.Length;
        block.Data[octet] ^= (byte)(0x80 >> (bit % 8));
    }
}
