using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

public class TransferTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 1)]
    [InlineData(0.01, 0, 0, 0, 2)]
    [InlineData(0.10, 0, 0, 0, 3)]
    [InlineData(0, 0.10, 0.20, 0, 4)]
    [InlineData(0, 0, 0, 0.05, 5)]
    [InlineData(0.05, 0.05, 0.10, 0.02, 6)]
    [InlineData(0.20, 0.05, 0.30, 0.02, 7)]
    public void Transfer_completes_whatever_the_wire_does(double loss, double duplication, double reordering, double corruption, int seed) =>
        Transfer(new(loss, duplication, reordering, corruption), seed, 300_000, new() { ReceiveBuffer = 65536, SendBuffer = 32768 });

    [Theory]
    [InlineData(11), InlineData(12), InlineData(13), InlineData(14), InlineData(15), InlineData(16)]
    public void Transfer_without_options_and_with_tiny_buffers_completes(int seed) =>
        Transfer(new(0.03, 0.02, 0.05, 0.01), seed, 40_000,
            new() { ReceiveBuffer = 3000, SendBuffer = 2000, Timestamps = false, WindowScaling = false, NoDelay = seed % 2 == 0 });

    [Fact]
    public void Transfer_in_packets_of_many_blocks_completes() => Transfer(new(0.02), 21, 2_000_000, TcpConnectionOptions.Default, mtu: 65520);

    // Every second segment then begins where a block begins, and the block before it goes back once it is acknowledged.
    [Theory, InlineData(41), InlineData(42), InlineData(43)]
    public void A_segment_that_begins_a_block_can_be_sent_again(int seed) =>
        Transfer(new(0.05), seed, 300_000, new() { Timestamps = false }, mtu: 1024 + 40);

    [Theory, InlineData(31), InlineData(32), InlineData(33)]
    public void Transfer_completes_in_a_pool_that_is_far_too_small(int seed) =>
        Transfer(new(0.01), seed, 300_000, TcpConnectionOptions.Default, memory: 64 * PoolBlock.Size);

    [Theory, InlineData(51), InlineData(52), InlineData(55)]
    public void Transfer_over_IPv6_addresses_completes(int seed) => Transfer(new(0.03, 0.02, 0.05, 0.01), seed, 200_000, TcpConnectionOptions.Default, isIpv6: true);

    private static void Transfer(Faults faults, int seed, int size, TcpConnectionOptions options, int mtu = 1500, int memory = 16 << 20, bool isIpv6 = false)
    {
        var hosts = new TwoHosts(seed, mtu: mtu, memory: memory, isIpv6: isIpv6);
        // One seed in four without SACK on one side, so that both ways of recovery are taken.
        var listener = hosts.Listen(80, new() { Connection = seed % 4 == 3 ? options with { SelectiveAcknowledgments = false } : options });
        var client = hosts.Connect(80, options);
        hosts.Faults = faults;
        byte[] up = new byte[size], down = new byte[size / 2];
        new Random(seed).NextBytes(up);
        new Random(seed + 1).NextBytes(down);
        TcpControlBlock? server = null;
        var clientEnd = new Application(up, down.Length);
        var serverEnd = new Application(down, up.Length);
        hosts.AfterStep = () =>
        {
            if (server is null && listener.TryAccept(out server)) server.TakeEvents();
            clientEnd.Work(client, hosts.Now);
            if (server is not null) serverEnd.Work(server, hosts.Now);
            Invariants.Check(client, server);
        };
        Assert.True(hosts.RunUntil(() => clientEnd.IsDone && serverEnd.IsDone), $"seed {seed}: stuck in {client.State}/{server?.State} at {hosts.Now}, {clientEnd} {serverEnd}");
        Assert.True(up.AsSpan().SequenceEqual(serverEnd.Received), $"seed {seed}: the stream up differs");
        Assert.True(down.AsSpan().SequenceEqual(clientEnd.Received), $"seed {seed}: the stream down differs");
        hosts.AfterStep = null;
        client.Close(hosts.Now);
        server!.Close(hosts.Now);
        hosts.Faults = new();
        hosts.Run(TimeSpan.FromMinutes(3));
        Assert.Equal(0, hosts.A.Statistics.Connections);
        Assert.Equal(0, hosts.B.Statistics.Connections);
        Assert.Equal(Instant.Never, hosts.A.NextTimeout);
        Assert.Equal(Instant.Never, hosts.B.NextTimeout);
        Assert.Equal(0, hosts.Pool.InUse);
    }

    /// <summary>Writes what it has, reads what comes, and ends its direction.</summary>
    private sealed class Application(byte[] toSend, int toReceive)
    {
        private readonly byte[] _received = new byte[toReceive + 1];
        private int _sent, _count;
        private bool _isEnded;

        public ReadOnlySpan<byte> Received => _received.AsSpan(0, _count);

        public bool IsDone => _isEnded && _sent == toSend.Length;

        public void Work(TcpControlBlock tcb, Instant now)
        {
            if (tcb.State is TcpState.Established or TcpState.CloseWait && _sent < toSend.Length)
            {
                _sent += tcb.Write(toSend.AsSpan(_sent), now);
                if (_sent == toSend.Length) tcb.Shutdown(now);
            }

            _count += tcb.Read(_received.AsSpan(_count), now);
            _isEnded |= tcb.IsEndOfStream;
            Assert.False((tcb.TakeEvents() & (TcpEvents.Reset | TcpEvents.TimedOut | TcpEvents.Refused)) != 0, "it was reset");
        }

        public override string ToString() => $"sent {_sent} of {toSend.Length}, received {_count}, ended {_isEnded}";
    }
}
