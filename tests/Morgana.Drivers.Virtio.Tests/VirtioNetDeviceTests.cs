using Morgana.Core;

namespace Morgana.Drivers.Virtio.Tests;

public sealed class VirtioNetDeviceTests : IDisposable
{
    private readonly ModelMemory _memory = new();
    private readonly ModelCard _card;
    private VirtioNetDevice? _device;
    private BufferPool? _pool;

    public VirtioNetDeviceTests() => _card = new(_memory);

    public void Dispose()
    {
        _device?.Dispose();
        if (_pool is not null) Assert.Equal(0, _pool.InUse);
        _memory.Dispose();
    }

    [Fact]
    public void It_is_what_the_card_says()
    {
        var device = Open();
        Assert.Equal(9000, device.Capabilities.Mtu);
        Assert.Equal("02:00:0a:00:02:0f", device.Capabilities.Mac.ToString());
        Assert.Equal(0UL, _card.Accepted & (1UL << 3 | 1UL << 5) ^ (1UL << 3 | 1UL << 5));
        Assert.True(device.IsUp);
    }

    [Fact]
    public void A_card_without_mergeable_buffers_or_of_another_kind_is_refused()
    {
        _card.Offered &= ~(1UL << 15);
        Assert.Throws<VirtioException>(() => VirtioNetDevice.Open(Device(_card)));
        Assert.Throws<VirtioException>(() => VirtioNetDevice.Open(Device(new ModelDevice(_memory, 2))));
    }

    [Fact]
    public void A_frame_lies_where_the_card_has_put_it()
    {
        var device = Open();
        byte[] frame = Frame(60, 1);
        Assert.True(_card.Deliver(frame));
        var received = Receive(device);
        Assert.Equal(frame, Assert.Single(received).Span.ToArray());
        Assert.Equal(PacketBuffer.Headroom + 2, received[0].FirstBlock.Start);
        received[0].Release();
    }

    [Theory, InlineData(1), InlineData(1514), InlineData(1918), InlineData(1919), InlineData(5000), InlineData(9018)]
    public void A_frame_of_several_buffers_comes_as_one(int length)
    {
        var device = Open();
        for (int round = 0; round < 300; round++)
        {
            byte[] frame = Frame(length, round);
            Assert.True(_card.Deliver(frame));
            var received = Assert.Single(Receive(device));
            byte[] copy = new byte[received.Length];
            received.CopyTo(0, copy);
            Assert.Equal(frame, copy);
            received.Release();
        }
    }

    [Fact]
    public void A_frame_that_is_too_long_for_the_link_is_dropped_and_counted()
    {
        var device = Open();
        Assert.True(_card.Deliver(Frame(9019, 1)));
        Assert.True(_card.Deliver(Frame(70_000, 2)));
        Assert.True(_card.Deliver(Frame(100, 3)));
        var received = Receive(device);
        Assert.Equal(100, Assert.Single(received).Length);
        received[0].Release();
        Assert.Equal(2, device.Counters.Drops[DropReason.TooBig]);
        Assert.True(device.IsUp);
    }

    [Fact]
    public void What_is_sent_arrives_and_comes_back()
    {
        var device = Open();
        foreach (int length in new[] { 14, 1514, 3000, 9000 })
        {
            var packet = Packet(length, length);
            Assert.Equal(1, device.Transmit([packet]));
            Assert.Equal(Frame(length, length), _card.Sent[^1]);
            var reclaimed = new PacketBuffer[4];
            Assert.Equal(1, device.Reclaim(reclaimed));
            Assert.Same(packet, reclaimed[0]);
            Assert.Equal(length, packet.Length);
            packet.Release();
        }
    }

