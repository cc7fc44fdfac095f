namespace Morgana.Core;

/// <summary>A queue of octets in pool blocks: first in, first out, with no block held while it is empty.</summary>
/// <remarks>Mutable; keep it in a field and pass it by reference. One owner at a time. It owns its blocks.</remarks>
public struct BlockChain
{
    /// <summary>The first block, or null while the chain is empty.</summary>
    public PoolBlock? Head { get; private set; }

    /// <summary>The last block, or null while the chain is empty.</summary>
    public PoolBlock? Tail { get; private set; }

    /// <summary>Octets in the chain.</summary>
    public int Length { get; private set; }

    /// <summary>Blocks in the chain.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Whether there is nothing in it.</summary>
    public readonly bool IsEmpty => Length == 0;

    /// <summary>Takes over one block behind the others. Empty blocks are not to be added.</summary>
    public void Append(PoolBlock block)
    {
        block.NextBlock = null;
        if (Tail is null) Head = block;
        else Tail.NextBlock = block;
        Tail = block;
        Length += block.Length;
        BlockCount++;
    }

    /// <summary>Takes over all blocks of <paramref name="other"/>, which is left empty.</summary>
    public void Append(ref BlockChain other)
    {
        if (other.Head is null) return;
        if (Tail is null) Head = other.Head;
        else Tail.NextBlock = other.Head;
        Tail = other.Tail;
        Length += other.Length;
        BlockCount += other.BlockCount;
        other = default;
    }

    /// <summary>Copies as many of <paramref name="bytes"/> as there is memory for. Loop's thread only.</summary>
    /// <returns>How many were copied.</returns>
    public int Append(ReadOnlySpan<byte> bytes, BufferPool pool)
    {
        int copied = 0;
        while (copied < bytes.Length)
        {
            var room = GetRoom(pool);
            if (room.IsEmpty) break;
            int n = Math.Min(room.Length, bytes.Length - copied);
            bytes.Slice(copied, n).CopyTo(room);
            Commit(n);
            copied += n;
        }

        return copied;
    }

    /// <summary>Room behind the last octet, in a new block if need be; empty when the pool is. Follow with <see cref="Commit"/>.</summary>
    public Span<byte> GetRoom(BufferPool pool)
    {
        if (Tail is null || Tail.End == PoolBlock.Size)
        {
            if (!pool.TryRentBlock(out var block)) return default;
            Append(block);
        }

        return Tail!.Room;
    }

    /// <summary>Says that the first <paramref name="count"/> octets of the room were filled. With 0, an unused new block goes back.</summary>
    public void Commit(int count)
    {
        if ((uint)count > (uint)(PoolBlock.Size - Tail!.End)) ThrowCount();
        Tail.End += count;
        Length += count;
        if (Tail.Length == 0) DropTail();
    }

    /// <summary>Removes <paramref name="count"/> octets from the front and returns the blocks that are empty now. Loop's thread only.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer: a mistake of ours.</exception>
    public void Consume(int count)
    {
        if ((uint)count > (uint)Length) ThrowCount();
        Length -= count;
        while (Head is { } head)
        {
            int n = Math.Min(count, head.Length);
            head.Start += n;
            count -= n;
            if (head.Length > 0) break;
            Head = head.NextBlock;
            BlockCount--;
            head.Pool.Return(head);
            if (Head is null) Tail = null;
        }
    }

    /// <summary>Copies the first octets to <paramref name="destination"/> and removes them. Loop's thread only.</summary>
    /// <returns>How many there were, at most the destination's length.</returns>
    public int Read(Span<byte> destination)
    {
        int read = 0;
        while (read < destination.Length && Head is { } head)
        {
            int n = Math.Min(head.Length, destination.Length - read);
            head.Data[..n].CopyTo(destination[read..]);
            read += n;
            Consume(n);
        }

        return read;
    }

    /// <summary>Takes the first block out; its owner is the caller now.</summary>
    public PoolBlock TakeHead()
    {
        var head = Head!;
        Head = head.NextBlock;
        if (Head is null) Tail = null;
        head.NextBlock = null;
        Length -= head.Length;
        BlockCount--;
        return head;
    }

    /// <summary>Removes <paramref name="count"/> octets from the front, like <see cref="Consume"/>, from any thread that owns the chain.</summary>
    public void ConsumeShared(int count)
    {
        while (Head is { } head && (count > 0 || head.Length == 0))
        {
            int n = Math.Min(count, head.Length);
            count -= n;
            if (n == head.Length)
            {
                TakeHead().Pool.ReturnShared(head);
                continue;
            }

            head.Start += n;
            Length -= n;
        }
    }

    /// <summary>Returns every block. Loop's thread only.</summary>
    public void Clear()
    {
        while (Head is not null)
        {
            var block = TakeHead();
            block.Pool.Return(block);
        }
    }

    /// <summary>Gives the last, empty block back. Rare, and chains are short, so that walking to its predecessor costs less than a second link.</summary>
    private void DropTail()
    {
        var empty = Tail!;
        if (ReferenceEquals(Head, empty))
        {
            Head = Tail = null;
        }
        else
        {
            var block = Head!;
            while (!ReferenceEquals(block.NextBlock, empty)) block = block.NextBlock!;
            block.NextBlock = null;
            Tail = block;
        }

        BlockCount--;
        empty.Pool.Return(empty);
    }

    private static void ThrowCount() => throw new ArgumentOutOfRangeException("count", "More octets than there are, or than there is room for.");
}
