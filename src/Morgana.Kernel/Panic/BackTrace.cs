namespace Morgana.Kernel;

/// <summary>Who called whom, by frame pointers, with the names that the build put into the image (Build/symbols.sh).</summary>
internal static unsafe class BackTrace
{
    private const int MostFrames = 32;
    private const int EntryHeader = 5;              // offset 4, length 1, then the name

    public static void Write(ulong framePointer)
    {
        for (int i = 0; i < MostFrames && IsKernel(framePointer); i++)
        {
            ulong caller = *(ulong*)(framePointer + 8);
            if (!IsText(caller)) break;
            Log.Write("  "u8);
            WritePlace(caller);
            Log.Write("\n"u8);
            framePointer = *(ulong*)framePointer;
        }
    }

    /// <summary>A function of the assembly files has no frame of its own: its caller is on top of the stack.</summary>
    public static void WriteCaller(ulong stackPointer)
    {
        if (!IsKernel(stackPointer) || !IsText(*(ulong*)stackPointer)) return;
        Log.Write("  "u8);
        WritePlace(*(ulong*)stackPointer);
        Log.Write("\n"u8);
    }

    public static void WritePlace(ulong address)
    {
        Log.Hex(address, 16);
        if (!IsText(address)) return;
        ulong offset = address - Machine.TextStart();
        byte* found = null;
        for (byte* entry = (byte*)Machine.Symbols(); entry < (byte*)Machine.SymbolsEnd() && *(uint*)entry <= offset; entry += EntryHeader + entry[4]) found = entry;
        if (found == null) return;
        Log.Write(" "u8);
        Log.Write(found + EntryHeader, found[4]);
        Log.Write("+"u8);
        Log.Hex(offset - *(uint*)found);
    }

    private static bool IsText(ulong address) => address >= Machine.TextStart() && address < Machine.TextEnd();

    // A stack of the kernel's, mapped, and aligned as frame pointers are.
    private static bool IsKernel(ulong address)
    {
        if ((address & 7) != 0 || address < KernelMemory.StacksStart) return false;
        if (address >= Physical.KernelBase) return address < Machine.KernelEnd();
        return PhysicalMemory.Tables->Entry(address, false) is var entry && entry != null && (*entry & PageTables.Present) != 0;
    }
}
