using System.Numerics;
using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>What has become of a segment that is not acknowledged, as far as we know.</summary>
internal enum SegmentFate : byte
{
    /// <summary>Under way.</summary>
    InFlight,

    /// <summary>Found lost, and not sent again since.</summary>
    Lost,

    /// <summary>The peer has it, and what comes before is missing (RFC 2018).</summary>
    Sacked,
}

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

    /// <summary>The place of its last transmission among all of the connection's: several are sent at one instant.</summary>
    public uint Order;

    /// <summary>Neighbours in the list of its fate, as places in the ring.</summary>
    public int Previous, Next;

    /// <summary>Whether a FIN follows the payload.</summary>
    public bool IsFin;

    /// <summary>What has become of it.</summary>
    public SegmentFate Fate;

    /// <summary>Sequence numbers that it takes.</summary>
    public readonly int SequenceLength => Length + (IsFin ? 1 : 0);

    /// <summary>The number behind the segment.</summary>
    public readonly SequenceNumber End => Start + SequenceLength;
}

/// <summary>The segments in flight, in order of their numbers: a ring that is rented while there are any, so that an idle connection holds none.</summary>
/// <remarks>
/// Two lists run through the ring: what is in flight, in the order of sending, and what is lost, in the order in which that was found. So
/// neither finding a loss (RFC 8985) nor the next segment to resend ever walks over segments that do not matter.
/// </remarks>
internal struct SegmentRecords
{
    /// <summary>The most segments that may be in flight on one connection.</summary>
    public const int Limit = 4096;

    private SegmentRecord[]? _ring;
    private int _head;
    private Chain _inFlight, _lost;

    /// <summary>Segments that are not acknowledged.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that are SACKed.</summary>
    public int SackedCount { get; private set; }

    /// <summary>Sequence numbers under way: "pipe" of RFC 6675.</summary>
    public readonly int InFlight => _inFlight.Octets;

    /// <summary>Sequence numbers lost and not sent again.</summary>
    public readonly int Lost => _lost.Octets;

    /// <summary>The place of the segment in flight that was sent longest ago; only if something is <see cref="InFlight"/>.</summary>
    public readonly int OldestInFlight => _inFlight.First;

    /// <summary>The place of the lost segment that was found first; only if something is <see cref="Lost"/>.</summary>
    public readonly int OldestLost => _lost.First;

    /// <summary>The segment with that index, 0 for the lowest number.</summary>
    public readonly ref SegmentRecord this[int index] => ref _ring![PlaceOf(index)];

    /// <summary>The segment at a place of the ring.</summary>
    public readonly ref SegmentRecord At(int place) => ref _ring![place];

    /// <summary>The place of the segment with that index.</summary>
    public readonly int PlaceOf(int index) => (_head + index) & (_ring!.Length - 1);

    /// <summary>The index of the segment at that place.</summary>
    public readonly int IndexOf(int place) => (place - _head) & (_ring!.Length - 1);

    /// <summary>Adds a record of a segment that is being sent behind the others; there must be fewer than <see cref="Limit"/>.</summary>
    public ref SegmentRecord Add(SequenceNumber start, int length, bool isFin, RecordPool pool)
    {
        if (_ring is null) _ring = pool.Rent(RecordPool.Smallest);
        else if (Count == _ring.Length) Grow(pool);
        int place = PlaceOf(Count++);
        ref var record = ref _ring[place];
        record.Start = start;
        record.Length = length;
        record.IsFin = isFin;
        record.Retransmissions = 0;
        record.Fate = SegmentFate.InFlight;
        Link(ref _inFlight, place);
        return ref record;
    }

    /// <summary>Moves a segment to the end of the list of what has become of it.</summary>
    public void SetFate(int place, SegmentFate fate)
    {
        Unlink(place);
        ref var record = ref _ring![place];
        record.Fate = fate;
        if (fate == SegmentFate.Sacked) SackedCount++;
        else Link(ref fate == SegmentFate.Lost ? ref _lost : ref _inFlight, place);
    }

    /// <summary>Everything counts as lost, the lowest number first, and nothing as SACKed (RFC 2018 8).</summary>
    public void LoseAll()
    {
        for (int i = 0; i < Count; i++) SetFate(PlaceOf(i), SegmentFate.Lost);
    }

