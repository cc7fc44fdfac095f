using System.Net.Sockets;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Drivers.FrameSocket;
using Morgana.Network;

namespace Morgana.Sockets.Tests;

/// <summary>A peer that is gone without a word, on a clock that the test moves.</summary>
public class KeepAliveTests
{
    private static readonly Ipv4Address ClientAddress = Ipv4Address.From(10, 0, 0, 1), ServerAddress = Ipv4Address.From(10, 0, 0, 2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_peer_that_vanished_is_found_after_the_idle_time_and_the_probes_that_were_asked_for()
    {
        var clock = new StandingClock();
        var (clientPool, serverPool) = (new BufferPool(MemoryRegion.Native(2 << 20)), new BufferPool(MemoryRegion.Native(2 << 20)));
        var (clientDevice, serverDevice) = FrameSocketDevice.CreatePair(clientPool, serverPool);
        var cable = new CutCable(clientDevice);
        await using var client = Start(cable, clientPool, ClientAddress, clock);
        await using var server = Start(serverDevice, serverPool, ServerAddress, clock);
        await using var listener = await server.ListenAsync(new(ServerAddress, 80));
        var options = new TcpConnectOptions { KeepAlive = TimeSpan.FromSeconds(60), KeepAliveInterval = TimeSpan.FromSeconds(10), KeepAliveProbes = 3 };
        await using var connection = await client.ConnectAsync(new(ServerAddress, 80), options).AsTask().WaitAsync(Limit);
        await using var accepted = await listener.AcceptAsync().AsTask().WaitAsync(Limit);
        var reading = connection.Input.ReadAsync().AsTask();
        cable.IsCut = true;
        int seconds = 0;
        for (; client.Snapshot().Statistics.Tcp.TimedOut == 0 && seconds < 1000; seconds++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await TurnAsync(client);
        }

        // 60 seconds of silence, and three probes 10 seconds apart; the wheel's ticks may add one to each.
        Assert.InRange(seconds, 89, 95);
        var error = await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(Limit));
        Assert.Equal(SocketError.TimedOut, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
        Assert.Equal(3, client.Snapshot().Statistics.Tcp.KeepAliveProbes);
    }

    // The loop has looked at the clock, and at its timers, once this is over.
    private static async Task TurnAsync(NetworkLoop loop)
    {
        for (int i = 0; i < 2; i++)
        {
            var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            loop.Post(static s => ((TaskCompletionSource)s!).SetResult(), turned);
            await turned.Task.WaitAsync(Limit);
        }
    }

    private static NetworkLoop Start(INetworkDevice device, BufferPool pool, Ipv4Address address, TimeProvider clock)
    {
        var loop = new NetworkLoop(new NetworkLoopOptions
        {
            Attachments = [new(device, new InterfaceOptions { Mac = new MacAddress(0x0200_0000_0000UL | address.Value), Addresses = [new(address, 24)] })],
            Pool = pool,
            Clock = clock,
            Name = address.ToString(),
        });
        loop.Start();
        return loop;
    }

    private sealed class StandingClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }

    /// <summary>Once cut, not one frame goes through in either direction, and nobody is told.</summary>
    private sealed class CutCable(INetworkDevice inner) : INetworkDevice
    {
        private readonly Queue<PacketBuffer> _lost = new();

        public volatile bool IsCut;

        public NetworkDeviceCapabilities Capabilities => inner.Capabilities;

        public bool IsUp => inner.IsUp;

        public int Receive(Span<PacketBuffer> frames)
        {
            int count = inner.Receive(frames);
            if (!IsCut) return count;
            for (int i = 0; i < count; i++) frames[i].Release();
            return 0;
        }

        public int Transmit(ReadOnlySpan<PacketBuffer> frames)
        {
            if (!IsCut) return inner.Transmit(frames);
            foreach (var frame in frames) _lost.Enqueue(frame);
            return frames.Length;
        }

        public int Reclaim(Span<PacketBuffer> frames)
        {
            int count = 0;
            while (count < frames.Length && _lost.TryDequeue(out var frame)) frames[count++] = frame;
            return count > 0 ? count : inner.Reclaim(frames);
        }

        public void Wait(TimeSpan timeout) => inner.Wait(timeout);

        public void Wake() => inner.Wake();

        public void Dispose()
        {
            while (_lost.TryDequeue(out var frame)) frame.Release();
            inner.Dispose();
        }
    }
}
