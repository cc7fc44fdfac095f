namespace Morgana.Kernel;

/// <summary>The application's areas: ascending, never overlapping, and never two alike side by side.</summary>
/// <remarks>
/// An array under binary search: a .NET program has some hundred areas, so that moving the entries behind a new one costs less than a
/// tree's pointers. Its memory is a range of the kernel's addresses that fills with frames as it grows (<see cref="KernelMemory"/>).
/// </remarks>
internal unsafe struct AreaTable
{
    private Area* _areas;
    private int _capacity;

    /// <summary>How many areas there are.</summary>
    public int Count;

    /// <summary>Octets in all areas.</summary>
    public ulong Size;

    public void Init(Area* memory, int capacity)
    {
        _areas = memory;
        _capacity = capacity;
        Count = 0;
        Size = 0;
    }

    /// <summary>An area by its place in ascending order.</summary>
    public readonly Area* At(int index) => _areas + index;

    /// <summary>The area that holds an address, or null.</summary>
    public readonly Area* Find(ulong address)
    {
        int index = FirstEndingAfter(address);
        return index < Count && _areas[index].Start <= address ? _areas + index : null;
    }

    /// <summary>The place of the first area that ends behind an address: the one that holds it, or else the next.</summary>
    public readonly int FirstEndingAfter(ulong address)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_areas[middle].End <= address) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Whether an operation that splits areas at both of its ends still fits: mmap(2)'s ENOMEM for too many mappings.</summary>
    public readonly bool HasRoom => Count + 2 <= _capacity;

    /// <summary>Adds an area where there is none, and joins it with neighbours that are alike. The caller has asked <see cref="HasRoom"/>.</summary>
    public void Add(ulong start, ulong end, Protection protection, AreaKind kind)
    {
        int index = FirstEndingAfter(start);
        Insert(index, start, end, protection, kind);
        Size += end - start;
        Join(index + 1);
        Join(index);
    }

    /// <summary>Removes all between two addresses: an area that reaches beyond is cut.</summary>
    public void Remove(ulong start, ulong end)
    {
        int index = Split(start, end);
        int first = index;
        for (; index < Count && _areas[index].End <= end; index++) Size -= _areas[index].End - _areas[index].Start;
        Close(first, index - first);
    }

    /// <summary>Changes the protection between two addresses. The range is covered: see <see cref="Covers"/>.</summary>
    public void Protect(ulong start, ulong end, Protection protection)
    {
        int index = Split(start, end);
        int first = index;
        for (; index < Count && _areas[index].End <= end; index++) _areas[index].Protection = protection;
        for (int i = index; i >= first; i--) Join(i);
    }

    /// <summary>Whether there is an area at every address between two.</summary>
    public readonly bool Covers(ulong start, ulong end)
    {
        for (int index = FirstEndingAfter(start); index < Count && _areas[index].Start <= start; index++)
        {
            start = _areas[index].End;
            if (start >= end) return true;
        }

        return start >= end;
    }

    /// <summary>Whether there is no area between two addresses.</summary>
    public readonly bool IsFree(ulong start, ulong end)
    {
        int index = FirstEndingAfter(start);
        return index == Count || _areas[index].Start >= end;
    }

    /// <summary>The highest free range of a length between two addresses, or 0: mappings grow downwards, as Linux's do.</summary>
    public readonly ulong FindFree(ulong length, ulong lowest, ulong highest)
    {
        ulong end = highest;
        for (int index = FirstEndingAfter(highest) is var i && i < Count ? i : Count - 1; index >= 0; index--)
        {
            if (_areas[index].Start >= end) continue;
            if (_areas[index].End < end && end - _areas[index].End >= length) break;
            end = Bits.Min(end, _areas[index].Start);
        }

        return end >= lowest && end - lowest >= length ? end - length : 0;
    }

    // Makes both addresses borders between areas, where they lie within one. Returns the place of the first area at or behind start.
    private int Split(ulong start, ulong end)
    {
        SplitAt(start);
        SplitAt(end);
        return FirstEndingAfter(start);
    }

    private void SplitAt(ulong address)
    {
        int index = FirstEndingAfter(address);
        if (index == Count || _areas[index].Start >= address) return;
        Insert(index, _areas[index].Start, address, _areas[index].Protection, _areas[index].Kind);
        _areas[index + 1].Start = address;
    }

    // Joins the area at a place with the one before it, if they touch and are alike.
    private void Join(int index)
    {
        if (index < 1 || index >= Count) return;
        if (_areas[index - 1].End != _areas[index].Start || !_areas[index - 1].IsLike(in _areas[index])) return;
        _areas[index - 1].End = _areas[index].End;
        Close(index, 1);
    }

    // Field by field: a copy of the whole struct would go through vector registers, which are the application's.
    private void Insert(int index, ulong start, ulong end, Protection protection, AreaKind kind)
    {
        for (int i = Count; i > index; i--) Move(i, i - 1);
        Count++;
        _areas[index].Start = start;
        _areas[index].End = end;
        _areas[index].Protection = protection;
        _areas[index].Kind = kind;
    }

    private void Close(int index, int count)
    {
        if (count == 0) return;
        Count -= count;
        for (int i = index; i < Count; i++) Move(i, i + count);
    }

    private readonly void Move(int to, int from)
    {
        _areas[to].Start = _areas[from].Start;
        _areas[to].End = _areas[from].End;
        _areas[to].Protection = _areas[from].Protection;
        _areas[to].Kind = _areas[from].Kind;
    }
}