    /// <summary>The index of the first segment that begins at <paramref name="number"/> or later.</summary>
    public readonly int Find(SequenceNumber number)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (this[middle].Start < number) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The path's MTU has shrunk: no record keeps more than <paramref name="mss"/> octets, and all count as lost.</summary>
    public void Refragment(int mss, RecordPool pool)
    {
        if (Count == 0) return;
        int count = 0;
        for (int i = 0; i < Count; i++) count += Math.Max(1, (this[i].Length + mss - 1) / mss);
        var cut = pool.Rent(Math.Max(RecordPool.Smallest, (int)BitOperations.RoundUpToPowerOf2((uint)count)));
        int n = 0;
        for (int i = 0; i < Count; i++)
        {
            var rest = this[i];
            for (; rest.Length > mss; n++)
            {
                cut[n] = rest;
                cut[n].Length = mss;
                cut[n].IsFin = false;
                rest.Start += mss;
                rest.Length -= mss;
                (rest.Block, rest.Offset) = Advance(rest.Block!, rest.Offset, mss);
            }

            cut[n++] = rest;
        }

        Clear(pool);
        (_ring, Count) = (cut, count);
        for (int i = 0; i < Count; i++)
        {
            cut[i].Fate = SegmentFate.Lost;
            Link(ref _lost, i);
        }
    }

    /// <summary>The front of the lowest segment was acknowledged: it begins at <paramref name="start"/> now.</summary>
    public void CutFront(SequenceNumber start, PoolBlock? block, int offset)
    {
        ref var first = ref this[0];
        int cut = start - first.Start;
        first.Start = start;
        first.Length -= cut;
        first.Block = block;
        first.Offset = offset;
        if (first.Fate == SegmentFate.InFlight) _inFlight.Octets -= cut;
        else if (first.Fate == SegmentFate.Lost) _lost.Octets -= cut;
    }

    /// <summary>Removes the lowest segment.</summary>
    public void RemoveFirst(RecordPool pool)
    {
        Unlink(_head);
        _ring![_head].Block = null;
        _head = (_head + 1) & (_ring.Length - 1);
        if (--Count == 0) Clear(pool);
    }

    /// <summary>Removes all records.</summary>
    public void Clear(RecordPool pool)
    {
        if (_ring is not null) pool.Return(_ring);
        _ring = null;
        _head = Count = SackedCount = 0;
        _inFlight = _lost = default;
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

    private readonly void Link(ref Chain chain, int place)
    {
        ref var record = ref _ring![place];
        record.Next = -1;
        record.Previous = chain.Count == 0 ? -1 : chain.Last;
        if (chain.Count == 0) chain.First = place;
        else _ring[chain.Last].Next = place;
        chain.Last = place;
        chain.Count++;
        chain.Octets += record.SequenceLength;
    }

    private void Unlink(int place)
    {
        ref var record = ref _ring![place];
        if (record.Fate == SegmentFate.Sacked)
        {
            SackedCount--;
            return;
        }

        ref var chain = ref record.Fate == SegmentFate.Lost ? ref _lost : ref _inFlight;
        if (record.Previous < 0) chain.First = record.Next;
        else _ring[record.Previous].Next = record.Next;
        if (record.Next < 0) chain.Last = record.Previous;
        else _ring[record.Next].Previous = record.Previous;
        chain.Count--;
        chain.Octets -= record.SequenceLength;
    }

    private void Grow(RecordPool pool)
    {
        var old = _ring!;
        var grown = pool.Rent(2 * old.Length);
        int mask = old.Length - 1;
        for (int i = 0; i < Count; i++)
        {
            ref var record = ref grown[i];
            record = old[(_head + i) & mask];
            if (record.Previous >= 0) record.Previous = (record.Previous - _head) & mask;
            if (record.Next >= 0) record.Next = (record.Next - _head) & mask;
        }

        Move(ref _inFlight, mask);
        Move(ref _lost, mask);
        pool.Return(old);
        _ring = grown;
        _head = 0;
    }

    private readonly void Move(ref Chain chain, int mask)
    {
        if (chain.Count == 0) return;
        chain.First = (chain.First - _head) & mask;
        chain.Last = (chain.Last - _head) & mask;
    }

    /// <summary>A list through the ring.</summary>
    private struct Chain
    {
        public int First, Last, Count, Octets;
    }
}

/// <summary>Rings of segment records in sizes of powers of two, kept for reuse.</summary>
internal sealed class RecordPool
{
    public const int Smallest = 8;
    private readonly Stack<SegmentRecord[]>[] _free = new Stack<SegmentRecord[]>[31];

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
