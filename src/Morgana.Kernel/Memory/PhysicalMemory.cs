using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>The machine's memory: the frames that are free, and the kernel's own page tables.</summary>
internal static unsafe class PhysicalMemory
{
    private const ulong LowMemory = 1 << 20;            // firmware's, and where other processors start
    private const ulong BootMapped = 1 << 30;           // what Boot.S mapped
    private const ulong LargePage = 2 << 20;

    private static FrameAllocator s_frames;
    private static PageTables s_tables;

    public static FrameAllocator* Frames => (FrameAllocator*)Unsafe.AsPointer(ref s_frames);

    public static PageTables* Tables => (PageTables*)Unsafe.AsPointer(ref s_tables);

    /// <summary>Where the embedded application lies, or the boot module if there is none.</summary>
    public static ulong ImageStart, ImageSize;

    /// <summary>What the first page of an embedded application has to make; 0 for one that is not embedded.</summary>
    public static ulong ImageCheck;

    /// <summary>All ordinary memory that the monitor gave, in octets.</summary>
    public static ulong Installed;

    public static void Init()
    {
        FindImage();
        ulong kernelEnd = Physical.Address((void*)Machine.KernelEnd());
        ulong highest = 0;
        for (int i = 0; i < StartInfo.RangeCount; i++)
        {
            MemoryRange* range = StartInfo.Range(i);
            if (range->Type != MemoryRange.Ram) continue;
            Installed += range->End - range->Start;
            highest = Bits.Max(highest, range->End);
        }

        ulong frames = highest / FrameAllocator.FrameSize;
        ulong tableSize = Bits.AlignUp(FrameAllocator.TableSize(frames), Pages.Size);
        ulong table = FindRoom(kernelEnd, tableSize);
        if (table == 0)
        {
            Log.Begin("there is too little memory: "u8);
            Log.Size(Installed);
            Log.End(" do not hold the kernel and the application"u8);
            Power.Off(Power.OutOfMemory);
        }

        Machine.Zero(Physical.Pointer(table), tableSize);
        Frames->Init(Physical.Pointer(table), frames);
        Tables->Init(Physical.Address((void*)Machine.BootTables()), Frames);
        for (int i = 0; i < StartInfo.RangeCount; i++)
        {
            MemoryRange* range = StartInfo.Range(i);
            if (range->Type == MemoryRange.Ram) AddAround(range->Start, range->End, table, table + tableSize);
        }

        ExtendDirectMap(highest);
    }

    /// <summary>Gives the frames between two physical addresses to whoever needs some: pieces of the image that nothing refers to.</summary>
    public static void Release(ulong start, ulong end) => Frames->Add(start, end);

    /// <summary>Takes a zeroed frame for the kernel itself. Without one there is no going on.</summary>
    public static ulong TakeZeroed()
    {
        ulong frame = Tables->TakeZeroed();
        if (frame == FrameAllocator.None) OutOfMemory.End("the kernel itself"u8);
        return frame;
    }

    private static void FindImage()
    {
        ulong* image = (ulong*)Machine.Image();
        ImageStart = image[2];
        ImageSize = image[3];
        ImageCheck = image[4];
        if (ImageSize != 0) return;
        ImageStart = StartInfo.ModuleStart;
        ImageSize = StartInfo.ModuleSize;
    }

    // The first ordinary memory behind an address that is long enough, within what is mapped.
    private static ulong FindRoom(ulong from, ulong size)
    {
        for (int i = 0; i < StartInfo.RangeCount; i++)
        {
            MemoryRange* range = StartInfo.Range(i);
            if (range->Type != MemoryRange.Ram || range->End <= from) continue;
            ulong start = Bits.AlignUp(Bits.Max(range->Start, from), Pages.Size);
            if (start < ImageStart + ImageSize && start + size > ImageStart) start = Bits.AlignUp(ImageStart + ImageSize, Pages.Size);
            if (start + size <= range->End && start + size <= BootMapped) return start;
        }

        return 0;
    }

    // Everything in a range but the first megabyte, the kernel, the image and the table of frames.
    private static void AddAround(ulong start, ulong end, ulong tableStart, ulong tableEnd)
    {
        ulong kernelEnd = Physical.Address((void*)Machine.KernelEnd());
        ulong imageEnd = Bits.AlignUp(ImageStart + ImageSize, Pages.Size);
        ulong position = Bits.AlignUp(Bits.Max(start, LowMemory), Pages.Size);
        while (position < end)
        {
            ulong next = end;
            if (Skip(ref position, ref next, LowMemory, kernelEnd) || Skip(ref position, ref next, Bits.AlignDown(ImageStart, Pages.Size), imageEnd) || Skip(ref position, ref next, tableStart, tableEnd)) continue;
            Frames->Add(position, next);
            position = next;
        }
    }

    // Steps over what is in use at the position, or lets the free piece end before it.
    private static bool Skip(ref ulong position, ref ulong next, ulong usedStart, ulong usedEnd)
    {
        if (usedStart == usedEnd) return false;
        if (position >= usedStart && position < usedEnd)
        {
            position = usedEnd;
            return true;
        }

        if (usedStart > position && usedStart < next) next = usedStart;
        return false;
    }

    // Pages of 2 MB up to the end of memory. Tables come from the frames below, which are mapped already.
    private static void ExtendDirectMap(ulong highest)
    {
        ulong* top = (ulong*)Physical.Pointer(Physical.Address((void*)Machine.BootTables()));
        for (ulong physical = BootMapped; physical < highest; physical += LargePage)
        {
            ulong address = Physical.DirectMap + physical;
            ulong* upper = Descend(top, (address >> 39) & 511);
            ulong* directory = Descend(upper, (address >> 30) & 511);
            directory[(address >> 21) & 511] = physical | PageTables.Present | PageTables.Writable | PageTables.Large | PageTables.Global | PageTables.NoExecute;
        }
    }

    private static ulong* Descend(ulong* table, ulong index)
    {
        if ((table[index] & PageTables.Present) == 0) table[index] = TakeZeroed() | PageTables.Present | PageTables.Writable;
        return (ulong*)Physical.Pointer(table[index] & PageTables.AddressMask);
    }
}
