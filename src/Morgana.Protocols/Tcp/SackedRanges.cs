using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

/// <summary>What the peer has beyond SND.UNA (RFC 2018): ranges that are sorted, disjoint and bounded in number.</summary>
/// <remarks>
/// A peer may send the same blocks a thousand times, or odd ones: what is known already is skipped by a binary search, so that the
/// segments behind it are looked at once only, and beyond <see cref="Limit"/> ranges nothing new is remembered.
/// </remarks>
internal struct SackedRanges
{
    /// <summary>The most ranges that are remembered.</summary>
    public const int Limit = 128;

    private SackBlock[]? _ranges;

    /// <summary>Ranges.</summary>
    public int Count { get; private set; }

    public readonly SackBlock this[int index] => _ranges![index];

    /// <summary>The first part of <paramref name="from"/> to <paramref name="to"/> that is not in any range.</summary>
    public readonly bool TryFindGap(SequenceNumber from, SequenceNumber to, out SackBlock gap)
    {
        int i = FirstEndingAfter(from);
        if (i < Count && _ranges![i].Start <= from) from = _ranges[i++].End;
        if (i < Count && _ranges![i].Start < to) to = _ranges[i].Start;
        gap = new(from, to);
        return from < to;
    }

    /// <summary>Adds a range and merges it with those that it overlaps or touches.</summary>
    /// <returns>False if it would be one too many.</returns>
    public bool TryAdd(SequenceNumber start, SequenceNumber end, TcpStack stack)
    {
        int first = FirstEndingAfter(start - 1), behind = first;
        while (behind < Count && _ranges![behind].Start <= end)
        {
            start = SequenceNumber.Min(start, _ranges[behind].Start);
            end = SequenceNumber.Max(end, _ranges[behind].End);
            behind++;
        }

        if (behind == first && Count == Limit) return false;
        _ranges ??= stack.Sacked.Rent();
        // One range takes the place of those from first to behind.
        Array.Copy(_ranges, behind, _ranges, first + 1, Count - behind);
        Count += 1 - (behind - first);
        _ranges[first] = new(start, end);
        return true;
    }

    /// <summary>Everything before <paramref name="una"/> is acknowledged and no longer of interest.</summary>
    public void Forget(SequenceNumber una, TcpStack stack)
    {
        int gone = FirstEndingAfter(una);
        if (gone > 0)
        {
            Array.Copy(_ranges!, gone, _ranges!, 0, Count - gone);
            Count -= gone;
        }

        if (Count == 0) Clear(stack);
        else if (_ranges![0].Start < una) _ranges[0] = _ranges[0] with { Start = una };
    }

    /// <summary>Forgets all.</summary>
    public void Clear(TcpStack stack)
    {
        if (_ranges is not null) stack.Sacked.Return(_ranges);
        _ranges = null;
        Count = 0;
    }

    private readonly int FirstEndingAfter(SequenceNumber number)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ranges![middle].End <= number) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}

/// <summary>Arrays of one size, kept for reuse.</summary>
internal sealed class ArrayStack<T>(int size)
{
    private readonly Stack<T[]> _free = new();

    public T[] Rent() => _free.Count > 0 ? _free.Pop() : new T[size];

    public void Return(T[] array)
    {
        if (_free.Count < 256) _free.Push(array);
    }
}
