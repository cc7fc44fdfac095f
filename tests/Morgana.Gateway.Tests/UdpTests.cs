using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.Gateway.Tests;

public class UdpTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1400)]
    [InlineData(9000)]
    [InlineData(60000)]
    public async Task A_datagram_of_any_size_goes_out_and_its_answer_comes_back(int length)
    {
        await using var network = new GuestNetwork();
        using var host = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        byte[] message = OutgoingTcpTests.RandomBytes(length, seed: length);
        await guest.SendAsync(message, GuestNetwork.Router(PortOf(host)), network.Limit);
        var received = await host.ReceiveAsync(network.Limit);
        Assert.Equal(message, received.Buffer);
        await host.SendAsync(received.Buffer, received.RemoteEndPoint, network.Limit);
        byte[] answer = new byte[65536];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(message, answer[..result.Length]);
        Assert.Equal(GuestNetwork.Router(PortOf(host)), result.From);
    }

    [Fact]
    public async Task Strangers_do_not_get_through_a_mapping()
    {
        await using var network = new GuestNetwork();
        using var host = new UdpClient(GuestNetwork.Loopback());
        using var stranger = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync("hello"u8.ToArray(), GuestNetwork.Router(PortOf(host)), network.Limit);
        var mapped = (await host.ReceiveAsync(network.Limit)).RemoteEndPoint;
        await stranger.SendAsync("let me in"u8.ToArray(), mapped, network.Limit);
        await host.SendAsync("welcome"u8.ToArray(), mapped, network.Limit);
        byte[] answer = new byte[100];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal("welcome"u8.ToArray(), answer[..result.Length]);
    }

    [Fact]
    public async Task Idle_mappings_expire()
    {
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, UdpIdleTimeout = TimeSpan.FromMilliseconds(50) });
        using var host = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync("hello"u8.ToArray(), GuestNetwork.Router(PortOf(host)), network.Limit);
        await host.ReceiveAsync(network.Limit);
        await network.UntilAsync(() => network.Gateway.Statistics is { UdpToHost: 1, UdpFlows: 0 });
    }

    [Fact]
    public async Task Mappings_are_limited_and_the_oldest_gives_way()
    {
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, MaxUdpFlows = 8 });
        using var host = new UdpClient(GuestNetwork.Loopback());
        for (int i = 0; i < 30; i++)
        {
            await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000 + i), network.Limit);
            await guest.SendAsync(new[] { (byte)i }, GuestNetwork.Router(PortOf(host)), network.Limit);
            Assert.Equal((byte)i, (await host.ReceiveAsync(network.Limit)).Buffer[0]);
            Assert.InRange(network.Gateway.Statistics.UdpFlows, 1, 8);
        }

        Assert.True(network.Gateway.Statistics.UdpEvicted >= 22);
    }

    [Fact]
    public async Task Without_permission_the_hosts_loopback_hears_nothing()
    {
        await using var network = new GuestNetwork(new GatewayOptions());
        using var host = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync("hello"u8.ToArray(), GuestNetwork.Router(PortOf(host)), network.Limit);
        await network.UntilAsync(() => network.Gateway.Statistics.UdpDropped == 1);
        Assert.Equal(0, host.Available);
    }

    [Fact]
    public async Task Names_are_asked_for_at_the_hosts_resolver_and_answered_as_whole_datagrams()
    {
        using var resolver = new UdpClient(GuestNetwork.Loopback());
        await using var network = new GuestNetwork(new GatewayOptions { Resolvers = [GuestNetwork.Loopback(PortOf(resolver))] });
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        byte[] question = Question(id: 0x1234);
        await guest.SendAsync(question, Dns, network.Limit);
        var asked = await resolver.ReceiveAsync(network.Limit);
        Assert.Equal(question, asked.Buffer);
        // A whole datagram, longer than any question and than the old 512 octets, goes back as it is.
        byte[] reply = OutgoingTcpTests.RandomBytes(3000, seed: 6);
        question.AsSpan(0, 12).CopyTo(reply);
        reply[2] |= 0x80;
        await resolver.SendAsync(reply, asked.RemoteEndPoint, network.Limit);
        byte[] answer = new byte[4096];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(reply, answer[..result.Length]);
        Assert.Equal(Dns, result.From);
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_resolver_that_is_not_there_is_passed_over()
    {
        int dead;
        using (var gone = new UdpClient(GuestNetwork.Loopback())) dead = PortOf(gone);
        using var resolver = new UdpClient(GuestNetwork.Loopback());
        await using var network = new GuestNetwork(new GatewayOptions { Resolvers = [GuestNetwork.Loopback(dead), GuestNetwork.Loopback(PortOf(resolver))] });
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(Question(id: 1), Dns, network.Limit);
        Assert.Equal(Question(id: 1), (await resolver.ReceiveAsync(network.Limit)).Buffer);
    }

    [Fact]
    public async Task Without_any_resolver_the_question_fails_at_once()
    {
        int dead;
        using (var gone = new UdpClient(GuestNetwork.Loopback())) dead = PortOf(gone);
        await using var network = new GuestNetwork(new GatewayOptions { Resolvers = [GuestNetwork.Loopback(dead)] });
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(Question(id: 77), Dns, network.Limit);
        byte[] answer = new byte[512];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(77, BinaryPrimitives.ReadUInt16BigEndian(answer));
        Assert.Equal(Question(id: 77).Length, result.Length);
        Assert.Equal(2, answer[3] & 0x0F);                  // RFC 1035 4.1.1: server failure
        Assert.Equal(1, network.Gateway.Statistics.DnsFailed);
    }

    [Fact]
    public async Task An_answer_to_another_question_is_ignored()
    {
        using var resolver = new UdpClient(GuestNetwork.Loopback());
        await using var network = new GuestNetwork(new GatewayOptions { Resolvers = [GuestNetwork.Loopback(PortOf(resolver))] });
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(Question(id: 5), Dns, network.Limit);
        var asked = await resolver.ReceiveAsync(network.Limit);
        byte[] wrong = Question(id: 6), right = Question(id: 5);
        wrong[2] |= 0x80;
        right[2] |= 0x80;
        await resolver.SendAsync(wrong, asked.RemoteEndPoint, network.Limit);
        await resolver.SendAsync(right, asked.RemoteEndPoint, network.Limit);
        byte[] answer = new byte[512];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(right, answer[..result.Length]);
    }

    [Fact]
    public async Task Questions_over_tcp_are_relayed_to_the_resolver_too()
    {
        using var resolver = OutgoingTcpTests.Listen();
        int dead;
        using (var gone = OutgoingTcpTests.Listen()) dead = OutgoingTcpTests.PortOf(gone);
        await using var network = new GuestNetwork(new GatewayOptions { Resolvers = [GuestNetwork.Loopback(dead), GuestNetwork.Loopback(OutgoingTcpTests.PortOf(resolver))] });
        await using var connection = await network.Guest.ConnectAsync(Dns, null, network.Limit);
        using var host = await resolver.AcceptAsync(network.Limit);
        await connection.AsStream().WriteAsync(Question(id: 9), network.Limit);
        byte[] received = new byte[Question(id: 9).Length];
        await new NetworkStream(host).ReadExactlyAsync(received, network.Limit);
        Assert.Equal(Question(id: 9), received);
    }

    [Theory]
    [InlineData("10.0.2.2")]
    [InlineData("10.0.2.3")]
    public async Task The_gateways_own_addresses_answer_pings(string address)
    {
        await using var network = new GuestNetwork();
        Assert.True((await network.Guest.PingAsync(Ipv4Address.Parse(address), GuestNetwork.Patience, 56, network.Limit)).Received);
    }

    internal static async Task EchoAsync(UdpSocket socket, int count, CancellationToken limit)
    {
        byte[] buffer = new byte[65536];
        for (int i = 0; i < count; i++)
        {
            var received = await socket.ReceiveAsync(buffer, limit);
            await socket.SendAsync(buffer.AsMemory(0, received.Length), received.From, limit);
        }
    }

    internal static IpEndpoint Dns => new(Ipv4Address.Parse("10.0.2.3"), 53);

    private static int PortOf(UdpClient client) => ((IPEndPoint)client.Client.LocalEndPoint!).Port;

    /// <summary>RFC 1035 4: example.org, A, IN.</summary>
    internal static byte[] Question(ushort id) =>
        [(byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, .. "example"u8, 3, .. "org"u8, 0, 0, 1, 0, 1];
}
