using Morgana.Core;

namespace Morgana.Devices.Memory;

/// <summary>A bounded queue of frames from one thread to one other, without a lock.</summary>
internal sealed class FrameRing
{
    private readonly PacketBuffer?[] _slots;
    private readonly int _mask;
    private long _head;         // Written by the reader alone.
    private long _tail;         // Written by the writer alone.

    public FrameRing(int capacity)
    {
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity);
        _slots = new PacketBuffer[size];
        _mask = size - 1;
    }

    public bool IsEmpty => Volatile.Read(ref _head) == Volatile.Read(ref _tail);

    public int Count => (int)(Volatile.Read(ref _tail) - Volatile.Read(ref _head));

    /// <summary>Frames that were ever queued: it tells whether any have come since.</summary>
    public long Written => Volatile.Read(ref _tail);

    public bool TryEnqueue(PacketBuffer frame)
    {
        long tail = _tail;
        if (tail - Volatile.Read(ref _head) > _mask) return false;
        _slots[tail & _mask] = frame;
        // The slot is written before the new tail can be seen.
        Volatile.Write(ref _tail, tail + 1);
        return true;
    }

    public bool TryPeek(out PacketBuffer frame)
    {
        long head = _head;
        if (head == Volatile.Read(ref _tail))
        {
            frame = null!;
            return false;
        }

        frame = _slots[head & _mask]!;
        return true;
    }

    /// <summary>Removes what <see cref="TryPeek"/> showed.</summary>
    public void Advance()
    {
        _slots[_head & _mask] = null;
        Volatile.Write(ref _head, _head + 1);
    }
}
