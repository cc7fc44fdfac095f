using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

/// <summary>Octets that came out of order: ranges that are sorted, disjoint and bounded in number and in blocks.</summary>
/// <remarks>An insertion looks at each range at most once, so that no order of segments makes it slow.</remarks>
internal struct ReassemblyQueue
{
    /// <summary>The most ranges that one connection keeps: a full queue on the way drops every second segment of a slow start.</summary>
    public const int Limit = 128;

    /// <summary>Ranges that there is room for at first.</summary>
    public const int Few = 8;

    private Range[]? _ranges;
    private int _blocks;
    private uint _touches;

    public int Count { get; private set; }

    /// <summary>Octets in all ranges.</summary>
    public readonly int Length
    {
        get
        {
            int length = 0;
            for (int i = 0; i < Count; i++) length += _ranges![i].Data.Length;
            return length;
        }
    }

    public readonly SequenceNumber StartOf(int index) => _ranges![index].Start;

    public readonly SequenceNumber EndOf(int index) => _ranges![index].End;

    /// <summary>Keeps what is new of <paramref name="length"/> octets, which stand in the packet from <paramref name="offset"/> on.</summary>
    public DropReason Insert(SequenceNumber start, PacketBuffer packet, int offset, int length, int blockLimit, TcpStack stack)
    {
        var end = start + length;
        var reason = DropReason.Duplicate;
        int i = FirstEndingAt(start);
        // The first range that touches or follows. What it has already is kept: octets that came first win (RFC 9293 3.10.7.4 leaves it open).
        while (start < end)
        {
            if (i < Count && _ranges![i].Start <= start)
            {
                _ranges[i].Touched = ++_touches;
                _ranges[i].IsNews = true;
                if (_ranges[i].End > start)
                {
                    int known = Math.Min(_ranges[i].End - start, end - start);
                    start += known;
                    offset += known;
                }

                if (start >= end) break;
                if (_ranges[i].End != start)
                {
                    i++;
                    continue;
                }
            }
            else if ((reason = Open(i, start, blockLimit, stack)) != DropReason.None)
            {
                return reason;
            }

            // Range i ends where the piece begins.
            var until = i + 1 < Count ? SequenceNumber.Min(end, _ranges![i + 1].Start) : end;
            int wanted = until - start;
            int copied = Extend(ref _ranges![i], packet, offset, wanted, blockLimit, stack.Pool);
            if (_ranges[i].Data.Length == 0) Remove(i, stack);
            if (copied < wanted) return DropReason.OutOfOrderLimit;
            _ranges[i].Touched = ++_touches;
            _ranges[i].IsNews = true;
            reason = DropReason.None;
            start = until;
            offset += wanted;
            if (i + 1 < Count && _ranges[i + 1].Start == start) Merge(i, stack);
        }

        return reason;
    }

    /// <summary>Moves what follows <paramref name="next"/> without a gap behind <paramref name="into"/>, and drops what is older.</summary>
    public int Take(SequenceNumber next, ref BlockChain into, TcpStack stack)
    {
        int taken = 0;
        while (Count > 0 && _ranges![0].Start <= next + taken)
        {
            ref var data = ref _ranges[0].Data;
            int known = (next + taken) - _ranges[0].Start;
            int fresh = data.Length - known;
            _blocks -= data.BlockCount;
            if (fresh > 0)
            {
                if (known > 0) data.Consume(known);
                taken += fresh;
                Join(ref into, ref data, stack.Pool);
            }

            data.Clear();
            RemoveAt(0, stack);
        }

        return taken;
    }

    /// <summary>Adds ranges to the SACK option: those that something came to since they were last reported, and the latest first (RFC 2018 4).</summary>
    /// <returns>Whether such ranges are left.</returns>
    public readonly bool TakeNews(ref TcpOptions options, int limit)
    {
        // The best places so far, best first: one look at each range, however many there are.
        Span<int> best = stackalloc int[4];
        int found = 0, news = 0, wanted = limit - options.SackCount;
        for (int i = 0; i < Count; i++)
        {
            if (_ranges![i].IsNews) news++;
            int place = found;
            while (place > 0 && IsBefore(_ranges[i], _ranges[best[place - 1]])) place--;
            if (place >= wanted) continue;
            if (found < wanted) found++;
            for (int j = found - 1; j > place; j--) best[j] = best[j - 1];
            best[place] = i;
        }

        for (int i = 0; i < found; i++)
        {
            ref var range = ref _ranges![best[i]];
            if (range.IsNews) news--;
            range.IsNews = false;
            options.Sacks[options.SackCount++] = new(range.Start, range.End);
        }

        return news > 0;
    }

