using System;

namespace Morgana.Kernel;

/// <summary>The end of memory, in one line with the figures. .NET's own OutOfMemoryException comes before, where a mapping is refused (SystemCalls/MemoryCalls.cs).</summary>
internal static unsafe class OutOfMemory
{
    public static void End(ReadOnlySpan<byte> wanted)
    {
        FrameAllocator* frames = PhysicalMemory.Frames;
        Log.Begin("out of memory: "u8);
        Log.Write(wanted);
        Log.Write(" found no page; the machine has "u8);
        Log.Size(PhysicalMemory.Installed);
        Log.Write(", of which "u8);
        Log.Size(frames->TotalCount * FrameAllocator.FrameSize);
        Log.Write(" were free at start and "u8);
        Log.Size(frames->FreeCount * FrameAllocator.FrameSize);
        Log.End(" are now: give it more with --memory"u8);
        Power.Off(Power.OutOfMemory);
    }
}
