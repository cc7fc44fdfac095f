using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>A piece of physical memory, from <see cref="Start"/> up to <see cref="End"/>.</summary>
internal struct MemoryRange
{
    public ulong Start;
    public ulong End;
    public uint Type;

    /// <summary>E820's type of ordinary memory.</summary>
    public const uint Ram = 1;
}

/// <summary>What the monitor hands over, by PVH's hvm_start_info, copied before the memory it lies in is used for anything else.</summary>
internal static unsafe class StartInfo
{
    private const int MostRanges = 64, MostCommandLine = 4096;
    private const uint Magic = 0x336ec578;

    private static TextStorage s_commandLine;
    private static RangeStorage s_ranges;

    private struct TextStorage
    {
        public fixed byte Octets[MostCommandLine];
    }

    private struct RangeStorage
    {
        public fixed ulong Words[MostRanges * 3];
    }

    public static int RangeCount;

    /// <summary>The ACPI root pointer's physical address, or zero.</summary>
    public static ulong Rsdp;

    /// <summary>The first boot module, where the monitor loaded one: an application that is not part of the image.</summary>
    public static ulong ModuleStart, ModuleSize;

    /// <summary>Zero-terminated.</summary>
    public static byte* CommandLine => (byte*)Unsafe.AsPointer(ref s_commandLine);

    public static MemoryRange* Range(int index) => (MemoryRange*)Unsafe.AsPointer(ref s_ranges) + index;

    /// <summary>Copies what is at a physical address in the first gigabyte. False when it is no start info.</summary>
    public static bool Read(ulong physical)
    {
        byte* info = Physical.Pointer(physical);
        if (*(uint*)info != Magic) return false;
        if (*(uint*)(info + 12) > 0)
        {
            ulong* module = (ulong*)Physical.Pointer(*(ulong*)(info + 16));
            ModuleStart = module[0];
            ModuleSize = module[1];
        }

        ulong commandLine = *(ulong*)(info + 24);
        if (commandLine != 0) CopyText(Physical.Pointer(commandLine));
        Rsdp = *(ulong*)(info + 32);
        if (*(uint*)(info + 4) >= 1) CopyRanges(Physical.Pointer(*(ulong*)(info + 40)), *(uint*)(info + 48));
        return RangeCount > 0;
    }

    private static void CopyText(byte* text)
    {
        byte* to = CommandLine;
        int length = 0;
        while (length < MostCommandLine - 1 && text[length] != 0)
        {
            to[length] = text[length];
            length++;
        }

        to[length] = 0;
    }

    // hvm_memmap_table_entry: address, size, type, reserved.
    private static void CopyRanges(byte* table, uint count)
    {
        for (uint i = 0; i < count && RangeCount < MostRanges; i++, table += 24)
        {
            MemoryRange* range = Range(RangeCount++);
            range->Start = *(ulong*)table;
            range->End = range->Start + *(ulong*)(table + 8);
            range->Type = *(uint*)(table + 16);
        }
    }
}
