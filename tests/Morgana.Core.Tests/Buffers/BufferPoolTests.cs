using System.Buffers;
using Morgana.Core;

namespace Morgana.Core.Tests.Buffers;

public class BufferPoolTests
{
    [Fact]
    public void Queues_leave_the_reserve_to_packets()
    {
        var pool = new BufferPool(MemoryRegion.Native(32 * PoolBlock.Size), reserve: 5);
        int blocks = 0, packets = 0;
        while (pool.TryRentBlock(out _)) blocks++;
        Assert.False(pool.HasRoom);
        while (pool.TryRentPacket(0, out _)) packets++;
        Assert.Equal((27, 5, 32), (blocks, packets, pool.InUse));
    }

    [Fact]
    public void A_pool_that_was_emptied_and_filled_again_allocates_nothing()
    {
        var pool = new BufferPool(MemoryRegion.Native(64 * PoolBlock.Size));
        var packets = new PacketBuffer[64];
        EmptyAndFill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) EmptyAndFill();
        // The runtime counts a quantum of 8 KB too many now and then; an object for each buffer would be 150 KB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16384);

        void EmptyAndFill()
        {
            int count = 0;
            while (pool.TryRentPacket(64, out var packet)) packets[count++] = packet;
            if (count != 64) throw new InvalidOperationException();
            for (int i = 0; i < count; i++) packets[i].Release();
        }
    }

    [Fact]
    public void A_block_comes_back_once_and_to_its_own_pool()
    {
        var pool = new BufferPool(MemoryRegion.Native(16 * PoolBlock.Size));
        var other = new BufferPool(MemoryRegion.Native(16 * PoolBlock.Size));
        Assert.True(pool.TryRentBlock(out var block));
        Assert.Throws<InvalidOperationException>(() => other.Return(block));
        pool.Return(block);
        Assert.Throws<InvalidOperationException>(() => pool.Return(block));
        Assert.Throws<InvalidOperationException>(() => pool.ReturnShared(block));
        Assert.Equal(0, pool.InUse);
    }

    [Fact]
    public void Other_threads_rent_what_was_shared_and_the_loop_gets_back_what_they_return()
    {
        var pool = new BufferPool(MemoryRegion.Native(64 * PoolBlock.Size), reserve: 0);
        Assert.False(pool.TryRentShared(out _));
        pool.Share(10);
        var rented = new List<PoolBlock>();
        while (pool.TryRentShared(out var block)) rented.Add(block);
        Assert.Equal((10, 10), (rented.Count, pool.InUse));
        rented.ForEach(pool.ReturnShared);
        for (int i = 0; i < 64; i++) Assert.True(pool.TryRentBlock(out _), "Shared blocks that nobody uses come back to the loop.");
        Assert.False(pool.TryRentBlock(out _));
    }

    [Fact]
    public void Threads_that_rent_and_return_lose_no_block()
    {
        var pool = new BufferPool(MemoryRegion.Native(64 * PoolBlock.Size), reserve: 4);
        var handedOver = new System.Collections.Concurrent.ConcurrentQueue<PoolBlock>();
        var threads = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                if (!pool.TryRentShared(out var block)) continue;
                if (i % 2 == 0) pool.ReturnShared(block);
                else handedOver.Enqueue(block);
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        while (threads.Any(t => t.IsAlive))
        {
            pool.Share(16);
            while (handedOver.TryDequeue(out var block)) pool.Return(block);
            if (pool.TryRentPacket(0, out var packet)) packet.Release();
        }

        while (handedOver.TryDequeue(out var block)) pool.Return(block);
        Assert.Equal(0, pool.InUse);
    }

    [Fact]
    public void Blocks_are_shown_as_a_sequence_without_allocating()
    {
        var pool = new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size));
        BlockChain chain = default;
        byte[] bytes = new byte[5000];
        new Random(3).NextBytes(bytes);
        chain.Append(bytes, pool);
        chain.Consume(10);
        long index = 0;
        for (var block = chain.Head; block is not null; block = block.NextBlock)
        {
            block.Expose(index);
            index += block.Length;
        }

        var sequence = new ReadOnlySequence<byte>(chain.Head!, 0, chain.Tail!, chain.Tail!.Length);
        Assert.Equal(bytes[10..], sequence.ToArray());
    }

    [Fact]
    public void A_region_too_small_for_a_pool_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new BufferPool(MemoryRegion.Pinned(PoolBlock.Size)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size), reserve: 17));
    }
}
