using System;

namespace Morgana.Kernel;

/// <summary>The end of memory, in one line with the figures. .NET's own OutOfMemoryException comes before, where a mapping is refused (SystemCalls/MemoryCalls.cs).</summary>
internal static unsafe class OutOfMemory
{
    /// <summary>How often the application was refused a mapping for want of memory.</summary>
    public static ulong Refusals;

    public static void End(ReadOnlySpan<byte> wanted)
    {
        Log.Begin("out of memory: "u8);
        Log.Write(wanted);
        Log.Write(" found no page"u8);
        EndWithFigures();
        Power.Off(Power.OutOfMemory);
    }

    /// <summary>Says so where an application fails that was refused memory: not every one says why, least of all where it had none to say it with.</summary>
    public static void ReportRefusals()
    {
        if (Refusals == 0) return;
        Log.Begin("out of memory: mappings of the application's were refused "u8);
        Log.Number(Refusals);
        Log.Write(Refusals == 1 ? " time"u8 : " times"u8);
        EndWithFigures();
    }

    private static void EndWithFigures()
    {
        FrameAllocator* frames = PhysicalMemory.Frames;
        Log.Write("; the machine has "u8);
        Log.Size(PhysicalMemory.Installed);
        Log.Write(", of which "u8);
        Log.Size(frames->TotalCount * FrameAllocator.FrameSize);
        Log.Write(" were free at start and "u8);
        Log.Size(frames->FreeCount * FrameAllocator.FrameSize);
        Log.End(" are now: give it more with --memory"u8);
    }
}
