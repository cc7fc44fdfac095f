namespace Morgana.Drivers.Virtio.Tests;

public sealed unsafe class SplitQueueTests : IDisposable
{
    private readonly ModelMemory _memory = new(1 << 16);
    private readonly ModelQueue _device;

    public SplitQueueTests() => _device = new(_memory);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_chain_is_seen_only_once_it_is_published()
    {
        var queue = Create(8);
        queue.Add([new(_memory.Dma.AddressOf(Place(100)), 100)], readable: 1);
        Assert.False(_device.HasWork);
        queue.Publish();
        Assert.True(_device.HasWork);
    }

    [Fact]
    public void Readable_buffers_come_before_writable_ones_and_capacity_counts_the_latter()
    {
        var queue = Create(8);
        ulong address = _memory.Dma.AddressOf(Place(300));
        int chain = queue.Add([new(address, 10), new(address + 10, 20), new(address + 30, 30)], readable: 1);
        queue.Publish();
        var (head, buffers) = _device.Take();
        Assert.Equal([false, true, true], buffers.Select(b => b.IsWritable));
        _device.GiveBack(head, 50);
        Assert.True(queue.TryTake(out int taken, out int written));
        Assert.Equal((chain, 50), (taken, written));
        Assert.Equal(8, queue.FreeCount);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Everything_comes_back_in_whatever_order_round_and_round(bool hasEventIndex)
    {
        var queue = Create(16, hasEventIndex);
        var random = new Random(3);
        var held = new List<ushort>();
        ulong address = _memory.Dma.AddressOf(Place(1000));
        for (int step = 0; step < 100_000; step++)
        {
            int want = random.Next(1, 4);
            if (queue.FreeCount >= want && random.Next(2) == 0)
            {
                var buffers = Enumerable.Range(0, want).Select(i => new DmaBuffer(address + (ulong)i, 1)).ToArray();
                queue.Add(buffers, readable: 0);
                queue.Publish();
            }

            while (_device.HasWork) held.Add(_device.Take().Head);
            if (held.Count > 0 && random.Next(2) == 0)
            {
                int index = random.Next(held.Count);
                _device.GiveBack(held[index], 1);
                held.RemoveAt(index);
            }

            if (random.Next(2) == 0) while (queue.TryTake(out _, out _)) { }
            Assert.Null(queue.Fault);
        }

        foreach (ushort head in held) _device.GiveBack(head, 1);
        while (queue.TryTake(out _, out _)) { }
        Assert.Equal((16, 0), (queue.FreeCount, queue.OutCount));
    }

    [Fact]
    public void With_event_indices_the_device_is_told_when_it_asked_to_be()
    {
        var queue = Create(8, hasEventIndex: true);
        ulong address = _memory.Dma.AddressOf(Place(10));
        queue.Add([new(address, 1)], 0);
        Assert.True(queue.Publish());
        queue.Add([new(address, 1)], 0);
        Assert.False(queue.Publish());          // its event index still says 0
        _device.Take();
        _device.Take();                         // now it says 2
        queue.Add([new(address, 1)], 0);
        Assert.True(queue.Publish());
    }

    [Fact]
    public void What_was_not_told_is_remembered()
    {
        var queue = Create(8, hasEventIndex: true);
        ulong address = _memory.Dma.AddressOf(Place(10));
        queue.Add([new(address, 1)], 0);
        queue.Publish();
        Assert.False(queue.MayBeUnseen);
        queue.Add([new(address, 1)], 0);
        queue.Publish();
        Assert.True(queue.MayBeUnseen);
        queue.MarkNotified();
        Assert.False(queue.MayBeUnseen);
    }

    [Fact]
    public void An_interrupt_is_asked_for_where_the_next_chain_comes_back()
    {
        var queue = Create(8, hasEventIndex: true);
        ulong address = _memory.Dma.AddressOf(Place(10));
        for (int i = 0; i < 3; i++) queue.Add([new(address, 1)], 0);
        queue.Publish();
        queue.EnableInterrupt();
        Assert.Equal(0, _device.UsedEvent);
        _device.GiveBack(_device.Take().Head, 1);
        Assert.True(queue.HasUsed);
        queue.TryTake(out _, out _);
        queue.EnableInterrupt(after: 2);
        Assert.Equal(2, _device.UsedEvent);
    }

    public static TheoryData<string, uint, uint, int> Lies => new()
    {
        { "a chain that was never made available", 5, 1, 1 },
        { "a chain that there cannot be", 8, 1, 1 },
        { "a chain far outside of the table", uint.MaxValue, 1, 1 },
        { "more octets than there was room for", 0, 101, 1 },
        { "very many octets", 0, uint.MaxValue, 1 },
        { "more chains than are out", 0, 1, 2 },
        { "a whole round of chains", 0, 1, 40_000 },
    };

    [Theory, MemberData(nameof(Lies))]
    public void A_device_that_lies_breaks_its_queue_and_nothing_else(string lie, uint head, uint length, int count)
    {
        var queue = Create(8);
        queue.Add([new(_memory.Dma.AddressOf(Place(100)), 100)], readable: 0);
        queue.Publish();
        for (int i = 0; i < count; i++) _device.GiveBack(head, length);
        while (queue.TryTake(out int chain, out int written))
        {
            Assert.Equal(0, chain);
            Assert.InRange(written, 0, 100);
        }

        Assert.True(queue.Fault is not null, lie);
        Assert.False(queue.TryTake(out _, out _));
    }

    [Fact]
    public void The_same_chain_does_not_come_back_twice()
    {
        var queue = Create(8);
        ulong address = _memory.Dma.AddressOf(Place(100));
        queue.Add([new(address, 1)], 0);
        queue.Add([new(address, 1)], 0);
        queue.Publish();
        _device.GiveBack(0, 1);
        _device.GiveBack(0, 1);
        Assert.True(queue.TryTake(out _, out _));
        Assert.False(queue.TryTake(out _, out _));
        Assert.NotNull(queue.Fault);
    }

    private byte* Place(int size) => _memory.Dma.Take(size, 16);

    private SplitQueue Create(int size, bool hasEventIndex = false)
    {
        var queue = new SplitQueue(_memory.Dma, size, hasEventIndex);
        (_device.Descriptors, _device.Available, _device.Used, _device.Size, _device.IsReady) = (queue.DescriptorsAddress, queue.AvailableAddress, queue.UsedAddress, size, true);
        return queue;
    }
}
