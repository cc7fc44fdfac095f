using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>What a host counts, by the definitions of RFC 1213 and RFC 4022.</summary>
public class StatisticsTests
{
    private readonly StackUnderTest _host = new();

    [Fact]
    public void Every_packet_of_ip_is_delivered_or_counted_as_something_else()
    {
        _host.LearnPeer();
        byte[] wrong = Ip(new(Peer, Own, IpProtocol.Udp), new byte[8]);
        wrong[10] ^= 1;
        _host.InjectIp(wrong);
        _host.InjectIp(Ip(new(Peer, Ipv4Address.From(10, 0, 0, 7), IpProtocol.Udp), new byte[8]));
        _host.InjectIp(Ip(new(Peer, Own, 99), new byte[8]));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, 9, [1])));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp) { MoreFragments = true, Identification = 3 }, new byte[24]));
        var s = _host.Stack.Statistics;
        Assert.Equal((5, 1, 1, 1, 1, 1), (s.IpIn, s.IpHeaderErrors, s.IpAddressErrors, s.IpUnknownProtocols, s.IpDelivered, s.FragmentsIn));
    }

    [Fact]
    public void Datagrams_that_nobody_gets_are_told_apart()
    {
        var endpoint = _host.Bind(2000, new() { QueueDatagrams = 1, AllowBroadcast = true });
        byte[] damaged = Udp(Peer, Own, 7, 2000, [1, 2, 3]);
        damaged[^1] ^= 1;
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), damaged));
        for (int i = 0; i < 3; i++) _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, 2000, [1])));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, 2001, [1])));
        _host.InjectIp(Ip(new(Peer, Ipv4Address.Broadcast, IpProtocol.Udp), Udp(Peer, Ipv4Address.Broadcast, 7, 2001, [1])));
        var udp = _host.Stack.Udp;
        Assert.Equal((1, 1, 1, 3, 1, 2), (udp.Received, udp.NoPorts, udp.IgnoredGroups, udp.Errors, udp.BadChecksums, udp.Overflows));
        endpoint.Close();
    }

    [Fact]
    public void Messages_of_icmp_are_counted_by_their_types()
    {
        _host.LearnPeer();
        byte[] ping = Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 1, 1), new byte[8]);
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Icmp), ping));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Icmp), Icmp(new(IcmpType.Redirect, 0, 0), new byte[28])));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Icmp), ping.AsSpan(0, 3)));
        ping[5] ^= 1;
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Icmp), ping));
        _host.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, 9, [1])));
        _host.Stack.Icmp.SendEcho(Peer, 1, 1, [], _host.Now);
        _host.Sent();
        var icmp = _host.Stack.Icmp;
        Assert.Equal((4, 2, 1, 1, 1), (icmp.Received, icmp.Damaged, icmp.BadChecksums, icmp.ReceivedOf((byte)IcmpType.EchoRequest), icmp.ReceivedOf((byte)IcmpType.Redirect)));
        Assert.Equal((3, 1, 1, 1), (icmp.Sent, icmp.SentOf((byte)IcmpType.EchoReply), icmp.SentOf((byte)IcmpType.EchoRequest), icmp.SentOf((byte)IcmpType.Unreachable)));
        Assert.Equal((0, 0), (icmp.ReceivedOf(255), icmp.SentOf(255)));
    }

    [Fact]
    public void An_interface_counts_what_it_drops_and_what_is_for_groups()
    {
        _host.Inject(Ethernet(new(0x0200_0000_0077), EtherType.Ipv4, new byte[40]));
        _host.Inject(Ethernet(Mac, 0x88B5, new byte[46]));
        _host.Inject(Ethernet(new(0x0100_5E01_0203), EtherType.Ipv4, Ip(new(Peer, Ipv4Address.From(239, 1, 2, 3), IpProtocol.Udp), new byte[8])));
        _host.Inject(Ethernet(MacAddress.Broadcast, 0x88B5, new byte[46]));
        Assert.Equal((4, 3, 1), (_host.Interface.FramesIn, _host.Interface.FramesDropped, _host.Interface.GroupFramesIn));
        var endpoint = _host.Bind(2000, new() { AllowBroadcast = true });
        int room = _host.Interface.OutputQueueLimit;
        for (int i = 0; i < room + 5; i++) endpoint.Send([1], new(Ipv4Address.Broadcast, 9), _host.Now);
        Assert.Equal((5, 5), (_host.Interface.OutputDropped, _host.Stack.Drops[DropReason.QueueFull]));
        Assert.Equal(room, _host.Sent().Count);
    }

    [Fact]
    public void The_hosts_own_link_and_fragments_are_counted()
    {
        _host.LearnPeer();
        var endpoint = _host.Bind(2000);
        endpoint.Send(new byte[100], new(Ipv4Address.Loopback, 2000), _host.Now);
        endpoint.Send(new byte[4000], new(Peer, 2000), _host.Now);
        _host.Sent();
        var s = _host.Stack.Statistics;
        Assert.Equal((1, 128, 3, 1), (s.LoopbackPackets, s.LoopbackOctets, s.FragmentsOut, s.Fragmented));
        endpoint.Close();
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void Connections_that_fail_and_those_that_are_reset_are_told_apart()
    {
        var tcp = _host.Stack.Tcp;
        Assert.Equal(TcpConnectError.None, tcp.TryConnect(new(Ipv4Address.Loopback, 0), new(Ipv4Address.Loopback, 81), 16384, TcpConnectionOptions.Default, _host.Now, out _));
        for (int i = 0; i < 4; i++) _host.Sent();
        Assert.Equal((1, 0), (tcp.Statistics.FailedAttempts, tcp.Statistics.EstablishedResets));
        Assert.Equal(TcpListenError.None, tcp.TryListen(new(Ipv4Address.Any, 80), new(), out var listener));
        Assert.Equal(TcpConnectError.None, tcp.TryConnect(new(Ipv4Address.Loopback, 0), new(Ipv4Address.Loopback, 80), 16384, TcpConnectionOptions.Default, _host.Now, out var client));
        for (int i = 0; i < 4; i++) _host.Sent();
        Assert.True(listener!.TryAccept(out _));
        client!.Abort(_host.Now);
        for (int i = 0; i < 4; i++) _host.Sent();
        // Both ends are here.
        Assert.Equal((1, 2), (tcp.Statistics.FailedAttempts, tcp.Statistics.EstablishedResets));
    }
}
