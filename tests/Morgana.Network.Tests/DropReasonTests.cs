using Morgana.Core;
using Morgana.Protocols.Udp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>Each frame that cannot be used is dropped under its name, leaves no buffer behind, and is counted once.</summary>
public class DropReasonTests
{
    private static readonly byte[] Ping = Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 1, 1), new byte[32]);
    private static readonly byte[] Datagram = Udp(Peer, Own, 1000, 2000, new byte[32]);

    [Fact]
    public void A_frame_shorter_than_its_header_is_truncated() => Expect(DropReason.Truncated, new byte[13]);

    [Fact]
    public void A_frame_for_another_station_is_not_ours() => Expect(DropReason.NotOurMac, Ethernet(new(0x0200_0000_0077), EtherType.Ipv4, Ip(new(Peer, Own, 1), Ping)));

    [Fact]
    public void A_frame_of_an_unknown_vlan_is_dropped() => Expect(DropReason.UnknownVlan, Ethernet(Mac, EtherType.Ipv4, Ip(new(Peer, Own, 1), Ping), tag: 7));

    [Fact]
    public void An_unknown_ether_type_is_dropped() => Expect(DropReason.UnknownEtherType, Ethernet(Mac, 0x88B5, new byte[46]));

    [Fact]
    public void A_frame_from_a_group_is_dropped() => Expect(DropReason.BadSource, Ethernet(Mac, EtherType.Ipv4, Ip(new(Peer, Own, 1), Ping), from: MacAddress.Broadcast));

    [Fact]
    public void An_ipv6_packet_is_looked_at_and_is_not_ours()
    {
        byte[] packet = new byte[40];
        new Ipv6Header(new(1, 2), new(3, 4), 59).WriteTo(packet, 0);
        Expect(DropReason.NotOurAddress, Ethernet(Mac, EtherType.Ipv6, packet));
    }

    [Fact]
    public void A_wrong_version_is_dropped() => ExpectIp(DropReason.BadVersion, Changed(Ip(new(Peer, Own, 1), Ping), 0, 0x65));

    [Fact]
    public void A_header_length_below_20_is_dropped() => ExpectIp(DropReason.BadLength, Changed(Ip(new(Peer, Own, 1), Ping), 0, 0x44));

    [Fact]
    public void A_total_length_beyond_the_frame_is_dropped() => ExpectIp(DropReason.BadLength, Changed(Ip(new(Peer, Own, 1), Ping), 2, 0x10));

    [Fact]
    public void A_wrong_header_checksum_is_dropped() => ExpectIp(DropReason.BadChecksum, Changed(Ip(new(Peer, Own, 1), Ping), 8, 12));

    [Fact]
    public void An_option_of_length_zero_is_dropped() => ExpectIp(DropReason.BadOption, Ip(new(Peer, Own, 1), Ping, [7, 0, 0, 0]));

    [Theory, InlineData(131), InlineData(137)]
    public void A_source_route_is_refused(byte kind) => ExpectIp(DropReason.SourceRoute, Ip(new(Peer, Own, 1), Ping, [1, kind, 7, 4, 10, 0, 0, 7]));

    [Theory]
    [InlineData("10.0.0.1")]        // Our own: land.
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.255")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("240.0.0.1")]
    public void Nobody_may_send_from(string source) => ExpectIp(DropReason.BadSource, Ip(new(Ipv4Address.Parse(source), Own, 1), Ping));

    [Theory, InlineData("10.0.0.2"), InlineData("127.0.0.1"), InlineData("224.1.2.3"), InlineData("8.8.8.8")]
    public void A_packet_for_somebody_else_is_not_ours(string destination) => ExpectIp(DropReason.NotOurAddress, Ip(new(Peer, Ipv4Address.Parse(destination), 1), Ping));

    [Fact]
    public void A_packet_to_us_in_a_frame_to_all_is_not_ours() => Expect(DropReason.NotOurAddress, Ethernet(MacAddress.Broadcast, EtherType.Ipv4, Ip(new(Peer, Own, 1), Ping)));

    [Theory, InlineData("10.0.0.255"), InlineData("255.255.255.255"), InlineData("224.0.0.1")]
    public void Smurf_gets_no_answer(string destination)
    {
        var stack = Expect(DropReason.BroadcastEcho, Ethernet(MacAddress.Broadcast, EtherType.Ipv4, Ip(new(Peer, Ipv4Address.Parse(destination), 1), Ping)));
        Assert.Empty(stack.Sent());
    }

    [Fact]
    public void A_damaged_icmp_message_is_dropped() => ExpectIp(DropReason.BadChecksum, Ip(new(Peer, Own, 1), Changed(Ping, 20, 9)));

    [Fact]
    public void An_unknown_icmp_type_is_dropped() => ExpectIp(DropReason.UnknownIcmpType, Ip(new(Peer, Own, 1), Icmp(new((IcmpType)13, 0, 0), new byte[12])));

    [Fact]
    public void A_redirect_is_ignored() => ExpectIp(DropReason.UnknownIcmpType, Ip(new(Peer, Own, 1), Icmp(new(IcmpType.Redirect, 1, 0x0A000007), Ip(new(Own, Peer, 17), Datagram))));

    [Fact]
    public void An_error_about_what_we_never_sent_is_dropped() =>
        ExpectIp(DropReason.UnmatchedError, Ip(new(Peer, Own, 1), Icmp(new(IcmpType.Unreachable, 3, 0), Ip(new(Peer, Own, 17), Datagram))));

    [Fact]
    public void A_truncated_icmp_message_is_dropped() => ExpectIp(DropReason.Truncated, Ip(new(Peer, Own, 1), [8, 0, 0]));

    [Fact]
    public void An_unknown_protocol_is_answered_and_dropped()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        stack.InjectIp(Ip(new(Peer, Own, 99), new byte[16]));
        var (header, _, _) = ReadIcmp(Assert.Single(stack.Sent()));
        Assert.Equal((IcmpType.Unreachable, IcmpCode.ProtocolUnreachable), (header.Type, header.Code));
        stack.AssertDropped(DropReason.UnknownProtocol);
    }

    [Fact]
    public void A_datagram_for_a_closed_port_is_answered_with_the_quoted_packet()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        byte[] packet = Ip(new(Peer, Own, 17), Datagram);
        stack.InjectIp(packet);
        var (header, payload, ip) = ReadIcmp(Assert.Single(stack.Sent()));
        Assert.Equal((IcmpType.Unreachable, IcmpCode.PortUnreachable), (header.Type, header.Code));
        Assert.Equal(packet, payload);
        Assert.Equal(Peer, ip.Destination);
        stack.AssertDropped(DropReason.NoSocket);
    }

    [Fact]
    public void A_datagram_to_port_zero_is_dropped() => ExpectIp(DropReason.BadPort, Ip(new(Peer, Own, 17), Udp(Peer, Own, 1, 0, [1])));

    [Fact]
    public void A_damaged_datagram_is_dropped() => ExpectIp(DropReason.BadChecksum, Ip(new(Peer, Own, 17), Changed(Datagram, 20, 9)));

    [Fact]
    public void A_datagram_with_a_lying_length_is_dropped() => ExpectIp(DropReason.BadLength, Ip(new(Peer, Own, 17), Changed(Datagram, 4, 1)));

    [Fact]
    public void A_full_receive_queue_drops_what_comes()
    {
        var stack = new StackUnderTest();
        var endpoint = stack.Bind(2000, new() { QueueDatagrams = 2 });
        for (int i = 0; i < 5; i++) stack.InjectIp(Ip(new(Peer, Own, 17), Datagram));
        stack.AssertDropped(DropReason.SocketQueueFull, 3);
        endpoint.Close();
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void An_arp_packet_of_another_kind_is_dropped()
    {
        byte[] frame = Arp(new(ArpOperation.Request, PeerMac, Peer, default, Own), MacAddress.Broadcast);
        frame[14 + 7] = 9;
        Expect(DropReason.BadArp, frame);
    }

    [Fact]
    public void Without_a_route_nothing_is_sent()
    {
        var stack = new StackUnderTest(o => o with { Gateway = null });
        Assert.Equal(DropReason.NoRoute, stack.Stack.Icmp.SendEcho(Ipv4Address.From(8, 8, 8, 8), 1, 1, [], stack.Now));
        stack.AssertDropped(DropReason.NoRoute);
    }

    [Fact]
    public void A_router_says_that_the_time_to_live_ran_out()
    {
        var stack = new StackUnderTest(o => o with { AcceptAnyAddress = true });
        stack.LearnPeer();
        stack.InjectIp(Ip(new(Peer, Ipv4Address.From(8, 8, 8, 8), 17) { TimeToLive = 1 }, Datagram));
        Assert.Equal(IcmpType.TimeExceeded, ReadIcmp(Assert.Single(stack.Sent())).Header.Type);
        stack.AssertDropped(DropReason.TtlExpired);
    }

    [Fact]
    public void Errors_are_rate_limited()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        for (int i = 0; i < 200; i++) stack.InjectIp(Ip(new(Peer, Own, 17), Datagram));
        Assert.Equal(50, stack.Sent().Count);
        Assert.Equal(150, stack.Stack.Drops[DropReason.RateLimited]);
    }

    [Fact]
    public void No_error_answers_an_error()
    {
        var stack = new StackUnderTest(o => o with { AcceptAnyAddress = true });
        stack.LearnPeer();
        byte[] error = Icmp(new(IcmpType.Unreachable, 3, 0), Ip(new(Own, Peer, 17), Datagram));
        stack.InjectIp(Ip(new(Peer, Ipv4Address.From(8, 8, 8, 8), 1) { TimeToLive = 1 }, error));
        Assert.Empty(stack.Sent());
    }

    private static StackUnderTest ExpectIp(DropReason reason, byte[] packet) => Expect(reason, Ethernet(Mac, EtherType.Ipv4, packet));

    private static StackUnderTest Expect(DropReason reason, byte[] frame)
    {
        var stack = new StackUnderTest();
        stack.Inject(frame);
        stack.AssertDropped(reason);
        Assert.Equal(0, stack.Pool.InUse);
        return stack;
    }

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        byte[] changed = [.. bytes];
        changed[at] = value;
        return changed;
    }
}
