namespace Morgana.Kernel;

/// <summary>No page of the kernel can be both written and executed, by any of its addresses; the application's pages neither (SystemCalls/MemoryCalls.cs).</summary>
internal static unsafe class Protect
{
    private const ulong LargePage = 2 << 20;

    /// <summary>Called once, when the other processors no longer need the identity map and nothing of the text is to be written any more.</summary>
    public static void Init()
    {
        PatchAccessSites();
        ulong* top = (ulong*)Physical.Pointer(Physical.Address((void*)Machine.BootTables()));
        top[0] = 0;
        MapKernel(top);
        MapDirect(top);
        // Global entries too: switching the feature off and on forgets them (Intel SDM 3A, 4.10.4.1).
        const ulong pageGlobal = 1 << 7;
        Machine.WriteCr4(Machine.ReadCr4() & ~pageGlobal);
        Machine.WriteCr4(Machine.ReadCr4() | pageGlobal);
    }

    // Where the processor has SMAP, the application's memory opens and closes around each access: Assembly/UserAccess.S.
    private static void PatchAccessSites()
    {
        if (!Features.HasSmap) return;
        for (byte* site = (byte*)Machine.SmapSites(); site < (byte*)Machine.SmapSitesEnd(); site += 9)
        {
            byte* place = Physical.Pointer(Physical.Address((void*)*(ulong*)site));
            place[0] = 0x0f;
            place[1] = 0x01;
            place[2] = site[8];         // 0xca clac, 0xcb stac
        }
    }

    // The image in pages of 4 KB, each with the rights of its section, in tables of its own.
    private static void MapKernel(ulong* top)
    {
        ulong directory = PhysicalMemory.TakeZeroed(), upper = PhysicalMemory.TakeZeroed();
        ((ulong*)Physical.Pointer(upper))[510] = directory | PageTables.Present | PageTables.Writable;
        for (ulong address = Machine.KernelStart(); address < Machine.KernelEnd(); address += Pages.Size)
        {
            ulong* entry = (ulong*)Physical.Pointer(directory) + ((address >> 21) & 511);
            if (*entry == 0) *entry = PhysicalMemory.TakeZeroed() | PageTables.Present | PageTables.Writable;
            ulong rights = address < Machine.RodataStart() ? 0 : address < Machine.DataStart() ? PageTables.NoExecute : PageTables.NoExecute | PageTables.Writable;
            ulong* page = (ulong*)Physical.Pointer(*entry & PageTables.AddressMask) + ((address >> 12) & 511);
            *page = Physical.Address((void*)address) | rights | PageTables.Present | PageTables.Global;
        }

        top[511] = upper | PageTables.Present | PageTables.Writable;
    }

    // The direct map's first gigabyte, which Boot.S left executable: large pages without that right, and the kernel's text and constants read-only.
    private static void MapDirect(ulong* top)
    {
        ulong* upper = (ulong*)Physical.Pointer(top[256] & PageTables.AddressMask);
        ulong* directory = (ulong*)Physical.Pointer(upper[0] & PageTables.AddressMask);
        ulong start = Physical.Address((void*)Machine.KernelStart()), end = Physical.Address((void*)Machine.DataStart());
        for (ulong physical = 0; physical < 1 << 30; physical += LargePage)
        {
            ulong entry = physical | PageTables.Present | PageTables.Writable | PageTables.Large | PageTables.Global | PageTables.NoExecute;
            if (physical < end && physical + LargePage > start) entry = Split(physical, start, end) | PageTables.Present | PageTables.Writable;
            directory[physical >> 21] = entry;
        }
    }

    private static ulong Split(ulong physical, ulong readOnlyStart, ulong readOnlyEnd)
    {
        ulong table = PhysicalMemory.TakeZeroed();
        for (ulong i = 0; i < 512; i++)
        {
            ulong page = physical + (i * Pages.Size);
            bool readOnly = page >= readOnlyStart && page < readOnlyEnd;
            ((ulong*)Physical.Pointer(table))[i] = page | PageTables.Present | PageTables.Global | PageTables.NoExecute | (readOnly ? 0 : PageTables.Writable);
        }

        return table;
    }
}
