using System.Runtime.InteropServices;

namespace Morgana.Kernel;

/// <summary>Physical memory is an array here.</summary>
internal static unsafe class Physical
{
    private static readonly byte* s_memory = (byte*)NativeMemory.AlignedAlloc(Size, 4096);

    public const uint Size = 64 << 20;

    public static byte* Pointer(ulong physical) => physical < Size ? s_memory + physical : throw new InvalidOperationException($"{physical:x} is outside of memory.");
}

internal static unsafe class Pages
{
    public const ulong Size = 4096;

    public static void Clear(byte* page) => new Span<byte>(page, 4096).Clear();
}

internal static unsafe class Literal
{
    // A u8 literal's octets are in the assembly's image, and never move.
    public static byte* Pointer(ReadOnlySpan<byte> literal)
    {
        fixed (byte* pointer = literal) return pointer;
    }
}
