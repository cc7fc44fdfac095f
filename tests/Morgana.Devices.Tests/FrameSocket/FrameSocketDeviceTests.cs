using System.Buffers.Binary;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Drivers.FrameSocket;

namespace Morgana.Devices.Tests.FrameSocket;

public class FrameSocketDeviceTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private readonly BufferPool _pool = Frames.Pool();

    [Theory]
    [InlineData(1500, 1), InlineData(1500, 14), InlineData(1500, 1514), InlineData(1500, 1518)]
    [InlineData(65520, 60), InlineData(65520, 1918), InlineData(65520, 1919), InlineData(65520, 9000), InlineData(65520, 65538)]
    public void A_frame_arrives_as_it_was_sent(int mtu, int length)
    {
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool, new() { Mtu = mtu }, new() { Mtu = mtu });
        using (a) using (b)
        {
            byte[] content = Frames.Content(1, length);
            Frames.Send(a, _pool, content);
            Assert.Equal(content, Assert.Single(Frames.ReceiveAll(b)));
            Assert.Equal((1L, (long)length), (b.Counters.FramesReceived, b.Counters.OctetsReceived));
        }

        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void Frames_of_all_sizes_arrive_in_order_through_a_socket_that_is_often_full()
    {
        const int Seed = 7, Count = 400;
        var random = new Random(Seed);
        var lengths = Enumerable.Range(0, Count).Select(_ => random.Next(4) == 0 ? random.Next(1, 65538) : random.Next(1, 1515)).ToArray();
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool, new() { Mtu = 65520 }, new() { Mtu = 65520 });
        using (a) using (b)
        {
            var sending = new Queue<PacketBuffer>();
            int made = 0, received = 0;
            bool wasPartial = false;
            while (received < Count)
            {
                while (made < Count && sending.Count < 3) sending.Enqueue(Frames.Packet(_pool, Frames.Content(made, lengths[made++])));
                int taken = a.Transmit(sending.ToArray());
                for (int i = 0; i < taken; i++) sending.Dequeue();
                wasPartial |= taken > 0 && a.Counters.FramesSent < made - sending.Count;
                Frames.Reclaim(a);
                // The reader is slower than the writer, so that the socket fills up.
                if (taken == 0 || made == Count || random.Next(3) == 0)
                {
                    b.Wait(s_soon);
                    var frames = new PacketBuffer[2];
                    int n = b.Receive(frames);
                    for (int i = 0; i < n; i++) Assert.Equal(Frames.Content(received, lengths[received++]), Frames.Take(frames[i]));
                    a.Wait(TimeSpan.Zero);
                }
            }

            Assert.True(wasPartial, "The socket never took half a frame: this test does not test it.");
            Assert.Equal(Count, a.Counters.FramesSent);
        }

        Assert.Equal(0, _pool.InUse);
    }

    [Theory]
    [InlineData(0u), InlineData(1519u), InlineData(0x8000_0000u), InlineData(uint.MaxValue)]
    public void A_length_that_cannot_be_one_takes_the_device_down(uint length)
    {
        using var raw = new RawPeer(_pool);
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, length);
        raw.Socket.Send(bytes);
        Assert.Empty(Frames.ReceiveAll(raw.Device));
        Assert.False(raw.Device.IsUp);
        Assert.Contains($"frame of {length} octets", raw.Device.DownReason);
        Assert.Equal(1, raw.Device.Counters.Drops[DropReason.BadLength]);
    }

    [Fact]
    public void A_frame_that_comes_octet_by_octet_arrives_once_it_is_whole()
    {
        using var raw = new RawPeer(_pool);
        byte[] content = Frames.Content(3, 60);
        byte[] bytes = [0, 0, 0, 60, .. content, 0, 0];
        for (int i = 0; i < bytes.Length; i++)
        {
            raw.Socket.Send(bytes, i, 1, SocketFlags.None);
            var received = Frames.ReceiveAll(raw.Device);
            if (i == 63) Assert.Equal(content, Assert.Single(received));
            else Assert.Empty(received);
        }

        raw.Socket.Shutdown(SocketShutdown.Both);
        Assert.Empty(Frames.ReceiveAll(raw.Device));
        Assert.Equal("the peer closed the socket in the middle of a frame", raw.Device.DownReason);
    }

    [Fact]
    public void Frames_that_came_before_the_peer_closed_are_received()
    {
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool);
        for (int i = 0; i < 5; i++) Frames.Send(a, _pool, Frames.Content(i, 100));
        a.Dispose();
        Assert.True(b.IsUp);
        Assert.Equal(5, Frames.ReceiveAll(b).Count);
        Assert.Equal("the peer closed the socket", b.DownReason);
        b.Wait(TimeSpan.Zero);
        Assert.Equal(1, b.Transmit([Frames.Packet(_pool, Frames.Content(1, 60))]));
        Assert.Equal(1, b.Counters.Drops[DropReason.DeviceDown]);
        Frames.Reclaim(b);
        b.Dispose();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void With_an_empty_pool_a_frame_waits_in_the_device()
    {
        var small = new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size));
        var (a, b) = FrameSocketDevice.CreatePair(_pool, small);
        using (a) using (b)
        {
            var held = new List<PacketBuffer>();
            while (small.TryRentPacket(0, out var packet)) held.Add(packet);
            Frames.Send(a, _pool, Frames.Content(1, 60));
            Assert.Empty(Frames.ReceiveAll(b));
            Assert.Equal(1, b.Counters.PoolEmpty);
            held.ForEach(p => p.Release());
            b.Wait(s_soon);
            Assert.Equal(Frames.Content(1, 60), Assert.Single(Frames.ReceiveAll(b)));
        }
    }

    [Fact]
    public void A_frame_too_long_for_what_is_left_is_dropped_so_that_the_next_can_come()
    {
        var small = new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size));
        var (a, b) = FrameSocketDevice.CreatePair(_pool, small, new() { Mtu = 65520 }, new() { Mtu = 65520 });
        using (a) using (b)
        {
            Frames.Send(a, _pool, Frames.Content(1, 60000));
            Frames.Send(a, _pool, Frames.Content(2, 60));
            Assert.Equal(Frames.Content(2, 60), Assert.Single(Frames.ReceiveAll(b)));
            Assert.Equal(1, b.Counters.Drops[DropReason.NoBuffer]);
            Assert.Equal(0, small.InUse);
        }
    }

    [Fact]
    public void Frames_that_nobody_could_receive_are_not_sent()
    {
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool);
        using (a) using (b)
        {
            Frames.Send(a, _pool, Frames.Content(1, 1519));
            Frames.Send(a, _pool, []);
            Frames.Send(a, _pool, Frames.Content(2, 60));
            Assert.Equal(Frames.Content(2, 60), Assert.Single(Frames.ReceiveAll(b)));
            Assert.Equal(1, a.Counters.Drops[DropReason.TooBig]);
            Assert.Equal(1, a.Counters.Drops[DropReason.BadLength]);
        }
    }

    [Fact]
    public void A_wake_ends_the_wait_that_runs_and_one_before_it_ends_the_next()
    {
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool);
        using (a) using (b)
        {
            a.Wake();
            a.Wait(Timeout.InfiniteTimeSpan);
            for (int i = 0; i < 100; i++)
            {
                var waker = new Thread(a.Wake);
                waker.Start();
                a.Wait(Timeout.InfiniteTimeSpan);
                waker.Join();
                // The wake may have come before the wait began or after its poll was over: nothing may be left to wait for.
                a.Wait(TimeSpan.Zero);
            }
        }
    }

    [Fact]
    public void Receiving_and_sending_allocate_nothing()
    {
        var (a, b) = FrameSocketDevice.CreatePair(_pool, _pool);
        using (a) using (b)
        {
            var frames = new PacketBuffer[8];
            byte[] content = Frames.Content(1, 1000);
            Move(100);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Move(1000);
            // The runtime counts a quantum of 8 KB too many now and then; an object for each frame would be 24 KB.
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16384);

            void Move(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    if (!_pool.TryRentPacket(PacketBuffer.Headroom, out frames[0]!)) throw new InvalidOperationException();
                    frames[0].TryAppend(content);
                    a.Transmit(frames.AsSpan(0, 1));
                    a.Reclaim(frames);
                    frames[0].Release();
                    b.Wait(s_soon);
                    if (b.Receive(frames) != 1) throw new InvalidOperationException();
                    frames[0].Release();
                }
            }
        }
    }

    [Fact]
    public void A_listener_and_a_peer_at_a_path_meet()
    {
        string path = Path.Combine(Path.GetTempPath(), $"morgana-{Guid.NewGuid():N}.sock");
        using (var listener = new FrameSocketListener(path))
        {
            Assert.Equal(-1, listener.Accept(TimeSpan.Zero));
            using var a = FrameSocketDevice.FromDescriptor(FrameSockets.Connect(path), _pool);
            using var b = FrameSocketDevice.FromDescriptor(listener.Accept(s_soon), _pool);
            Frames.Send(a, _pool, Frames.Content(1, 60));
            Assert.Single(Frames.ReceiveAll(b));
            Assert.Contains(path, Assert.Throws<IOException>(() => new FrameSocketListener(path)).Message);
        }

        Assert.False(File.Exists(path));
        Assert.Contains("cannot be connected to", Assert.Throws<IOException>(() => FrameSockets.Connect(path)).Message);
    }

    /// <summary>A device whose peer is a plain socket.</summary>
    private sealed class RawPeer : IDisposable
    {
        public RawPeer(BufferPool pool)
        {
            var (ours, theirs) = FrameSockets.CreatePair();
            Device = FrameSocketDevice.FromDescriptor(ours, pool);
            Socket = new Socket(new SafeSocketHandle(theirs, ownsHandle: true));
        }

        public FrameSocketDevice Device { get; }

        public Socket Socket { get; }

        public void Dispose()
        {
            Device.Dispose();
            Socket.Dispose();
        }
    }
}
