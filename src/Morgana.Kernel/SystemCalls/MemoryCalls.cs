namespace Morgana.Kernel;

/// <summary>Calls that change the application's addresses.</summary>
internal static unsafe class MemoryCalls
{
    private const ulong FixedAddress = 0x10, Anonymous = 0x20, StackMapping = 0x2_0000, NoReserve = 0x4000, FixedNoReplace = 0x10_0000;
    private const ulong DontNeed = 4, Free = 8;

    /// <summary>mmap(2): memory of the application's own, or a device's.</summary>
    public static ulong Mmap(Thread* thread, ulong address, ulong length, ulong protection, ulong flags, ulong descriptor, ulong offset)
    {
        length = Bits.AlignUp(length, Pages.Size);
        if (length == 0 || (address & (Pages.Size - 1)) != 0 && (flags & FixedAddress) != 0) return Error.Invalid;
        if (length >= AddressSpace.End) return Error.NoMemory;
        // Nothing is ever written and executed.
        if (!TryGetProtection(protection, out Protection rights)) return Error.NoAccess;

        ulong at = address;
        if ((flags & (FixedAddress | FixedNoReplace)) != 0)
        {
            if (!IsPlace(address, length)) return Error.NoMemory;
            if ((flags & FixedNoReplace) != 0 && !AddressSpace.Areas->IsFree(address, address + length)) return Error.Exists;
        }
        else
        {
            at = AddressSpace.FindFree(Bits.AlignDown(address, Pages.Size), length);
            if (at == 0) return Error.NoMemory;
        }

        if ((flags & Anonymous) == 0) return MapFile(descriptor, at, length, rights, offset);
        bool isStack = (flags & (StackMapping | NoReserve)) != 0;
        if (!isStack && !CanPromise(rights, length)) return Error.NoMemory;
        return AddressSpace.Map(at, at + length, rights, isStack ? AreaKind.Stack : AreaKind.Anonymous) ? at : Error.NoMemory;
    }

    /// <summary>munmap(2)</summary>
    public static ulong Munmap(Thread* thread, ulong address, ulong length)
    {
        length = Bits.AlignUp(length, Pages.Size);
        if ((address & (Pages.Size - 1)) != 0 || length == 0 || !IsPlace(address, length)) return Error.Invalid;
        return AddressSpace.Unmap(address, address + length) ? 0 : Error.NoMemory;
    }

    /// <summary>mprotect(2)</summary>
    public static ulong Mprotect(Thread* thread, ulong address, ulong length, ulong protection)
    {
        length = Bits.AlignUp(length, Pages.Size);
        if ((address & (Pages.Size - 1)) != 0) return Error.Invalid;
        if (length == 0) return 0;
        if (!IsPlace(address, length) || !AddressSpace.Areas->Covers(address, address + length)) return Error.NoMemory;
        if (!TryGetProtection(protection, out Protection rights)) return Error.NoAccess;
        // The kernel's own pages are lent for reading: whoever could write them would set its clock.
        if ((rights & Protection.Write) != 0 && address < AddressSpace.SharedEnd && address + length > AddressSpace.SharedStart) return Error.NoAccess;
        Area* area = AddressSpace.Areas->Find(address);
        if (area->Protection == Protection.None && area->Kind == AreaKind.Anonymous && !CanPromise(rights, length)) return Error.NoMemory;
        return AddressSpace.Protect(address, address + length, rights) ? 0 : Error.NoMemory;
    }

    /// <summary>madvise(2): MADV_DONTNEED empties pages; MADV_FREE does so at once; other advice is taken without a word.</summary>
    public static ulong Madvise(Thread* thread, ulong address, ulong length, ulong advice)
    {
        length = Bits.AlignUp(length, Pages.Size);
        if ((address & (Pages.Size - 1)) != 0 || (length != 0 && !IsPlace(address, length))) return Error.Invalid;
        if (advice is DontNeed or Free && length != 0) AddressSpace.Discard(address, address + length);
        return 0;
    }

    /// <summary>brk(2): answers where the heap ends, moved or not.</summary>
    public static ulong Brk(Thread* thread, ulong wanted)
    {
        ulong end = Bits.AlignUp(AddressSpace.Break, Pages.Size), newEnd = Bits.AlignUp(wanted, Pages.Size);
        if (wanted < AddressSpace.BreakStart || !IsPlace(wanted, 0)) return AddressSpace.Break;
        if (newEnd > end)
        {
            if (!AddressSpace.Areas->IsFree(end, newEnd) || !CanPromise(Protection.Write, newEnd - end)) return AddressSpace.Break;
            if (!AddressSpace.Map(end, newEnd, Protection.Read | Protection.Write, AreaKind.Anonymous)) return AddressSpace.Break;
        }
        else if (newEnd < end && !AddressSpace.Unmap(newEnd, end))
        {
            return AddressSpace.Break;
        }

        return AddressSpace.Break = wanted;
    }

    /// <summary>mlock(2), munlock(2): nothing is ever paged out.</summary>
    public static ulong Mlock(Thread* thread, ulong address, ulong length) => 0;

    private static ulong MapFile(ulong descriptor, ulong at, ulong length, Protection protection, ulong offset)
    {
        File* file = DescriptorTable.Find(descriptor);
        if (file == null) return Error.BadDescriptor;
        return file->Kind == FileKind.Uio ? Uio.Map(file, at, length, protection, offset) : Error.NoDevice;
    }

    private static bool TryGetProtection(ulong value, out Protection protection)
    {
        protection = (Protection)(value & 7);
        return (value & ~7UL) == 0 && (protection & (Protection.Write | Protection.Execute)) != (Protection.Write | Protection.Execute);
    }

    private static bool IsPlace(ulong address, ulong length) => address >= 0x1_0000 && address < AddressSpace.End && length <= AddressSpace.End - address;

    // What cannot possibly be kept is refused: so .NET throws OutOfMemoryException where it asked, instead of ending where it touches.
    private static bool CanPromise(Protection protection, ulong length)
    {
        if ((protection & Protection.Write) == 0 || length / Pages.Size < PhysicalMemory.Frames->FreeCount) return true;
        OutOfMemory.Refusals++;
        return false;
    }
}
