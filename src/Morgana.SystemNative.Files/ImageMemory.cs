using System.Buffers;

namespace Morgana.SystemNative;

/// <summary>Memory of the image itself, which lies where it is as long as the process does, for reading.</summary>
/// <remarks>
/// The linker has put it among the constants: a write through <see cref="GetSpan"/> would be a fault, so it is handed out as
/// <see cref="ReadOnlyMemory{T}"/> alone.
/// </remarks>
internal sealed unsafe class ImageMemory(byte* start, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
