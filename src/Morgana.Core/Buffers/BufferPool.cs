using System.Diagnostics.CodeAnalysis;

namespace Morgana.Core;

/// <summary>Sees every rent and return of a pool; tests find leaks with it.</summary>
public interface IPoolObserver
{
    /// <summary>A block or packet left the pool.</summary>
    void Rented(object item);

    /// <summary>A block or packet came back.</summary>
    void Returned(object item);
}

/// <summary>A fixed number of <see cref="PoolBlock"/>s over one region, and the <see cref="PacketBuffer"/>s that describe packets in them.</summary>
/// <remarks>
/// The loop's thread rents and returns without a lock. Other threads use <see cref="TryRentShared"/> and <see cref="ReturnShared"/>, which
/// lock. When the pool is empty, renting fails and the caller drops the packet as <see cref="DropReason.NoBuffer"/> or waits: the pool never
/// grows. The last blocks are kept for packets, so that full queues cannot stop acknowledgements.
/// </remarks>
public sealed unsafe class BufferPool
{
    // The blocks to rent next are at the end of what is filled. Null stands for one that nobody has rented yet: it is made then.
    private readonly PoolBlock?[] _free;
    private readonly PacketBuffer[] _freePackets;
    private readonly MemoryRegion _region;
    private readonly int _reserve;
    private readonly object _sharedLock = new();
    private readonly PoolBlock[] _shared;
    private int _freeCount;
    private int _madeCount;
    private int _freePacketCount;
    private int _sharedCount;

    /// <summary>Cuts <paramref name="region"/> into blocks.</summary>
    /// <param name="region">The memory; nobody else may use it.</param>
    /// <param name="reserve">Blocks that only packets may take; by default an eighth.</param>
    public BufferPool(MemoryRegion region, int? reserve = null)
    {
        int count = region.Length / PoolBlock.Size;
        if (count < 16) throw new ArgumentException($"A pool needs at least {16 * PoolBlock.Size} octets; this region has {region.Length}.", nameof(region));
        if (reserve is < 0 || reserve > count) throw new ArgumentOutOfRangeException(nameof(reserve), reserve, $"The reserve is 0 to {count} blocks.");
        Capacity = count;
        _reserve = reserve ?? count / 8;
        _region = region;
        // Of a large pool most is never used: thousands of objects would cost a small guest memory, and its start the collections for them.
        _free = new PoolBlock?[count];
        _freeCount = count;
        _shared = new PoolBlock[count];
        _freePackets = new PacketBuffer[count];
    }

    /// <summary>Blocks in the pool, rented or not.</summary>
    public int Capacity { get; }

    /// <summary>Blocks that are rented now; exact on the loop's thread while no other thread rents.</summary>
    public int InUse => Capacity - _freeCount - Volatile.Read(ref _sharedCount);

    /// <summary>Whether a block for a queue can be had now.</summary>
    public bool HasRoom => _freeCount + Volatile.Read(ref _sharedCount) > _reserve;

    /// <summary>Sees rents and returns; null outside tests.</summary>
    public IPoolObserver? Observer { get; set; }

    /// <summary>Rents a block for a queue, leaving the reserve alone. Loop's thread only.</summary>
    public bool TryRentBlock([NotNullWhen(true)] out PoolBlock? block) => TryRent(_reserve, out block);

    /// <summary>Rents an empty packet with <paramref name="headroom"/> octets in front of it, from the reserve if need be. Loop's thread only.</summary>
    public bool TryRentPacket(int headroom, [NotNullWhen(true)] out PacketBuffer? packet)
    {
        if (!TryRent(0, out var block))
        {
            packet = null;
            return false;
        }

        packet = _freePacketCount > 0 ? _freePackets[--_freePacketCount] : new PacketBuffer(this);
        packet.Begin(block, headroom);
        Observer?.Rented(packet);
        return true;
    }

    /// <summary>Takes a block back. Loop's thread only.</summary>
    /// <exception cref="InvalidOperationException">It was returned before, or is another pool's: a mistake of ours.</exception>
    public void Return(PoolBlock block)
    {
        Take(block);
        _free[_freeCount++] = block;
    }

    /// <summary>Rents a block for a queue from any thread, leaving the reserve alone.</summary>
    /// <remarks>It takes from what <see cref="ReturnShared"/> and <see cref="Share"/> brought; false means: wait until the loop has shared more.</remarks>
    public bool TryRentShared([NotNullWhen(true)] out PoolBlock? block)
    {
        lock (_sharedLock)
        {
            if (_sharedCount == 0)
            {
                block = null;
                return false;
            }

            block = _shared[--_sharedCount];
        }

        block.IsRented = true;
        Observer?.Rented(block);
        return true;
    }

    /// <summary>Takes a block back from any thread.</summary>
    /// <exception cref="InvalidOperationException">It was returned before, or is another pool's: a mistake of ours.</exception>
    public void ReturnShared(PoolBlock block)
    {
        Take(block);
        lock (_sharedLock) _shared[_sharedCount++] = block;
    }

    /// <summary>Moves free blocks to other threads' list until it holds <paramref name="wanted"/>. Loop's thread only, once a batch.</summary>
    public void Share(int wanted)
    {
        if (Volatile.Read(ref _sharedCount) >= wanted || _freeCount <= _reserve) return;
        lock (_sharedLock)
            while (_sharedCount < wanted && _freeCount > _reserve) _shared[_sharedCount++] = TakeFree();
    }

    internal void ReturnPacket(PacketBuffer packet)
    {
        Observer?.Returned(packet);
        _freePackets[_freePacketCount++] = packet;
    }

    private bool TryRent(int reserve, [NotNullWhen(true)] out PoolBlock? block)
    {
        if (_freeCount <= reserve && !TakeShared(reserve))
        {
            block = null;
            return false;
        }

        block = TakeFree();
        block.IsRented = true;
        Observer?.Rented(block);
        return true;
    }

    private PoolBlock TakeFree() => _free[--_freeCount] ?? Make();

    // From the region's beginning, so that its end stays untouched in a small guest.
    private PoolBlock Make()
    {
        int index = _madeCount++;
        return new PoolBlock(this, index, _region.Pointer + ((long)index * PoolBlock.Size), _region.Slice(index * PoolBlock.Size, PoolBlock.Size));
    }

    private void Take(PoolBlock block)
    {
        if (!block.IsRented || !ReferenceEquals(block.Pool, this)) ThrowNotRented();
        Observer?.Returned(block);
        block.IsRented = false;
        block.Reset();
    }

    private bool TakeShared(int reserve)
    {
        if (Volatile.Read(ref _sharedCount) == 0) return false;
        lock (_sharedLock)
            while (_sharedCount > 0 && _freeCount < reserve + 64) _free[_freeCount++] = _shared[--_sharedCount];
        return _freeCount > reserve;
    }

    private static void ThrowNotRented() => throw new InvalidOperationException("The block was returned before, or belongs to another pool.");
}
