using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

public class NeighbourTests
{
    [Fact]
    public void A_request_for_our_address_is_answered_and_its_sender_is_learnt()
    {
        var stack = new StackUnderTest();
        stack.Inject(Arp(new(ArpOperation.Request, PeerMac, Peer, default, Own), MacAddress.Broadcast));
        Assert.Equal(new ArpPacket(ArpOperation.Reply, Mac, Own, PeerMac, Peer), ReadArp(Assert.Single(stack.Sent()), PeerMac));
        Assert.True(stack.Interface.Neighbours.TryGet(Peer, out var mac));
        Assert.Equal(PeerMac, mac);
    }

    [Fact]
    public void A_probe_for_our_address_is_answered_but_teaches_nothing()
    {
        var stack = new StackUnderTest();
        stack.Inject(Arp(ArpPacket.Probe(PeerMac, Own), MacAddress.Broadcast));
        Assert.Single(stack.Sent());
        Assert.Equal(0, stack.Interface.Neighbours.Count);
    }

    [Fact]
    public void An_answer_that_nobody_asked_for_teaches_nothing()
    {
        var stack = new StackUnderTest();
        stack.Inject(Arp(new(ArpOperation.Reply, PeerMac, Peer, Mac, Own), Mac));
        stack.Inject(Arp(ArpPacket.Announcement(PeerMac, Peer), MacAddress.Broadcast));
        Assert.Equal(0, stack.Interface.Neighbours.Count);
    }

