namespace Morgana.Kernel;

/// <summary>The four levels by which the processor finds memory (Intel SDM 3A, 4.5).</summary>
internal unsafe struct PageTables
{
    public const ulong Present = 1, Writable = 2, User = 4, WriteThrough = 8, Uncached = 16, Accessed = 32, Large = 128, Global = 256, NoExecute = 1UL << 63;

    /// <summary>Ours: the frame is the image's or a device's and is never freed.</summary>
    public const ulong Fixed = 1 << 9;

    /// <summary>Ours: PROT_NONE, but the frame and what is in it stay. Set while <see cref="Present"/> is not.</summary>
    public const ulong Held = 1 << 10;

    public const ulong AddressMask = 0x000f_ffff_ffff_f000;

    /// <summary>What the next page of a leaf table, and so on upwards, is apart by.</summary>
    private const int LeafShift = 12, LevelBits = 9, TopShift = 39;

    private ulong _root;
    private FrameAllocator* _frames;

    public void Init(ulong root, FrameAllocator* frames)
    {
        _root = root;
        _frames = frames;
    }

    /// <summary>The entry of a page, or null: where there is no table yet, or no memory for one if it is to be made.</summary>
    public readonly ulong* Entry(ulong address, bool create)
    {
        ulong* table = (ulong*)Physical.Pointer(_root);
        for (int shift = TopShift; shift > LeafShift; shift -= LevelBits)
        {
            ulong* entry = table + ((address >> shift) & 511);
            if ((*entry & Present) == 0)
            {
                if (!create) return null;
                ulong frame = TakeZeroed();
                if (frame == FrameAllocator.None) return null;
                // Rights are decided at the leaf; user space is the lower half.
                *entry = frame | Present | Writable | (address >> 63 == 0 ? User : 0);
            }

            table = (ulong*)Physical.Pointer(*entry & AddressMask);
        }

        return table + ((address >> LeafShift) & 511);
    }

    /// <summary>Whether an address's entry is the first of its table: else it lies behind that of the page before.</summary>
    public static bool BeginsTable(ulong address) => ((address >> LeafShift) & 511) == 0;

    /// <summary>The first entry that is in use at or behind an address, which moves there. Null when there is none before <paramref name="end"/>.</summary>
    public readonly ulong* NextUsed(ref ulong address, ulong end)
    {
        while (address < end)
        {
            ulong* entry = Walk(address, out ulong covered);
            if (entry != null && *entry != 0) return entry;
            address = (address | (covered - 1)) + 1;
        }

        return null;
    }

    /// <summary>Takes the leaf table of 2 MB out of the tree, when nothing in it is in use.</summary>
    /// <returns>Its frame, to be freed once no processor can walk it any more; or <see cref="FrameAllocator.None"/>.</returns>
    public readonly ulong DetachLeaf(ulong address)
    {
        ulong* table = (ulong*)Physical.Pointer(_root);
        ulong* entry = null;
        for (int shift = TopShift; shift > LeafShift; shift -= LevelBits)
        {
            entry = table + ((address >> shift) & 511);
            if ((*entry & Present) == 0 || (*entry & Large) != 0) return FrameAllocator.None;
            table = (ulong*)Physical.Pointer(*entry & AddressMask);
        }

        for (int i = 0; i < 512; i++)
        {
            if (table[i] != 0) return FrameAllocator.None;
        }

        ulong frame = *entry & AddressMask;
        *entry = 0;
        return frame;
    }

    /// <summary>A frame of zeros, or <see cref="FrameAllocator.None"/>.</summary>
    public readonly ulong TakeZeroed()
    {
        ulong frame = _frames->Take();
        if (frame != FrameAllocator.None) Clear(Physical.Pointer(frame));
        return frame;
    }

    // The leaf entry, or null and how many octets have no table in common with the address.
    private readonly ulong* Walk(ulong address, out ulong covered)
    {
        ulong* table = (ulong*)Physical.Pointer(_root);
        for (int shift = TopShift; shift > LeafShift; shift -= LevelBits)
        {
            ulong entry = table[(address >> shift) & 511];
            covered = 1UL << shift;
            if ((entry & Present) == 0) return null;
            table = (ulong*)Physical.Pointer(entry & AddressMask);
        }

        covered = 1UL << LeafShift;
        return table + ((address >> LeafShift) & 511);
    }

    private static void Clear(byte* page) => Pages.Clear(page);
}
