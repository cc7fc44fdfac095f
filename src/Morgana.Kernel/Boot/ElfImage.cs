namespace Morgana.Kernel;

/// <summary>A piece of an ELF file that is to be in memory.</summary>
internal struct ElfSegment
{
    public ulong Offset, Address, FileSize, MemorySize;
    public Protection Protection;

    public readonly ulong FirstPage => Address & ~4095UL;

    public readonly ulong EndPage => (Address + MemorySize + 4095) & ~4095UL;
}

/// <summary>An ELF executable (System V gABI, "Object Files"), checked before anything of it is used: every length is a lie until then.</summary>
internal unsafe struct ElfImage
{
    private const int HeaderSize = 64, EntrySize = 56, MostSegments = 64;
    private const uint Load = 1, Interpreter = 3, Tls = 7;
    private const ulong HighestAddress = 0x0000_7000_0000_0000;

    private byte* _file;
    private ulong _size;

    public ulong Entry;
    public ulong HeadersOffset;
    public int HeaderCount;

    /// <summary>ET_DYN: it may lie anywhere, and moves itself.</summary>
    public bool IsRelocatable;

    /// <summary>Checks a file. False when it is none that can be started.</summary>
    public bool Parse(byte* file, ulong size)
    {
        _file = file;
        _size = size;
        if (size < HeaderSize || *(uint*)file != 0x464c_457f || file[4] != 2 || file[5] != 1) return false;
        ushort type = *(ushort*)(file + 16), machine = *(ushort*)(file + 18);
        if (type is not (2 or 3) || machine != 62) return false;
        IsRelocatable = type == 3;
        Entry = *(ulong*)(file + 24);
        HeadersOffset = *(ulong*)(file + 32);
        HeaderCount = *(ushort*)(file + 56);
        if (*(ushort*)(file + 54) != EntrySize || HeaderCount is 0 or > MostSegments) return false;
        if ((HeadersOffset & 7) != 0 || HeadersOffset > size || (ulong)(HeaderCount * EntrySize) > size - HeadersOffset) return false;
        return AreSegmentsSound();
    }

    /// <summary>The segment that a program header describes. False when it describes something else.</summary>
    public readonly bool TryGetSegment(int index, out ElfSegment segment)
    {
        byte* header = Header(index);
        segment.Offset = *(ulong*)(header + 8);
        segment.Address = *(ulong*)(header + 16);
        segment.FileSize = *(ulong*)(header + 32);
        segment.MemorySize = *(ulong*)(header + 40);
        uint flags = *(uint*)(header + 4);                  // PF_X 1, PF_W 2, PF_R 4
        segment.Protection = ((flags & 4) != 0 ? Protection.Read : 0) | ((flags & 2) != 0 ? Protection.Write : 0) | ((flags & 1) != 0 ? Protection.Execute : 0);
        return *(uint*)header == Load && segment.MemorySize != 0;
    }

    /// <summary>Where the program headers lie in memory, for AT_PHDR; 0 when no segment holds them.</summary>
    public readonly ulong HeadersAddress()
    {
        for (int i = 0; i < HeaderCount; i++)
        {
            if (TryGetSegment(i, out var s) && HeadersOffset >= s.Offset && HeadersOffset + (ulong)(HeaderCount * EntrySize) <= s.Offset + s.FileSize)
                return s.Address + (HeadersOffset - s.Offset);
        }

        return 0;
    }

    private readonly byte* Header(int index) => _file + HeadersOffset + (ulong)(index * EntrySize);

    // In the file, in order, apart, below the stack, and with offsets that agree with addresses, so that pages can be mapped where they lie.
    private readonly bool AreSegmentsSound()
    {
        ulong end = 0;
        bool hasEntry = false;
        for (int i = 0; i < HeaderCount; i++)
        {
            if (*(uint*)Header(i) == Interpreter) return false;
            if (!TryGetSegment(i, out var s)) continue;
            if (s.Offset > _size || s.FileSize > _size - s.Offset || s.FileSize > s.MemorySize) return false;
            if (s.Address >= HighestAddress || s.MemorySize >= HighestAddress) return false;
            if (s.FirstPage < end || ((s.Address ^ s.Offset) & 4095) != 0) return false;
            if ((s.Protection & (Protection.Write | Protection.Execute)) == (Protection.Write | Protection.Execute)) return false;
            hasEntry |= (s.Protection & Protection.Execute) != 0 && Entry >= s.Address && Entry < s.Address + s.MemorySize;
            end = s.EndPage;
        }

        return hasEntry;
    }
}
