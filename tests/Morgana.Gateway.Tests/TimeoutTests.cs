using System.Net;
using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Gateway.Tests;

/// <summary>What takes minutes on the wire, on a clock that the test moves.</summary>
public class TimeoutTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task A_mapping_is_forgotten_after_two_silent_minutes_and_not_before()
    {
        await using var network = Network();
        using var host = new UdpClient(GuestNetwork.Loopback());
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync("hello"u8.ToArray(), Router(host), network.Limit);
        var first = (await host.ReceiveAsync(network.Limit)).RemoteEndPoint;
        _clock.Advance(TimeSpan.FromSeconds(119));
        await guest.SendAsync("still here"u8.ToArray(), Router(host), network.Limit);
        Assert.Equal(first, (await host.ReceiveAsync(network.Limit)).RemoteEndPoint);
        await network.UntilAsync(() => network.Gateway.Statistics is { UdpToHost: 2, UdpFlows: 1 });
        _clock.Advance(TimeSpan.FromSeconds(120));
        await network.UntilAsync(() => network.Gateway.Statistics.UdpFlows == 0);
    }

    [Fact]
    public async Task A_published_ports_peer_is_forgotten_after_two_silent_minutes()
    {
        await using var network = Network();
        await using var echo = await network.Guest.BindAsync(GuestNetwork.Self(7), network.Limit);
        var echoing = UdpTests.EchoAsync(echo, 1, network.Limit);
        var endpoint = network.Gateway.PublishUdp(GuestNetwork.Loopback(), 7);
        using var client = new UdpClient(GuestNetwork.Loopback());
        await client.SendAsync("hello"u8.ToArray(), endpoint, network.Limit);
        await client.ReceiveAsync(network.Limit);
        await echoing;
        Assert.Equal(1, network.Gateway.Statistics.UdpFlows);
        _clock.Advance(TimeSpan.FromSeconds(121));
        await network.UntilAsync(() => network.Gateway.Statistics.UdpFlows == 0);
    }

    [Fact]
    public async Task A_silent_resolver_gives_way_to_the_next_and_its_late_answer_still_counts()
    {
        using var silent = new UdpClient(GuestNetwork.Loopback());
        using var second = new UdpClient(GuestNetwork.Loopback());
        await using var network = Network(silent, second);
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(UdpTests.Question(7), UdpTests.Dns, network.Limit);
        var asked = await silent.ReceiveAsync(network.Limit);
        Assert.Equal(0, second.Available);
        _clock.Advance(TimeSpan.FromSeconds(2));
        network.Gateway.Wake();
        Assert.Equal(UdpTests.Question(7), (await second.ReceiveAsync(network.Limit)).Buffer);
        byte[] reply = [.. asked.Buffer];
        reply[2] |= 0x80;
        await silent.SendAsync(reply, asked.RemoteEndPoint, network.Limit);
        byte[] answer = new byte[512];
        var result = await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(reply, answer[..result.Length]);
        await network.AssertNothingIsLeftAsync();
        Assert.Equal(0, network.Gateway.Statistics.DnsFailed);
    }

    [Fact]
    public async Task When_every_resolver_is_silent_the_guest_hears_that_its_question_failed()
    {
        using var first = new UdpClient(GuestNetwork.Loopback());
        using var second = new UdpClient(GuestNetwork.Loopback());
        await using var network = Network(first, second);
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), network.Limit);
        await guest.SendAsync(UdpTests.Question(8), UdpTests.Dns, network.Limit);
        await first.ReceiveAsync(network.Limit);
        _clock.Advance(TimeSpan.FromSeconds(2));
        network.Gateway.Wake();
        await second.ReceiveAsync(network.Limit);
        _clock.Advance(TimeSpan.FromSeconds(2));
        network.Gateway.Wake();
        byte[] answer = new byte[512];
        await guest.ReceiveAsync(answer, network.Limit);
        Assert.Equal(2, answer[3] & 0x0F);                  // RFC 1035 4.1.1: server failure
        Assert.Equal(1, network.Gateway.Statistics.DnsFailed);
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_connection_that_a_silent_guest_does_not_open_is_given_up()
    {
        // Nobody speaks ARP at this address: the gateway asks a guest that is not there.
        await using var network = new GuestNetwork(new GatewayOptions { Clock = _clock, GuestAddress = Ipv4Address.Parse("10.0.2.77") });
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint, network.Limit);
        await network.UntilAsync(() => network.Gateway.Statistics.TcpFlows == 1);
        var reading = client.GetStream().ReadAsync(new byte[1], network.Limit).AsTask();
        await network.UntilAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return reading.IsCompleted;
        });
        await Assert.ThrowsAnyAsync<IOException>(() => reading);
        Assert.Equal(1, network.Gateway.Statistics.TcpFailed);
        await network.UntilAsync(() => network.Gateway.Statistics is { TcpFlows: 0, BlocksInUse: 0 });
    }

    private static IpEndpoint Router(UdpClient host) => GuestNetwork.Router(((IPEndPoint)host.Client.LocalEndPoint!).Port);

    private GuestNetwork Network(params UdpClient[] resolvers) => new(new GatewayOptions
    {
        AllowHost = true,
        Clock = _clock,
        Resolvers = [.. resolvers.Select(r => (IPEndPoint)r.Client.LocalEndPoint!)],
    });
}
