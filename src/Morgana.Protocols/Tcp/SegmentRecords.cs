using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>One segment that was sent and is not acknowledged.</summary>
internal struct SegmentRecord
{
    /// <summary>The first octet's number.</summary>
    public SequenceNumber Start;

    /// <summary>Octets of payload.</summary>
    public int Length;

    /// <summary>Where the payload begins in the send queue.</summary>
    public PoolBlock? Block;

    /// <summary>The offset in that block, from the block's first octet.</summary>
    public int Offset;

    /// <summary>How often it was sent again.</summary>
    public int Retransmissions;

    /// <summary>When it was last sent.</summary>
    public Instant SentAt;

    /// <summary>Octets that the peer had acknowledged when it was last sent: what a rate is measured by.</summary>
    public long Delivered;

    /// <summary>Whether a FIN follows the payload.</summary>
    public bool IsFin;

    /// <summary>The number behind the segment.</summary>
    public readonly SequenceNumber End => Start + (Length + (IsFin ? 1 : 0));
}

/// <summary>The segments in flight, in order: a ring that is rented while there are any, so that an idle connection holds none.</summary>
internal struct SegmentRecords
{
    /// <summary>The most segments that may be in flight on one connection.</summary>
    public const int Limit = 4096;

    private SegmentRecord[]? _ring;
    private int _head;

    /// <summary>Segments in flight.</summary>
    public int Count { get; private set; }

    /// <summary>The segment with that index, 0 for the oldest.</summary>
    public readonly ref SegmentRecord this[int index] => ref _ring![(_head + index) & (_ring.Length - 1)];

    /// <summary>Adds a record behind the others; there must be fewer than <see cref="Limit"/>.</summary>
    public ref SegmentRecord Add(RecordPool pool)
    {
        if (_ring is null) _ring = pool.Rent(RecordPool.Smallest);
        else if (Count == _ring.Length) Grow(pool);
        ref var record = ref _ring[(_head + Count++) & (_ring.Length - 1)];
        record = default;
        return ref record;
    }

    /// <summary>Makes two of a record: the first keeps <paramref name="length"/> octets. Rare: after the path's MTU has shrunk.</summary>
    public void Split(int index, int length, RecordPool pool)
    {
        var rest = this[index];
        Add(pool);
        for (int i = Count - 1; i > index + 1; i--) this[i] = this[i - 1];
        rest.Start += length;
        rest.Length -= length;
        (rest.Block, rest.Offset) = Advance(rest.Block!, rest.Offset, length);
        this[index + 1] = rest;
        this[index].Length = length;
        this[index].IsFin = false;
    }

    /// <summary>Removes the oldest record.</summary>
    public void RemoveFirst(RecordPool pool)
    {
        this[0].Block = null;
        _head = (_head + 1) & (_ring!.Length - 1);
        if (--Count == 0) Clear(pool);
    }

    /// <summary>Removes all records.</summary>
    public void Clear(RecordPool pool)
    {
        if (_ring is not null) pool.Return(_ring);
        _ring = null;
        _head = Count = 0;
    }

    /// <summary>The place <paramref name="count"/> octets behind a place in a chain of blocks: where that octet stands, never behind a block's last.</summary>
    public static (PoolBlock Block, int Offset) Advance(PoolBlock block, int offset, int count)
    {
        while (count >= block.End - offset && block.NextBlock is { } next)
        {
            count -= block.End - offset;
            block = next;
            offset = block.Start;
        }

        return (block, offset + count);
    }

    private void Grow(RecordPool pool)
    {
        var grown = pool.Rent(2 * _ring!.Length);
        for (int i = 0; i < Count; i++) grown[i] = this[i];
        pool.Return(_ring);
        _ring = grown;
        _head = 0;
    }
}

/// <summary>Rings of segment records in sizes of powers of two, kept for reuse.</summary>
internal sealed class RecordPool
{
    public const int Smallest = 8;
    private readonly Stack<SegmentRecord[]>[] _free = new Stack<SegmentRecord[]>[16];

    public SegmentRecord[] Rent(int size)
    {
        var free = _free[int.Log2(size)];
        return free is { Count: > 0 } ? free.Pop() : new SegmentRecord[size];
    }

    public void Return(SegmentRecord[] ring)
    {
        ref var free = ref _free[int.Log2(ring.Length)];
        free ??= new();
        // Enough for what comes and goes; the rest is the collector's.
        if (free.Count * ring.Length < 16 * 4096) free.Push(ring);
    }
}
