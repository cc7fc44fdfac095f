using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Gateway.Tests;

/// <summary>What the host's side, or the guest, does to bring the gateway down.</summary>
public class HostileTests
{
    [NeedsRawSocketFact]
    public async Task A_resolver_that_refuses_while_its_answer_is_waited_for_gives_way_to_the_next()
    {
        using var first = new UdpClient(GuestNetwork.Loopback());
        using var second = new UdpClient(GuestNetwork.Loopback());
        await using var network = new GuestNetwork(new GatewayOptions { Clock = new ManualClock(), Resolvers = [EndpointOf(first), EndpointOf(second)] });
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(UdpTests.Question(9), UdpTests.Dns, network.Limit);
        var asked = await first.ReceiveAsync(network.Limit);
        SendPortUnreachable(asked.RemoteEndPoint.Port, EndpointOf(first).Port);
        Assert.Equal(UdpTests.Question(9), (await second.ReceiveAsync(network.Limit)).Buffer);
        Assert.False(network.Gateway.Completion.IsCompleted);
    }

    [Fact]
    public async Task A_name_server_of_a_kind_that_the_host_does_not_know_ends_one_connection_and_not_the_gateway()
    {
        int dead;
        using (var gone = OutgoingTcpTests.Listen()) dead = OutgoingTcpTests.PortOf(gone);
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, Resolvers = [GuestNetwork.Loopback(dead), new StrangeEndpoint()] });
        var error = await Assert.ThrowsAsync<SocketException>(async () => await network.Guest.ConnectAsync(UdpTests.Dns, null, network.Limit));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        await AssertLivesAsync(network);
    }

    [Fact]
    public async Task A_full_disk_ends_the_capture_and_not_the_network()
    {
        var lines = new List<string>();
        var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
        await using (var network = new GuestNetwork(new GatewayOptions { AllowHost = true, Capture = full, Log = lines.Add }))
        {
            await AssertLivesAsync(network);
            await network.Gateway.DisposeAsync();
            await network.Gateway.Completion;
        }

        Assert.Contains(lines, l => l.Contains("capture", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_published_ports_that_lead_to_one_port_of_the_guests_keep_their_peers_apart()
    {
        await using var network = new GuestNetwork();
        await using var echo = await network.Guest.BindAsync(GuestNetwork.Self(7), network.Limit);
        var echoing = UdpTests.EchoAsync(echo, 2, network.Limit);
        var first = network.Gateway.PublishUdp(GuestNetwork.Loopback(), 7);
        var second = network.Gateway.PublishUdp(GuestNetwork.Loopback(), 7);
        using var one = new UdpClient(GuestNetwork.Loopback());
        using var other = new UdpClient(GuestNetwork.Loopback());
        await one.SendAsync("one"u8.ToArray(), first, network.Limit);
        Assert.Equal("one"u8.ToArray(), (await one.ReceiveAsync(network.Limit)).Buffer);
        await other.SendAsync("other"u8.ToArray(), second, network.Limit);
        var answer = await other.ReceiveAsync(network.Limit);
        Assert.Equal("other"u8.ToArray(), answer.Buffer);
        Assert.Equal(second, answer.RemoteEndPoint);
        await echoing;
    }

    private static async Task AssertLivesAsync(GuestNetwork network)
    {
        using var host = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(0), network.Limit);
        await guest.SendAsync("alive?"u8.ToArray(), GuestNetwork.Router(EndpointOf(host).Port), network.Limit);
        Assert.Equal("alive?"u8.ToArray(), (await host.ReceiveAsync(network.Limit)).Buffer);
        Assert.False(network.Gateway.Completion.IsCompleted);
    }

    private static IPEndPoint EndpointOf(UdpClient client) => (IPEndPoint)client.Client.LocalEndPoint!;

    /// <summary>The ICMP error that a router would send about a datagram on loopback.</summary>
    private static void SendPortUnreachable(int from, int to)
    {
        byte[] message = new byte[8 + 20 + 8];
        (message[0], message[1]) = (3, 3);
        var ip = message.AsSpan(8);
        (ip[0], ip[8], ip[9]) = (0x45, 64, 17);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], 28);
        IPAddress.Loopback.TryWriteBytes(ip[12..], out _);
        IPAddress.Loopback.TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], (ushort)to);
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 8);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), InternetChecksum.Of(message));
        using var raw = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        raw.SendTo(message, GuestNetwork.Loopback());
    }

    /// <summary>An endpoint of an address family that no kernel has a socket for.</summary>
    private sealed class StrangeEndpoint() : IPEndPoint(IPAddress.Loopback, 53)
    {
        public override AddressFamily AddressFamily => AddressFamily.Ecma;
    }
}

/// <summary>A test that forges an ICMP message, for which the kernel asks for CAP_NET_RAW.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsRawSocketFactAttribute : FactAttribute
{
    public NeedsRawSocketFactAttribute()
    {
        try
        {
            new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp).Dispose();
        }
        catch (SocketException)
        {
            Skip = "needs root, to forge an ICMP error on loopback";
        }
    }
}
