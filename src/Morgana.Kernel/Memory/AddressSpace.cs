using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>What became of a page fault.</summary>
internal enum FaultResult
{
    Served,
    NotMapped,
    NotAllowed,
}

/// <summary>The application's memory: its areas, and the pages that have come so far.</summary>
internal static unsafe class AddressSpace
{
    /// <summary>The first address that is not the application's. The last page below the gap is nobody's.</summary>
    public const ulong End = 0x0000_7fff_ffff_f000;

    private const ulong Lowest = 0x1_0000;                      // mmap_min_addr
    private const int MostAreas = 65_530;                       // vm.max_map_count
    private const int BatchSize = 64;

    private static AreaTable s_areas;
    private static Batch s_batch;

    private struct Batch
    {
        public fixed ulong Frames[BatchSize];
    }

    /// <summary>Mappings are placed below this, at random by a little.</summary>
    public static ulong MappingTop;

    /// <summary>Pages of the kernel's own that the application may read: the clock's, and the object that reads it.</summary>
    public static ulong SharedStart, SharedEnd;

    /// <summary>The heap of brk(2): where it begins, and where it ends now.</summary>
    public static ulong BreakStart, Break;

    /// <summary>Pages of the application's own that are in memory.</summary>
    public static ulong ResidentPages;

    public static AreaTable* Areas => (AreaTable*)Unsafe.AsPointer(ref s_areas);

    public static void Init() => Areas->Init((Area*)KernelMemory.Reserve((ulong)(MostAreas * sizeof(Area))), MostAreas);

    /// <summary>Finds addresses for a mapping: at the hint if that is free, or below the others. 0 when there is no room.</summary>
    public static ulong FindFree(ulong hint, ulong length)
    {
        if (hint >= Lowest && hint < End && length <= End - hint && Areas->IsFree(hint, hint + length)) return hint;
        return length >= MappingTop ? 0 : Areas->FindFree(length, Lowest, MappingTop);
    }

    /// <summary>Adds an area, in place of whatever was there.</summary>
    public static bool Map(ulong start, ulong end, Protection protection, AreaKind kind)
    {
        if (!Areas->HasRoom) return false;
        if (!Areas->IsFree(start, end)) Unmap(start, end);
        Areas->Add(start, end, protection, kind);
        return true;
    }

    /// <summary>Shows physical pages, which are never freed, at an address.</summary>
    /// <param name="start">Where.</param>
    /// <param name="physical">Which.</param>
    /// <param name="size">Octets, whole pages.</param>
    /// <param name="protection">For what.</param>
    /// <param name="caching">More bits of the entries: <see cref="PageTables.Uncached"/> for registers.</param>
    public static bool MapFixed(ulong start, ulong physical, ulong size, Protection protection, ulong caching)
    {
        if (!Map(start, start + size, protection, AreaKind.Fixed)) return false;
        ulong* entry = null;
        ulong bits = PageTables.Fixed | caching | Rights(protection);
        for (ulong offset = 0; offset < size; offset += Pages.Size)
        {
            // The entries of one table lie side by side: a network's memory is thousands of pages.
            if (entry == null || PageTables.BeginsTable(start + offset)) entry = PhysicalMemory.Tables->Entry(start + offset, true);
            else entry++;
            if (entry == null) return false;
            *entry = (physical + offset) | bits;
        }

        return true;
    }

    /// <summary>Shows one frame, which belongs to the application from now on, in an area that is there.</summary>
    public static bool MapOwned(ulong address, ulong frame, Protection protection)
    {
        ulong* entry = PhysicalMemory.Tables->Entry(address, true);
        if (entry == null) return false;
        *entry = frame | Rights(protection);
        ResidentPages++;
        return true;
    }

    /// <summary>Removes what is between two addresses.</summary>
    public static bool Unmap(ulong start, ulong end)
    {
        if (!Areas->HasRoom) return false;
        Areas->Remove(start, end);
        Drop(start, end, keepFixed: false);
        FreeLeafTables(start, end);
        return true;
    }

    /// <summary>Forgets what is in the pages between two addresses; they are zero when they are touched again. madvise(2), MADV_DONTNEED.</summary>
    public static void Discard(ulong start, ulong end) => Drop(start, end, keepFixed: true);

