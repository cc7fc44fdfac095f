using System.Buffers;
using System.Runtime.CompilerServices;

namespace Morgana.Core;

/// <summary>The pool's unit of memory: 2,048 octets at a stable address, of which <see cref="Start"/> to <see cref="End"/> hold data.</summary>
/// <remarks>
/// A block has one owner at a time, who may link it into one chain. It is a <see cref="ReadOnlySequenceSegment{T}"/>, so that the async
/// edge can show a chain of blocks as a sequence without allocating.
/// </remarks>
public sealed unsafe class PoolBlock : ReadOnlySequenceSegment<byte>
{
    /// <summary>Octets in each block: a full Ethernet frame with headroom to spare.</summary>
    public const int Size = 2048;

    internal PoolBlock(BufferPool pool, int index, byte* pointer, Memory<byte> whole)
    {
        Pool = pool;
        Index = index;
        Pointer = pointer;
        Whole = whole;
    }

    /// <summary>The pool that the block belongs to.</summary>
    public BufferPool Pool { get; }

    /// <summary>The block's place in the pool's region.</summary>
    public int Index { get; }

    /// <summary>The first of the block's <see cref="Size"/> octets.</summary>
    /// <remarks>Safe to keep: the region is pinned or native, and lives as long as its pool, which the block refers to.</remarks>
    public byte* Pointer { get; }

    /// <summary>All of the block, for the async edge.</summary>
    public Memory<byte> Whole { get; }

    /// <summary>Where the data begins.</summary>
    public int Start { get; set; }

    /// <summary>Where the data ends.</summary>
    public int End { get; set; }

    /// <summary>Octets of data.</summary>
    public int Length => End - Start;

    /// <summary>The data.</summary>
    public Span<byte> Data
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pointer + Start, End - Start);
    }

    /// <summary>The room behind the data.</summary>
    public Span<byte> Room
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pointer + End, Size - End);
    }

    /// <summary>The next block of the chain that the block is in. Maintained by the chain's owner.</summary>
    public PoolBlock? NextBlock { get; set; }

    /// <summary>Prepares the block to be seen through a <see cref="ReadOnlySequence{T}"/>: its memory becomes the data, its successor the next block.</summary>
    /// <param name="runningIndex">How many octets of the sequence come before it.</param>
    public void Expose(long runningIndex)
    {
        Memory = Whole[Start..End];
        RunningIndex = runningIndex;
        Next = NextBlock;
    }

    /// <summary>Whether somebody has rented the block; found again when it comes back twice.</summary>
    internal bool IsRented { get; set; }

    internal void Reset()
    {
        Start = End = 0;
        NextBlock = null;
        Next = null;
    }
}