    [Fact]
    public void An_announcement_changes_what_is_known()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        var moved = new MacAddress(0x0200_0000_7777);
        stack.Inject(Arp(ArpPacket.Announcement(moved, Peer), MacAddress.Broadcast));
        stack.Stack.Icmp.SendEcho(Peer, 1, 1, [], stack.Now);
        Assert.Equal(moved, MacAddress.Read(Assert.Single(stack.Sent())));
    }

    [Fact]
    public void Packets_wait_for_the_answer_and_go_out_in_order()
    {
        var stack = new StackUnderTest();
        for (ushort i = 0; i < 3; i++) stack.Stack.Icmp.SendEcho(Peer, 1, i, [], stack.Now);
        ReadArp(Assert.Single(stack.Sent()), MacAddress.Broadcast);
        Assert.Equal(3, stack.Interface.Neighbours.PendingCount);
        stack.Inject(Arp(new(ArpOperation.Reply, PeerMac, Peer, Mac, Own), Mac));
        Assert.Equal([0, 1, 2], stack.Sent().Select(f => (int)ReadIcmp(f).Header.Rest & 0xFFFF));
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void An_unreachable_neighbour_holds_few_packets_and_is_given_up()
    {
        var stack = new StackUnderTest();
        for (ushort i = 0; i < 100; i++) stack.Stack.Icmp.SendEcho(Peer, 1, i, [], stack.Now);
        Assert.Equal(4, stack.Interface.Neighbours.PendingCount);
        Assert.Equal(96, stack.Stack.Drops[DropReason.QueueFull]);
        stack.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(4, stack.Stack.Drops[DropReason.NeighbourUnreachable]);
        Assert.Equal(0, stack.Interface.Neighbours.Count);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void One_unreachable_peer_does_not_clog_the_way_to_others()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        for (int i = 0; i < 1000; i++) stack.Stack.Icmp.SendEcho(Ipv4Address.From(10, 0, 0, 50), 1, 1, new byte[1000], stack.Now);
        Assert.Equal(DropReason.None, stack.Stack.Icmp.SendEcho(Peer, 1, 7, [], stack.Now));
        Assert.Contains(stack.Sent(), f => MacAddress.Read(f) == PeerMac);
    }

    [Fact]
    public void A_neighbour_that_grew_old_is_asked_by_unicast_and_used_meanwhile()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        stack.Advance(TimeSpan.FromSeconds(61));
        stack.Stack.Icmp.SendEcho(Peer, 1, 1, [], stack.Now);
        var sent = stack.Sent();
        Assert.Equal(2, sent.Count);
        Assert.Equal(ArpOperation.Request, ReadArp(sent[0], PeerMac).Operation);
        ReadIcmp(sent[1]);
        stack.Advance(TimeSpan.FromSeconds(5));
        Assert.False(stack.Interface.Neighbours.TryGet(Peer, out _));
    }

    [Fact]
    public void A_flood_of_requests_stays_bounded_and_evicts_no_active_peer()
    {
        var stack = new StackUnderTest(options: new() { Arp = new() { Capacity = 32 } });
        stack.LearnPeer();
        for (int i = 0; i < 5000; i++)
        {
            var source = new Ipv4Address(0x0A00_0100u + (uint)i);
            stack.Inject(Arp(new(ArpOperation.Request, new(0x0200_1000_0000 + (ulong)i), source, default, Own), MacAddress.Broadcast));
            stack.Sent();
        }

        Assert.True(stack.Interface.Neighbours.Count <= 32);
        Assert.True(stack.Interface.Neighbours.TryGet(Peer, out _));
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void A_flood_without_answers_in_between_stays_bounded()
    {
        var stack = new StackUnderTest();
        for (int i = 0; i < 5000; i++) stack.Inject(Arp(new(ArpOperation.Request, PeerMac, Peer, default, Own), MacAddress.Broadcast));
        Assert.Equal(64, stack.Sent().Count);
        Assert.Equal(5000 - 64, stack.Stack.Drops[DropReason.QueueFull]);
    }

    [Fact]
    public void A_conflict_is_counted_and_defended_once_in_ten_seconds()
    {
        var stack = new StackUnderTest();
        var claim = Arp(ArpPacket.Announcement(PeerMac, Own), MacAddress.Broadcast);
        stack.Inject(claim);
        Assert.Equal(ArpPacket.Announcement(Mac, Own), ReadArp(Assert.Single(stack.Sent()), MacAddress.Broadcast));
        stack.Inject(claim);
        Assert.Empty(stack.Sent());
        stack.Advance(TimeSpan.FromSeconds(10));
        stack.Inject(claim);
        Assert.Single(stack.Sent());
        Assert.Equal(3, stack.Interface.Neighbours.Conflicts);
        Assert.Equal(3, stack.Stack.Drops[DropReason.AddressConflict]);
    }

    [Fact]
    public void An_address_is_announced_twice()
    {
        var pool = new BufferPool(MemoryRegion.Pinned(1 << 20));
        var stack = new NetworkStack(new(), pool, new byte[32], new TraceRing());
        var now = Instant.Zero;
        var net = stack.AddInterface(new() { Mac = Mac, Addresses = [new(Own, 24)] }, now);
        Assert.Equal(1, net.Neighbours.OutputCount);
        Assert.Equal(now + TimeSpan.FromSeconds(2), stack.NextTimeout);
        stack.HandleTimeouts(stack.NextTimeout);
        Assert.Equal(2, net.Neighbours.OutputCount);
        Assert.Equal(Instant.Never, stack.NextTimeout);
    }

    [Fact]
    public void A_tagged_interface_sends_and_takes_its_vlan_only()
    {
        var stack = new StackUnderTest(o => o with { Vlan = 7 });
        var request = new byte[ArpPacket.Size];
        new ArpPacket(ArpOperation.Request, PeerMac, Peer, default, Own).WriteTo(request);
        stack.Inject(Ethernet(MacAddress.Broadcast, EtherType.Arp, request));
        stack.AssertDropped(DropReason.UnknownVlan);
        stack.Inject(Ethernet(MacAddress.Broadcast, EtherType.Arp, request, tag: 0xE007));
        Assert.Equal(DropReason.None, EthernetFrame.Parse(Assert.Single(stack.Sent()), out var reply));
        Assert.Equal((ushort)7, reply.Vlan);
    }

    private static ArpPacket ReadArp(byte[] frame, MacAddress to)
    {
        Assert.Equal(DropReason.None, EthernetFrame.Parse(frame, out var ethernet));
        Assert.Equal(EtherType.Arp, ethernet.EtherType);
        Assert.Equal(to, ethernet.Destination);
        Assert.Equal(DropReason.None, ArpPacket.Parse(ethernet.Payload, out var packet));
        return packet;
    }
}