    [Fact]
    public void A_full_queue_takes_no_more_until_the_card_has_sent()
    {
        _card.MostDescriptors = 8;
        _card.IsSlow = true;
        var device = Open();
        var packets = Enumerable.Range(0, 12).Select(i => Packet(100, i)).ToArray();
        int taken = device.Transmit(packets);
        Assert.Equal(8, taken);
        Assert.Equal(0, device.Transmit(packets.AsSpan(taken)));
        _card.FinishSending();
        Assert.Equal(4, device.Transmit(packets.AsSpan(taken)));
        _card.FinishSending();
        var reclaimed = new PacketBuffer[16];
        int count = 0;
        while (device.Reclaim(reclaimed.AsSpan(count)) is > 0 and int n) count += n;
        Assert.Equal(12, count);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => Frame(100, i)), _card.Sent);
        foreach (var packet in reclaimed.AsSpan(0, count)) packet.Release();
    }

    [Fact]
    public void Packets_that_cannot_be_sent_come_back_and_are_counted()
    {
        var device = Open();
        var tooLong = Packet(9019, 0);
        Assert.Equal(1, device.Transmit([tooLong]));
        var reclaimed = new PacketBuffer[1];
        Assert.Equal(1, device.Reclaim(reclaimed));
        tooLong.Release();
        Assert.Empty(_card.Sent);
        Assert.Equal(1, device.Counters.Drops[DropReason.TooBig]);
    }

    [Theory, InlineData(0), InlineData(300), InlineData(65535)]
    public void A_card_that_lies_about_buffers_is_reset_and_reported(int claimed)
    {
        var device = Open();
        _card.Deliver(Frame(60, 1), (ushort)claimed);
        Assert.Empty(Receive(device));
        Assert.False(device.IsUp);
        Assert.Contains("misbehaves", device.DownReason);
        Assert.Equal(0, _card.Status);
    }

    [Fact]
    public void A_card_that_writes_no_header_is_reset_and_reported()
    {
        var device = Open();
        _card.Receiving.GiveBack(_card.Receiving.Take().Head, 5);
        Assert.Empty(Receive(device));
        Assert.False(device.IsUp);
    }

    [Fact]
    public void A_failed_card_takes_frames_and_gives_all_back()
    {
        _card.IsSlow = true;
        var device = Open();
        var first = Packet(100, 1);
        device.Transmit([first]);
        _card.Sending.GiveBack(77, 0);
        var second = Packet(100, 2);
        Assert.Equal(1, device.Transmit([second]));
        Assert.False(device.IsUp);
        var reclaimed = new PacketBuffer[4];
        Assert.Equal(2, device.Reclaim(reclaimed));
        first.Release();
        second.Release();
    }

    [Fact]
    public void With_an_empty_pool_nothing_is_received_until_there_is_memory_again()
    {
        var device = Open();
        var hoard = new List<PacketBuffer>();
        while (_pool!.TryRentPacket(0, out var packet)) hoard.Add(packet);
        int delivered = 0;
        while (_card.Deliver(Frame(60, delivered))) delivered++;
        var received = Receive(device);
        Assert.Equal(delivered, received.Count);
        Assert.False(_card.Deliver(Frame(60, 1)));
        Assert.True(device.Counters.PoolEmpty > 0);
        foreach (var packet in hoard.Concat(received)) packet.Release();
        Assert.Empty(Receive(device));
        Assert.True(_card.Deliver(Frame(61, 2)));
        received = Receive(device);
        Assert.Equal(61, Assert.Single(received).Length);
        received[0].Release();
    }

    [Fact]
    public void A_frame_that_interrupts_costs_one_access_to_the_cards_registers_and_waiting_none()
    {
        using var interrupt = new ModelInterrupt();
        var device = Open(interrupt);
        int before = _card.Accesses;
        device.Wait(TimeSpan.Zero);
        Assert.Equal(before, _card.Accesses);
        Assert.True(_card.Deliver(Frame(60, 1)));
        _card.InterruptStatus |= 1;
        interrupt.Raise();
        // The first sees the frame in the ring before it would sleep; the line is heard when there is nothing more in it.
        foreach (var frame in Receive(device)) frame.Release();
        device.Wait(TimeSpan.FromMinutes(1));
        // Not on the way of what it has brought, but before the next sleep.
        Assert.Equal(before, _card.Accesses);
        device.Wait(TimeSpan.Zero);
        Assert.Equal(before + 1, _card.Accesses);
        Assert.Equal(0u, _card.InterruptStatus);
        device.Wait(TimeSpan.Zero);
        Assert.Equal(before + 1, _card.Accesses);
    }

    [Fact]
    public void A_frame_that_comes_before_its_interrupt_is_acknowledged_is_seen_without_another()
    {
        using var interrupt = new ModelInterrupt();
        var device = Open(interrupt);
        device.Wait(TimeSpan.Zero);
        Assert.True(_card.Deliver(Frame(60, 1)));
        _card.InterruptStatus |= 1;
        interrupt.Raise();
        foreach (var frame in Receive(device)) frame.Release();
        device.Wait(TimeSpan.FromMinutes(1));
        // The line is up still, so that no edge tells of this one.
        Assert.True(_card.Deliver(Frame(61, 2)));
        device.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(0u, _card.InterruptStatus);
        var received = Assert.Single(Receive(device));
        Assert.Equal(61, received.Length);
        received.Release();
    }

    [Theory, InlineData(false, 8 / 5), InlineData(true, 8)]
    public void Long_frames_take_one_descriptor_each_where_the_card_knows_of_tables(bool offersTables, int taken)
    {
        if (offersTables) _card.Offered |= 1UL << VirtioTransport.IndirectDescriptors;
        _card.MostDescriptors = 8;
        _card.IsSlow = true;
        var device = Open();
        var packets = Enumerable.Range(0, 9).Select(i => Packet(9000, i)).ToArray();
        Assert.Equal(5, Blocks(packets[0]));
        Assert.Equal(taken, device.Transmit(packets));
        _card.FinishSending();
        for (int sent = taken; sent < packets.Length; _card.FinishSending()) sent += device.Transmit(packets.AsSpan(sent));
        Assert.Equal(offersTables ? packets.Length : 0, _card.Sending.Indirect);
        Assert.Equal(Enumerable.Range(0, 9).Select(i => Frame(9000, i)), _card.Sent);
        var reclaimed = new PacketBuffer[16];
        int count = 0;
        while (device.Reclaim(reclaimed.AsSpan(count)) is > 0 and int n) count += n;
        Assert.Equal(packets.Length, count);
        foreach (var packet in packets) packet.Release();
    }

    [Fact]
    public void Short_frames_and_those_of_a_card_with_little_memory_have_no_table()
    {
        using var small = new ModelMemory(512 << 10);
        var card = new ModelCard(small);
        card.Offered |= 1UL << VirtioTransport.IndirectDescriptors;
        using var device = VirtioNetDevice.Open(new VirtioDevice(new VirtioMmioTransport(card), small.Dma, new NoInterrupt()));
        var pool = new BufferPool(device.PoolMemory);
        device.Attach(pool);
        foreach (int length in new[] { 60, 1514, 9000 })
        {
            Assert.True(pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
            Assert.True(packet.TryAppend(Frame(length, length)));
            Assert.Equal(1, device.Transmit([packet]));
            Assert.Equal(Frame(length, length), card.Sent[^1]);
            Assert.Equal(1, device.Reclaim(new PacketBuffer[1]));
            packet.Release();
        }

        // The longest has a table: five descriptors are few enough. One for each of 64 is more than a sixteenth of the memory.
        Assert.Equal(1, card.Sending.Indirect);
        Assert.True(device.PoolMemory.Length > 440 << 10);
    }

    [Fact]
    public void A_card_with_several_queues_is_driven_by_its_first_pair()
    {
        // 5.1.3: the queue of commands, several pairs, and the hash that would spread frames over them.
        const int commands = 17, pairs = 22, hash = 60;
        _card.Offered |= (1UL << commands) | (1UL << pairs) | (1UL << hash);
        BitConverter.TryWriteBytes(_card.Configuration.AsSpan(8), (ushort)2);
        var device = Open();
        Assert.Equal(0UL, _card.Accepted & ((1UL << commands) | (1UL << pairs) | (1UL << hash)));
        Assert.Equal([true, true, false, false, false, false], _card.Queues.Select(q => q.IsReady));
        Assert.True(_card.Deliver(Frame(60, 1)));
        var received = Assert.Single(Receive(device));
        Assert.Equal(1, device.Transmit([received]));
        Assert.Equal(Frame(60, 1), Assert.Single(_card.Sent));
        Assert.Equal(1, device.Reclaim(new PacketBuffer[1]));
        received.Release();
        Assert.All(_card.Queues[2..], q => Assert.Equal(0, q.Notifications));
    }

    [Fact]
    public void Steady_traffic_allocates_nothing()
    {
        var device = Open();
        var frames = new PacketBuffer[8];
        var sent = new PacketBuffer[8];
        byte[] octets = Frame(200, 1);
        for (int i = 0; i < 100; i++) Round();
        _card.Sent.Clear();
        _card.Sent.Capacity = 10_000;
        long before = 0;
        long used = 0;
        for (int i = 0; i < 50; i++)
        {
            _card.Deliver(octets);
            before = GC.GetAllocatedBytesForCurrentThread();
            int count = device.Receive(frames);
            used += GC.GetAllocatedBytesForCurrentThread() - before;
            for (int k = 0; k < count; k++) frames[k].Release();
        }

        Assert.Equal(0, used);

        void Round()
        {
            _card.Deliver(octets);
            int count = device.Receive(frames);
            device.Transmit(frames.AsSpan(0, count));
            int back = device.Reclaim(sent);
            for (int k = 0; k < back; k++) sent[k].Release();
        }
    }

    private static byte[] Frame(int length, int seed)
    {
        byte[] frame = new byte[length];
        new Random(seed).NextBytes(frame);
        return frame;
    }

    private static int Blocks(PacketBuffer packet)
    {
        int count = 0;
        for (PoolBlock? block = packet.FirstBlock; block is not null; block = block.NextBlock) count++;
        return count;
    }

    private static List<PacketBuffer> Receive(VirtioNetDevice device)
    {
        var frames = new PacketBuffer[64];
        var all = new List<PacketBuffer>();
        while (device.Receive(frames) is > 0 and int count) all.AddRange(frames.AsSpan(0, count));
        return all;
    }

    private PacketBuffer Packet(int length, int seed)
    {
        Assert.True(_pool!.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend(Frame(length, seed)));
        return packet;
    }

    private VirtioDevice Device(IRegisters registers, IInterrupt? interrupt = null) => new(new VirtioMmioTransport(registers), _memory.Dma, interrupt ?? new NoInterrupt());

    private VirtioNetDevice Open(IInterrupt? interrupt = null)
    {
        _device = VirtioNetDevice.Open(Device(_card, interrupt));
        _pool = new BufferPool(_device.PoolMemory);
        _device.Attach(_pool);
        return _device;
    }
}
