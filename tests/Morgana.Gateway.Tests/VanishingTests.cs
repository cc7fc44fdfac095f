using System.Net.Sockets;

namespace Morgana.Gateway.Tests;

/// <summary>Guests that are there at one moment and not at the next.</summary>
public class VanishingTests
{
    [Fact]
    public async Task A_guest_that_vanishes_in_the_middle_of_transfers_leaves_nothing_behind()
    {
        await using var network = new GuestNetwork();
        using var server = OutgoingTcpTests.Listen();
        var cut = new List<Task>();
        byte[] much = OutgoingTcpTests.RandomBytes(4 << 20, seed: 21);
        for (int i = 0; i < 8; i++)
        {
            var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(OutgoingTcpTests.PortOf(server)), null, network.Limit);
            var host = await server.AcceptAsync(network.Limit);
            host.SendBufferSize = 1 << 16;
            _ = Task.Run(() => OutgoingTcpTests.SendAllAsync(connection.AsStream(), much, network.Limit));
            cut.Add(AssertIsCutAsync(host, much, network.Limit));
        }

        // Everything stands still since nobody reads: memory is held in both directions, and then the guest is gone.
        await network.UntilAsync(() => network.Gateway.Statistics is { TcpBytesToHost: > 1 << 20, TcpBytesToGuest: > 1 << 20, BlocksInUse: > 0 });
        network.Vanish();
        await network.Gateway.Completion.WaitAsync(network.Limit);
        Assert.Equal(0, network.Gateway.Statistics.TcpFlows);
        Assert.Equal(0, network.Gateway.Statistics.BlocksInUse);
        await Task.WhenAll(cut);
    }

    [Fact]
    public async Task A_guest_that_vanishes_while_its_connections_close_leaves_nothing_behind()
    {
        await using var network = new GuestNetwork();
        using var server = OutgoingTcpTests.Listen();
        var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(OutgoingTcpTests.PortOf(server)), null, network.Limit);
        var host = await server.AcceptAsync(network.Limit);
        // The host has sent and closed, and the guest does not read: what the gateway could not deliver is the stack's alone now.
        await host.SendAsync(OutgoingTcpTests.RandomBytes(1 << 20, seed: 22), network.Limit);
        await connection.Output.CompleteAsync();
        host.Dispose();
        await network.UntilAsync(() => network.Gateway.Statistics is { TcpBytesToGuest: > 0, BlocksInUse: > 0 });
        network.Vanish();
        await network.Gateway.Completion.WaitAsync(network.Limit);
        Assert.Equal(0, network.Gateway.Statistics.BlocksInUse);
    }

    [Fact]
    public async Task A_guest_that_vanishes_before_it_has_answered_leaves_nothing_behind()
    {
        await using var network = new GuestNetwork(new GatewayOptions { GuestAddress = Morgana.Core.Ipv4Address.Parse("10.0.2.77") });
        var tcp = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        var udp = network.Gateway.PublishUdp(GuestNetwork.Loopback(), 80);
        using var client = new TcpClient();
        await client.ConnectAsync(tcp, network.Limit);
        using var datagrams = new UdpClient(GuestNetwork.Loopback());
        await datagrams.SendAsync("anybody?"u8.ToArray(), udp, network.Limit);
        // A segment and a datagram wait for the neighbour that never answers.
        await network.UntilAsync(() => network.Gateway.Statistics is { TcpFlows: 1, UdpFlows: 1, BlocksInUse: > 0 });
        network.Vanish();
        await network.Gateway.Completion.WaitAsync(network.Limit);
        Assert.Equal(0, network.Gateway.Statistics.BlocksInUse);
    }

    private static async Task AssertIsCutAsync(Socket host, byte[] much, CancellationToken limit)
    {
        using var stream = new NetworkStream(host, ownsSocket: true);
        var failure = await Assert.ThrowsAsync<IOException>(() => Task.Run(() => OutgoingTcpTests.SendAllAsync(stream, much, limit)));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }
}
