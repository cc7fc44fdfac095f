using System.Buffers;
using System.Runtime.InteropServices;

namespace Morgana.Core;

/// <summary>Memory at a stable address for a pool: a pinned array, native pages, or a device's DMA area.</summary>
/// <remarks>It lives as long as the process. A region is handed to one pool, which is used by one loop and all of its devices.</remarks>
public sealed unsafe class MemoryRegion
{
    private readonly MemoryManager<byte> _owner;

    private MemoryRegion(byte* pointer, int length, MemoryManager<byte> owner)
    {
        Pointer = pointer;
        Length = length;
        _owner = owner;
    }

    /// <summary>The first octet. Stable: see the safety argument at <see cref="PoolBlock.Pointer"/>.</summary>
    public byte* Pointer { get; }

    /// <summary>Octets in the region.</summary>
    public int Length { get; }

    /// <summary>A region of <paramref name="length"/> octets in an array that the collector never moves. It counts against the GC's limit.</summary>
    public static MemoryRegion Pinned(int length)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        fixed (byte* pointer = array)
        {
            // The array lies on the pinned object heap: the address stays right after the 'fixed' ends, while the owner refers to it.
            return new(pointer, length, new PointerOwner(pointer, length, array));
        }
    }

    /// <summary>A region of <paramref name="length"/> octets of page-aligned native memory, which only takes up what has been touched.</summary>
    public static MemoryRegion Native(int length)
    {
        byte* pointer = (byte*)NativeMemory.AlignedAlloc((nuint)length, 4096);
        return new(pointer, length, new PointerOwner(pointer, length, null));
    }

    /// <summary>A region that somebody else owns, such as a device's DMA area, and keeps mapped as long as the process lives.</summary>
    public static MemoryRegion FromPointer(byte* pointer, int length) => new(pointer, length, new PointerOwner(pointer, length, null));

    /// <summary>A part of the region as <see cref="Memory{T}"/>, for the async edge.</summary>
    public Memory<byte> Slice(int offset, int length) => _owner.Memory.Slice(offset, length);

    private sealed class PointerOwner(byte* pointer, int length, object? keepAlive) : MemoryManager<byte>
    {
        private readonly object? _keepAlive = keepAlive;

        public override Span<byte> GetSpan() => new(pointer, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(pointer + elementIndex);

        public override void Unpin() => GC.KeepAlive(_keepAlive);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
