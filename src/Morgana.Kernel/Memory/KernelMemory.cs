namespace Morgana.Kernel;

/// <summary>Addresses of the kernel's own: tables that fill with frames as they are touched, stacks with a hole below, and device registers.</summary>
internal static unsafe class KernelMemory
{
    /// <summary>Stacks lie from here on.</summary>
    public const ulong StacksStart = 0xffff_d000_0000_0000;

    private const ulong GrowingStart = 0xffff_c800_0000_0000;
    private const ulong DevicesStart = 0xffff_d800_0000_0000;
    private const ulong Data = PageTables.Present | PageTables.Writable | PageTables.Global | PageTables.NoExecute;

    private static ulong s_growingEnd, s_stacksEnd, s_devicesEnd;

    public static void Init()
    {
        s_growingEnd = GrowingStart;
        s_stacksEnd = StacksStart;
        s_devicesEnd = DevicesStart;
    }

    /// <summary>Addresses for a table that may grow to <paramref name="size"/> octets. Its pages are zero and come when they are touched.</summary>
    public static byte* Reserve(ulong size)
    {
        byte* start = (byte*)s_growingEnd;
        s_growingEnd += Bits.AlignUp(size, Pages.Size) + Pages.Size;
        return start;
    }

    /// <summary>Serves a fault in a table that grows. False when the address is none of theirs.</summary>
    public static bool HandleFault(ulong address)
    {
        if (address < GrowingStart || address >= s_growingEnd) return false;
        Map(address, PhysicalMemory.TakeZeroed() | Data);
        return true;
    }

    /// <summary>A stack of some pages with nothing mapped below it.</summary>
    /// <returns>Its end, where it begins to be used.</returns>
    public static ulong CreateStack(int pages)
    {
        s_stacksEnd += Pages.Size;
        for (int i = 0; i < pages; i++, s_stacksEnd += Pages.Size) Map(s_stacksEnd, PhysicalMemory.TakeZeroed() | Data);
        return s_stacksEnd;
    }

    /// <summary>Whether an address lies in the hole below some stack.</summary>
    public static bool IsStackGuard(ulong address) =>
        address >= StacksStart && address < s_stacksEnd && PhysicalMemory.Tables->Entry(address, false) is var entry && (entry == null || *entry == 0);

    /// <summary>Maps registers of a device, uncached. They need not begin at a page.</summary>
    public static byte* MapDevice(ulong physical, ulong size)
    {
        ulong first = Bits.AlignDown(physical, Pages.Size), start = s_devicesEnd;
        for (ulong page = first; page < physical + size; page += Pages.Size, s_devicesEnd += Pages.Size)
            Map(s_devicesEnd, page | Data | PageTables.Uncached | PageTables.WriteThrough);
        return (byte*)(start + (physical - first));
    }

    /// <summary>A view of physical memory that may lie outside of what the direct map holds: firmware's tables.</summary>
    public static byte* MapFirmware(ulong physical, ulong size) => MapDevice(physical, size);

    private static void Map(ulong address, ulong entry)
    {
        ulong* place = PhysicalMemory.Tables->Entry(address, true);
        if (place == null) OutOfMemory.End("the kernel itself"u8);
        *place = entry;
    }
}
