using Morgana.Core;

namespace Morgana.Devices.Tests;

public class MemoryLinkTests
{
    [Fact]
    public void Between_ends_of_one_pool_a_frame_changes_its_owner()
    {
        var pool = Frames.Pool();
        var (a, b) = MemoryLink.Create(pool, pool);
        var packet = Frames.Packet(pool, Frames.Content(1, 1514));
        Assert.Equal(1, a.Transmit([packet]));
        var received = new PacketBuffer[4];
        Assert.Equal(0, a.Reclaim(received));
        Assert.Equal(1, b.Receive(received));
        Assert.Same(packet, received[0]);
        packet.Release();
        Assert.Equal(0, pool.InUse);
    }

    [Fact]
    public void Between_two_pools_a_frame_is_copied_and_comes_back_to_its_sender()
    {
        var (first, second) = (Frames.Pool(), Frames.Pool());
        var (a, b) = MemoryLink.Create(first, second, new() { Mtu = 65520 });
        byte[] content = Frames.Content(1, 40_000);
        var packet = Frames.Packet(first, content);
        Assert.Equal(1, a.Transmit([packet]));
        var done = new PacketBuffer[4];
        Assert.Equal(0, a.Reclaim(done));
        Assert.Equal(content, Assert.Single(Frames.ReceiveAll(b)));
        Assert.Equal(1, a.Reclaim(done));
        Assert.Same(packet, done[0]);
        packet.Release();
        Assert.Equal((0, 0), (first.InUse, second.InUse));
    }

    [Fact]
    public void A_sender_that_sleeps_is_woken_for_what_comes_back_to_it()
    {
        var (first, second) = (Frames.Pool(), Frames.Pool());
        var (a, b) = MemoryLink.Create(first, second);
        var done = new PacketBuffer[4];
        Assert.Equal(1, a.Transmit([Frames.Packet(first, Frames.Content(1, 100))]));
        var sleeper = new Thread(() =>
        {
            while (a.Reclaim(done) == 0) a.Wait(Timeout.InfiniteTimeSpan);
            done[0].Release();
        })
        { IsBackground = true };
        sleeper.Start();
        Assert.Single(Frames.ReceiveAll(b));
        b.Wait(TimeSpan.Zero);
        Assert.True(sleeper.Join(TimeSpan.FromMinutes(1)), "the sender sleeps on");
        Assert.Equal((0, 0), (first.InUse, second.InUse));
    }

    [Fact]
    public void A_full_queue_takes_what_fits_and_room_ends_the_wait()
    {
        var pool = Frames.Pool();
        var (a, b) = MemoryLink.Create(pool, pool, new() { Capacity = 4 });
        var frames = Enumerable.Range(0, 6).Select(i => Frames.Packet(pool, Frames.Content(i, 60))).ToArray();
        Assert.Equal(4, a.Transmit(frames));
        Assert.Equal(0, a.Transmit(frames.AsSpan(4)));
        Assert.Equal(4, Frames.ReceiveAll(b).Count);
        a.Wait(Timeout.InfiniteTimeSpan);
        Assert.Equal(2, a.Transmit(frames.AsSpan(4)));
        Assert.Equal(2, Frames.ReceiveAll(b).Count);
        Assert.Equal(0, pool.InUse);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Unplugging_loses_what_is_under_way_and_leaks_nothing(bool receiverFirst)
    {
        var (first, second) = (Frames.Pool(), Frames.Pool());
        var (a, b) = MemoryLink.Create(first, second);
        for (int i = 0; i < 5; i++) Assert.Equal(1, a.Transmit([Frames.Packet(first, Frames.Content(i, 100))]));
        var taken = new PacketBuffer[2];
        Assert.Equal(2, b.Receive(taken));
        foreach (var frame in taken) frame.Release();
        if (receiverFirst)
        {
            b.Dispose();
            Assert.False(a.IsUp);
            Assert.Equal(1, a.Transmit([Frames.Packet(first, Frames.Content(1, 60))]));
            Assert.Equal(1, a.Counters.Drops[DropReason.DeviceDown]);
            a.Dispose();
        }
        else
        {
            a.Dispose();
            Assert.True(b.IsUp);
            Assert.Single(Frames.ReceiveAll(b).Skip(2));
            Assert.False(b.IsUp);
            b.Dispose();
        }

        Assert.Equal((0, 0), (first.InUse, second.InUse));
    }

    [Fact]
    public void Two_threads_exchange_every_frame_once_and_in_order()
    {
        const int Count = 50_000;
        var (first, second) = (Frames.Pool(), Frames.Pool());
        var (a, b) = MemoryLink.Create(first, second, new() { Capacity = 32 });
        Exception? failure = null;
        var other = new Thread(() => failure = Record.Exception(() => Exchange(b, second, Count)));
        other.Start();
        Exchange(a, first, Count);
        other.Join();
        Assert.Null(failure);
        a.Dispose();
        b.Dispose();
        Assert.Equal((0, 0), (first.InUse, second.InUse));
    }

    /// <summary>Sends numbered frames and expects numbered frames, at whatever pace the other end has.</summary>
    private static void Exchange(MemoryDevice device, BufferPool pool, int count)
    {
        var frames = new PacketBuffer[16];
        PacketBuffer? waiting = null;
        int sent = 0, received = 0;
        while (sent < count || received < count)
        {
            bool moved = false;
            while (sent < count)
            {
                if (waiting is null)
                {
                    if (!pool.TryRentPacket(PacketBuffer.Headroom, out waiting)) break;
                    BitConverter.TryWriteBytes(waiting.Append(64), sent);
                }

                if (device.Transmit([waiting]) == 0) break;
                waiting = null;
                sent++;
                moved = true;
            }

            for (int n; (n = device.Receive(frames)) > 0; moved = true)
                for (int i = 0; i < n; i++)
                {
                    if (BitConverter.ToInt32(frames[i].Span) != received++) throw new InvalidDataException($"Frame {received} is out of order.");
                    frames[i].Release();
                }

            Frames.Reclaim(device);
            if (!moved) device.Wait(TimeSpan.FromSeconds(10));
        }
    }
}
