using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Protocols.Udp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>A host on two links: 10.0.0.1/24 and, in VLAN 7, 172.16.0.1/16.</summary>
public class MultiHomedTests
{
    private static readonly Ipv4Address Other = Ipv4Address.From(172, 16, 0, 1), OtherPeer = Ipv4Address.From(172, 16, 5, 5);
    private static readonly MacAddress OtherMac = new(0x0200_0000_0055), OtherPeerMac = new(0x0200_0000_0056);
    private readonly StackUnderTest _host = new();
    private readonly NetworkInterface _other;

    public MultiHomedTests()
    {
        _other = _host.Stack.AddInterface(new() { Name = "net1", Mac = OtherMac, Mtu = 9000, Vlan = 7, Addresses = [new(Other, 16)] }, _host.Now);
        SentByOther();
        _host.LearnPeer();
        var request = new byte[ArpPacket.Size];
        new ArpPacket(ArpOperation.Request, OtherPeerMac, OtherPeer, default, Other).WriteTo(request);
        InjectOther(Ethernet(MacAddress.Broadcast, EtherType.Arp, request, tag: 7, from: OtherPeerMac));
        Assert.Single(SentByOther());
    }

    [Fact]
    public void Each_destination_is_spoken_to_from_its_own_link()
    {
        Assert.True(_host.Stack.TrySelectSource(Peer, out var source, out int mtu));
        Assert.Equal(((IpAddress)Own, 1500), (source, mtu));
        Assert.True(_host.Stack.TrySelectSource(OtherPeer, out source, out mtu));
        Assert.Equal(((IpAddress)Other, 9000), (source, mtu));
        _host.Stack.Icmp.SendEcho(OtherPeer, 1, 1, [], _host.Now);
        Assert.Empty(_host.Sent());
        Assert.Equal(DropReason.None, EthernetFrame.Parse(Assert.Single(SentByOther()), out var frame));
        Assert.Equal((OtherPeerMac, OtherMac, (ushort)7), (frame.Destination, frame.Source, frame.Vlan));
        Assert.Equal(DropReason.None, Ipv4Packet.Parse(frame.Payload, out var ip));
        Assert.Equal(Other, ip.Source);
    }

    [Fact]
    public void A_ping_is_answered_on_the_link_that_it_came_from_and_an_address_of_the_other_link_is_not_ours_there()
    {
        var ping = Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 3, 4), [5]);
        InjectOther(Ethernet(OtherMac, EtherType.Ipv4, Ip(new(OtherPeer, Other, IpProtocol.Icmp), ping), tag: 7, from: OtherPeerMac));
        Assert.Empty(_host.Sent());
        Assert.Single(SentByOther());
        // RFC 1122 3.3.4.2, the strong model: whoever is on one link does not reach what was opened for the other.
        InjectOther(Ethernet(OtherMac, EtherType.Ipv4, Ip(new(OtherPeer, Own, IpProtocol.Icmp), ping), tag: 7, from: OtherPeerMac));
        _host.AssertDropped(DropReason.NotOurAddress);
    }

    [Fact]
    public void A_tcp_connection_goes_through_the_link_of_its_peer()
    {
        Assert.Equal(TcpConnectError.None, _host.Stack.Tcp.TryConnect(new(Other, 0), new(OtherPeer, 80), 9000, TcpConnectionOptions.Default, _host.Now, out _));
        Assert.Empty(_host.Sent());
        Assert.Single(SentByOther());
        Assert.Equal(TcpConnectError.None, _host.Stack.Tcp.TryConnect(new(Own, 0), new(Peer, 80), 1500, TcpConnectionOptions.Default, _host.Now, out _));
        // Whichever link is served first, each segment goes out by its own.
        Assert.Empty(SentByOther());
        Assert.Single(_host.Sent());
    }

    [Theory]
    [InlineData("172.16.255.255", "ff:ff:ff:ff:ff:ff", true)]
    [InlineData("10.0.0.255", "ff:ff:ff:ff:ff:ff", false)]
    [InlineData("255.255.255.255", "ff:ff:ff:ff:ff:ff", false)]
    [InlineData("224.0.0.251", "01:00:5e:00:00:fb", false)]
    [InlineData("239.255.129.1", "01:00:5e:7f:81:01", false)]
    public void Broadcast_and_multicast_go_to_everybody_on_one_link(string destination, string mac, bool isOther)
    {
        var endpoint = _host.Bind(1000, new UdpBindOptions { AllowBroadcast = true });
        // Multicast follows the routes, and there is no default route but on the first link.
        Assert.Equal(DropReason.None, endpoint.Send([1], new(Ipv4Address.Parse(destination), 9), _host.Now));
        var (sent, silent) = isOther ? (SentByOther(), _host.Sent()) : (_host.Sent(), SentByOther());
        Assert.Empty(silent);
        Assert.Equal(MacAddress.Parse(mac), MacAddress.Read(Assert.Single(sent)));
    }

    [Fact]
    public void Broadcast_is_sent_and_received_only_by_those_who_asked_for_it()
    {
        var plain = _host.Bind(1000);
        Assert.Equal(DropReason.NoRoute, plain.Send([1], new(Ipv4Address.From(172, 16, 255, 255), 9), _host.Now));
        var listening = _host.Bind(2000, new UdpBindOptions { AllowBroadcast = true });
        foreach (var to in new[] { Ipv4Address.Broadcast, Ipv4Address.From(172, 16, 255, 255), Ipv4Address.From(224, 0, 0, 1) })
        {
            var frame = (ushort port) => Ethernet(MacAddress.Broadcast, EtherType.Ipv4, Ip(new(OtherPeer, to, IpProtocol.Udp), Udp(OtherPeer, to, 7, port, [1])), tag: 7, from: OtherPeerMac);
            InjectOther(frame(1000));
            InjectOther(frame(2000));
            Assert.True(listening.TryReceive(out var payload, out _, out var local), to.ToString());
            Assert.Equal(new IpEndpoint(to, 2000), local);
            payload.Release();
        }

        Assert.Equal(0, plain.QueuedDatagrams);
        Assert.Empty(SentByOther());        // RFC 1122 3.2.2: nobody complains about a broadcast.
    }

    private void InjectOther(byte[] frame)
    {
        Assert.True(_host.Pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend(frame));
        _host.Stack.HandleFrame(_other, packet, _host.Now);
    }

    private List<byte[]> SentByOther()
    {
        var frames = new PacketBuffer[16];
        var sent = new List<byte[]>();
        for (int n; (n = _host.Stack.Transmit(_other, frames, _host.Now)) > 0;)
        {
            for (int i = 0; i < n; i++)
            {
                byte[] frame = new byte[frames[i].Length];
                frames[i].CopyTo(0, frame);
                frames[i].Release();
                sent.Add(frame);
            }
        }

        return sent;
    }
}
