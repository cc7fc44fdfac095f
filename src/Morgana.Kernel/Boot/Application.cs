namespace Morgana.Kernel;

/// <summary>Starts the application: its image mapped where it lies, a stack with what the C library wants to find on it, and a first thread.</summary>
internal static unsafe class Application
{
    private const ulong StackSize = 8 << 20, StackGuard = 64 << 12;
    private const ulong RelocatedBase = 0x0000_5555_5555_4000;

    private static ElfImage s_image;
    private static ulong s_bias, s_end;

    /// <summary>Behind the first thread's stack.</summary>
    public static ulong StackTop;

    public static Thread* Start(CommandLine* commandLine)
    {
        ulong start = PhysicalMemory.ImageStart, size = PhysicalMemory.ImageSize;
        if (size == 0) Refuse("there is no application in this image, and no boot module"u8);
        if ((start & (Pages.Size - 1)) != 0 || !IsAsBuilt(Physical.Pointer(start), size) || !s_image.Parse(Physical.Pointer(start), size)) Refuse("the application is no static x86-64 program, or is damaged"u8);

        Place();
        MapSegments(start);
        ReleaseRest(start, size);
        AddressSpace.BreakStart = AddressSpace.Break = s_end + ((Entropy.Next64() & 0x3fff) * Pages.Size);
        ulong vdso = MapVdso();
        if (!AddressSpace.Map(StackTop - StackSize, StackTop, Protection.Read | Protection.Write, AreaKind.Stack)) Refuse("no memory for the stack"u8);

        Thread* thread = ThreadTable.Create();
        if (thread == null) OutOfMemory.End("the first thread"u8);
        InitRegisters(thread, InitialStack.Build(commandLine, StackTop, vdso, s_bias, in s_image));
        Scheduler.MakeReady(thread);
        return thread;
    }

    // Headers and notes, before any of them is believed: FNV-1a by words, in which no single one can change unseen. The whole image is the
    // runner's to check; here it would take longer than all else.
    private static bool IsAsBuilt(byte* image, ulong size)
    {
        ulong hash = 0xcbf2_9ce4_8422_2325;
        for (ulong at = 0; at + 8 <= Bits.Min(size, Pages.Size); at += 8) hash = (hash ^ *(ulong*)(image + at)) * 0x100_0000_01b3;
        return PhysicalMemory.ImageCheck == 0 || hash == PhysicalMemory.ImageCheck;
    }

    /// <summary>A new thread's registers: nothing but where it begins.</summary>
    private static void InitRegisters(Thread* thread, ulong stackPointer)
    {
        const int mxcsr = 24, x87Control = 0;
        thread->Frame.Rip = s_image.Entry + s_bias;
        thread->Frame.Rsp = stackPointer;
        thread->Frame.Cs = Descriptors.UserCode;
        thread->Frame.Ss = Descriptors.UserData;
        thread->Frame.Rflags = 0x202;
        // XRSTOR reads MXCSR even where the rest is in its first state (Intel SDM 1, 13.8).
        *(uint*)(thread->Vectors + mxcsr) = 0x1f80;
        *(ushort*)(thread->Vectors + x87Control) = 0x37f;
    }

    // Stack, mappings and, where it can be moved, the program lie elsewhere at every boot.
    private static void Place()
    {
        StackTop = AddressSpace.End - (Pages.Size * (16 + (Entropy.Next64() & 0x3fff)));
        AddressSpace.MappingTop = StackTop - StackSize - StackGuard - (Pages.Size * (Entropy.Next64() & 0x3f_ffff));
        s_bias = s_image.IsRelocatable ? RelocatedBase + (Pages.Size * (Entropy.Next64() & 0xff_ffff)) : 0;
    }

    private static void MapSegments(ulong image)
    {
        for (int i = 0; i < s_image.HeaderCount; i++)
        {
            if (!s_image.TryGetSegment(i, out ElfSegment segment)) continue;
            ulong first = segment.FirstPage + s_bias, end = segment.EndPage + s_bias;
            if (!AddressSpace.Map(first, end, segment.Protection, AreaKind.Fixed)) Refuse("its addresses overlap"u8);
            MapPages(image, in segment);
            s_end = end;
        }
    }

    // Whole pages of the file are used where they lie, by the program that is their only user. The first and last of what can be written are
    // copied, as other segments or other parts of the file share them. The rest is zero, and comes when it is touched.
    private static void MapPages(ulong image, in ElfSegment segment)
    {
        bool isWritable = (segment.Protection & Protection.Write) != 0;
        ulong fileEnd = segment.Address + segment.FileSize;
        for (ulong page = segment.FirstPage; page < fileEnd; page += Pages.Size)
        {
            ulong physical = image + segment.Offset - (segment.Address - page);
            bool isWhole = page >= segment.Address && page + Pages.Size <= fileEnd;
            bool mapped;
            if (isWhole || !isWritable)
            {
                ulong* entry = PhysicalMemory.Tables->Entry(page + s_bias, true);
                mapped = entry != null;
                if (mapped) *entry = physical | PageTables.Fixed | AddressSpace.Rights(segment.Protection);
            }
            else
            {
                ulong frame = PhysicalMemory.Tables->TakeZeroed();
                ulong from = Bits.Max(page, segment.Address), to = Bits.Min(page + Pages.Size, fileEnd);
                mapped = frame != FrameAllocator.None && AddressSpace.MapOwned(page + s_bias, frame, segment.Protection);
                if (mapped) Machine.Copy(Physical.Pointer(frame) + (from - page), Physical.Pointer(image) + segment.Offset + (from - segment.Address), to - from);
            }

            if (!mapped) OutOfMemory.End("the application's image"u8);
        }
    }

    // Pages of the file that no segment uses in place are memory like any other.
    private static void ReleaseRest(ulong image, ulong size)
    {
        for (ulong offset = 0; offset < size; offset += Pages.Size)
        {
            if (!IsUsed(offset)) PhysicalMemory.Release(image + offset, image + offset + Pages.Size);
        }
    }

    private static bool IsUsed(ulong offset)
    {
        for (int i = 0; i < s_image.HeaderCount; i++)
        {
            if (!s_image.TryGetSegment(i, out ElfSegment s)) continue;
            if (offset + Pages.Size > s.Offset && offset < s.Offset + s.FileSize) return true;
        }

        return false;
    }

    // The clock's page, which can be read, and the object that reads it behind it.
    private static ulong MapVdso()
    {
        ulong size = Machine.VdsoEnd() - Machine.VdsoStart();
        ulong at = AddressSpace.FindFree(0, size + Pages.Size);
        bool mapped = AddressSpace.MapFixed(at, Clock.PageFrame, Pages.Size, Protection.Read, 0)
            && AddressSpace.MapFixed(at + Pages.Size, Physical.Address((void*)Machine.VdsoStart()), size, Protection.Read | Protection.Execute, 0);
        if (!mapped) OutOfMemory.End("the vDSO"u8);
        AddressSpace.SharedStart = at;
        AddressSpace.SharedEnd = at + Pages.Size + Bits.AlignUp(size, Pages.Size);
        return at + Pages.Size;
    }

    /// <summary>Says in one line why nothing starts, and ends the machine.</summary>
    public static void Refuse(System.ReadOnlySpan<byte> why)
    {
        Log.Begin("cannot start: "u8);
        Log.End(why);
        Power.Off(Power.Unfit);
    }
}