    private static bool IsBefore(in Range a, in Range b) => a.IsNews != b.IsNews ? a.IsNews : unchecked((int)(a.Touched - b.Touched)) > 0;

    /// <summary>Drops everything.</summary>
    public void Clear(TcpStack stack)
    {
        while (Count > 0) Remove(Count - 1, stack);
        _blocks = 0;
    }

    private readonly int FirstEndingAt(SequenceNumber number)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ranges![middle].End < number) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private DropReason Open(int index, SequenceNumber start, int blockLimit, TcpStack stack)
    {
        if (Count == Limit || _blocks >= blockLimit) return DropReason.OutOfOrderLimit;
        _ranges ??= stack.FewRanges.Rent();
        if (Count == _ranges.Length) Grow(stack);
        Array.Copy(_ranges, index, _ranges, index + 1, Count - index);
        _ranges[index] = new() { Start = start };
        Count++;
        return DropReason.None;
    }

    private int Extend(ref Range range, PacketBuffer packet, int offset, int count, int blockLimit, BufferPool pool)
    {
        _blocks -= range.Data.BlockCount;
        // One octet more than the limit's blocks never costs more than this segment's.
        int copied = _blocks + range.Data.BlockCount > blockLimit ? 0 : Payload.Append(ref range.Data, packet, offset, count, pool);
        _blocks += range.Data.BlockCount;
        return copied;
    }

    private void Merge(int index, TcpStack stack)
    {
        ref var left = ref _ranges![index].Data;
        ref var right = ref _ranges[index + 1].Data;
        _blocks -= left.BlockCount + right.BlockCount;
        Join(ref left, ref right, stack.Pool);
        _blocks += left.BlockCount;
        RemoveAt(index + 1, stack);
    }

    // Well-filled blocks are linked; others are copied, so that memory stays in proportion to the octets.
    private static void Join(ref BlockChain into, ref BlockChain from, BufferPool pool)
    {
        while (from.Head is { } head)
        {
            if (head.Length >= PoolBlock.Size / 2)
            {
                into.Append(from.TakeHead());
                continue;
            }

            int copied = into.Append(head.Data, pool);
            if (copied == head.Length) from.Consume(copied);
            else
            {
                if (copied > 0) from.Consume(copied);
                into.Append(from.TakeHead());
            }
        }
    }

    private void Remove(int index, TcpStack stack)
    {
        _blocks -= _ranges![index].Data.BlockCount;
        _ranges[index].Data.Clear();
        RemoveAt(index, stack);
    }

    private void RemoveAt(int index, TcpStack stack)
    {
        Count--;
        Array.Copy(_ranges!, index + 1, _ranges!, index, Count - index);
        _ranges![Count] = default;
        if (Count > 0) return;
        Return(_ranges, stack);
        _ranges = null;
        _blocks = 0;
    }

    // Few are usual, and a connection that holds a single segment out of order should not cost more than that.
    private void Grow(TcpStack stack)
    {
        var grown = stack.ManyRanges.Rent();
        Array.Copy(_ranges!, grown, Count);
        Array.Clear(_ranges!);
        Return(_ranges!, stack);
        _ranges = grown;
    }

    private static void Return(Range[] ranges, TcpStack stack) => (ranges.Length == Limit ? stack.ManyRanges : stack.FewRanges).Return(ranges);

    internal struct Range
    {
        public SequenceNumber Start;
        public BlockChain Data;
        public uint Touched;        // The order in which segments came to the ranges;
        public bool IsNews;         // and whether one has since the range was last reported.
        public readonly SequenceNumber End => Start + Data.Length;
    }
}