    /// <summary>Changes what the pages between two addresses may be used for. All of them are mapped.</summary>
    public static bool Protect(ulong start, ulong end, Protection protection)
    {
        if (!Areas->HasRoom) return false;
        Areas->Protect(start, end, protection);
        bool changed = false;
        for (ulong address = start; PhysicalMemory.Tables->NextUsed(ref address, end) is var entry && entry != null; address += Pages.Size)
        {
            ulong kept = *entry & (PageTables.AddressMask | PageTables.Fixed | PageTables.Uncached | PageTables.WriteThrough);
            ulong now = kept | Rights(protection);
            // What was not present is in no processor's memory.
            changed |= (*entry & PageTables.Present) != 0;
            *entry = now;
        }

        if (changed) Shootdown.Pages(start, end);
        return true;
    }

    /// <summary>Brings the page that was touched, if it may be touched so.</summary>
    public static FaultResult HandleFault(ulong address, bool write, bool fetch)
    {
        Area* area = Areas->Find(address);
        if (area == null) return FaultResult.NotMapped;
        Protection wanted = write ? Protection.Write : fetch ? Protection.Execute : Protection.Read;
        bool allowed = (area->Protection & wanted) != 0 || (wanted == Protection.Read && area->Protection != Protection.None);
        if (!allowed) return FaultResult.NotAllowed;

        ulong* entry = PhysicalMemory.Tables->Entry(address, true);
        if (entry == null) OutOfMemory.End("the application"u8);
        if (*entry == 0)
        {
            ulong frame = PhysicalMemory.Tables->TakeZeroed();
            if (frame == FrameAllocator.None) OutOfMemory.End("the application"u8);
            *entry = frame | Rights(area->Protection);
            ResidentPages++;
        }
        else if ((*entry & PageTables.Present) != 0)
        {
            // Another processor brought it meanwhile, or this one remembers the rights from before.
            Machine.InvalidatePage(address);
        }

        return FaultResult.Served;
    }

    /// <summary>The bits of an entry for what its page may be used for.</summary>
    public static ulong Rights(Protection protection)
    {
        if (protection == Protection.None) return PageTables.Held;
        ulong bits = PageTables.Present | PageTables.User;
        if ((protection & Protection.Write) != 0) bits |= PageTables.Writable;
        if ((protection & Protection.Execute) == 0) bits |= PageTables.NoExecute;
        return bits;
    }

    // Frames are freed once no processor can reach them any more: in batches, so that few shoot-downs do for many pages.
    private static void Drop(ulong start, ulong end, bool keepFixed)
    {
        ulong address = start;
        while (true)
        {
            int count = 0;
            ulong first = 0, last = 0;
            while (count < BatchSize && PhysicalMemory.Tables->NextUsed(ref address, end) is var entry && entry != null)
            {
                bool isFixed = (*entry & PageTables.Fixed) != 0;
                if (!isFixed) s_batch.Frames[count++] = *entry & PageTables.AddressMask;
                if (!isFixed || !keepFixed) *entry = 0;
                if (first == 0) first = address;
                address += Pages.Size;
                last = address;
            }

            if (last == 0) return;
            Shootdown.Pages(first, last);
            for (int i = 0; i < count; i++)
            {
                if (!PhysicalMemory.Frames->Return(s_batch.Frames[i])) Panic.Fail("a frame was freed twice"u8);
            }

            ResidentPages -= (ulong)count;
            if (count < BatchSize) return;
        }
    }

    // Page tables that have nothing in them any more. Only whole ones are looked at, where the range covered all of what they map.
    private static void FreeLeafTables(ulong start, ulong end)
    {
        const ulong covered = 2 << 20;
        const ulong longest = 1UL << 30;            // reservations of hundreds of gigabytes have hardly any
        if (end - start > longest) return;
        for (ulong address = Bits.AlignUp(start, covered); address + covered <= end; address += covered)
        {
            ulong frame = PhysicalMemory.Tables->DetachLeaf(address);
            if (frame == FrameAllocator.None) continue;
            Shootdown.All();
            PhysicalMemory.Frames->Return(frame);
        }
    }
}
