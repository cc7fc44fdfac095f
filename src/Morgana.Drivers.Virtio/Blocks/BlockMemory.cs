namespace Morgana.Drivers.Virtio;

/// <summary>Where requests lie for the device to see: a slot for each with what describes it, and pages for content, which is copied.</summary>
/// <remarks>
/// Content is copied, as an application's memory has no address that a device knows; so a request that nobody waits for any more harms no
/// memory but these pages. Whoever calls holds the queue's lock.
/// </remarks>
internal sealed unsafe class BlockMemory
{
    public const int PageSize = 4096;

    private const int MostPages = 256, HeaderSize = 16, RangeSize = 16, DescriptorSize = 16;

    private readonly DmaMemory _memory;
    private readonly byte* _slots, _pages;
    private readonly int _slotSize;
    private readonly int[] _freeSlots, _freePages, _slotPages, _slotPageCounts;
    private int _freeSlotCount, _freePageCount;

    /// <summary>Lays slots into a device's memory, and pages into what is left of it.</summary>
    /// <param name="memory">The device's.</param>
    /// <param name="slots">Requests that the device can have at a time.</param>
    /// <param name="pagesPerRequest">The most pages that one request may have.</param>
    public BlockMemory(DmaMemory memory, int slots, int pagesPerRequest)
    {
        _memory = memory;
        // Header, range, the table of an indirect chain (header, pages and status), and the status.
        _slotSize = HeaderSize + RangeSize + ((pagesPerRequest + 2) * DescriptorSize) + 16;
        _slots = memory.Take(_slotSize * slots, 16);
        int pages = Math.Min((memory.Left - PageSize) / PageSize, MostPages);
        if (pages < 1) throw new VirtioException("The memory for the block device has no room for content.");
        _pages = memory.Take(pages * PageSize, PageSize);
        PagesPerRequest = Math.Min(pagesPerRequest, pages);
        _freeSlots = Backwards(slots);
        _freePages = Backwards(pages);
        (_freeSlotCount, _freePageCount) = (slots, pages);
        _slotPages = new int[slots * PagesPerRequest];
        _slotPageCounts = new int[slots];
    }

    private static int[] Backwards(int count)
    {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) numbers[i] = count - 1 - i;
        return numbers;
    }

    /// <summary>The most pages that one request may have.</summary>
    public int PagesPerRequest { get; }

    /// <summary>Whether there is a slot, and pages for so many octets.</summary>
    public bool HasRoom(int length) => _freeSlotCount > 0 && PagesFor(length) <= _freePageCount;

    /// <summary>Takes a slot with pages for so many octets: there is room.</summary>
    public int Take(int length)
    {
        int slot = _freeSlots[--_freeSlotCount], count = PagesFor(length);
        for (int i = 0; i < count; i++) _slotPages[(slot * PagesPerRequest) + i] = _freePages[--_freePageCount];
        _slotPageCounts[slot] = count;
        return slot;
    }

    /// <summary>Gives a slot back, with its pages.</summary>
    public void Return(int slot)
    {
        for (int i = _slotPageCounts[slot] - 1; i >= 0; i--) _freePages[_freePageCount++] = _slotPages[(slot * PagesPerRequest) + i];
        _slotPageCounts[slot] = 0;
        _freeSlots[_freeSlotCount++] = slot;
    }

    /// <summary>virtio_blk_req without content and status (5.2.6).</summary>
    public byte* Header(int slot) => _slots + (slot * _slotSize);

    /// <summary>virtio_blk_discard_write_zeroes (5.2.6).</summary>
    public byte* Range(int slot) => Header(slot) + HeaderSize;

    /// <summary>The table of an indirect chain.</summary>
    public byte* Table(int slot) => Range(slot) + RangeSize;

    /// <summary>What the device says in the end.</summary>
    public ref byte Status(int slot) => ref *(Header(slot) + _slotSize - 16);

    public DmaBuffer HeaderBuffer(int slot) => new(_memory.AddressOf(Header(slot)), HeaderSize);

    public DmaBuffer RangeBuffer(int slot) => new(_memory.AddressOf(Range(slot)), RangeSize);

    public DmaBuffer StatusBuffer(int slot) => new(_memory.AddressOf(Header(slot) + _slotSize - 16), 1);

    public ulong TableAddress(int slot) => _memory.AddressOf(Table(slot));

    /// <summary>Describes the first octets of a slot's pages. Pages side by side are one buffer.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="length">How many octets.</param>
    /// <param name="mostPerBuffer">What one buffer may have.</param>
    /// <param name="buffers">Where to: room for all pages.</param>
    /// <returns>How many buffers.</returns>
    public int Describe(int slot, int length, int mostPerBuffer, Span<DmaBuffer> buffers)
    {
        int count = 0;
        for (int at = 0; at < length; at += PageSize)
        {
            ulong address = _memory.AddressOf(PageAt(slot, at));
            int size = Math.Min(PageSize, length - at);
            ref var last = ref buffers[Math.Max(count - 1, 0)];
            if (count > 0 && last.Address + (ulong)last.Length == address && size <= mostPerBuffer - last.Length) last = last with { Length = last.Length + size };
            else buffers[count++] = new(address, size);
        }

        return count;
    }

    /// <summary>Copies content into a slot's pages.</summary>
    public void Fill(int slot, ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        int at = 0;
        foreach (var piece in pieces)
        {
            for (var rest = piece.Span; !rest.IsEmpty;)
            {
                var room = From(slot, at);
                int length = Math.Min(room.Length, rest.Length);
                rest[..length].CopyTo(room);
                rest = rest[length..];
                at += length;
            }
        }
    }

    /// <summary>Copies content out of a slot's pages.</summary>
    public void Empty(int slot, ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        int at = 0;
        foreach (var piece in pieces)
        {
            // What is read into came as Memory<byte>: BlockSplitter.
            for (var rest = System.Runtime.InteropServices.MemoryMarshal.AsMemory(piece).Span; !rest.IsEmpty;)
            {
                var content = From(slot, at);
                int length = Math.Min(content.Length, rest.Length);
                content[..length].CopyTo(rest);
                rest = rest[length..];
                at += length;
            }
        }
    }

    private static int PagesFor(int length) => (length + PageSize - 1) / PageSize;

    private byte* PageAt(int slot, int at) => _pages + ((long)_slotPages[(slot * PagesPerRequest) + (at / PageSize)] * PageSize);

    private Span<byte> From(int slot, int at) => new(PageAt(slot, at) + (at % PageSize), PageSize - (at % PageSize));
}
