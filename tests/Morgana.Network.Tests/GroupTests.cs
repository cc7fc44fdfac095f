using Morgana.Core;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Udp;
using Morgana.Testing;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Igmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>Groups as a whole host has them: frames in, frames out, and what it sends to itself.</summary>
public class GroupTests
{
    private static readonly Ipv4Address Group = Ipv4Address.From(239, 129, 2, 3), AllHosts = Ipv4Address.From(224, 0, 0, 1);
    private static readonly byte[] RouterAlert = [148, 4, 0, 0];
    private readonly StackUnderTest _host = new();
    private readonly GroupMemberships _groups;

    public GroupTests() => _groups = _host.Stack.CreateMemberships();

    [Fact]
    public void A_report_is_the_frame_that_the_standards_say()
    {
        Assert.Equal(GroupError.None, _groups.Join(_host.Interface.Groups, Group, _host.Now));
        byte[] frame = Assert.Single(_host.Sent());
        Assert.Equal(DropReason.None, EthernetFrame.Parse(frame, out var ethernet));
        Assert.Equal((MacAddress.Parse("01:00:5e:00:00:16"), Mac), (ethernet.Destination, ethernet.Source));
        Assert.Equal(DropReason.None, Ipv4Packet.Parse(ethernet.Payload, out var ip));
        Assert.True(ip.IsChecksumRight);
        Assert.Equal((Own, Ipv4Address.From(224, 0, 0, 22), (byte)2, (byte)1, (byte)0xC0), (ip.Source, ip.Destination, ip.Protocol, ip.TimeToLive, ip.TrafficClass));
        Assert.Equal(RouterAlert, ip.Options.ToArray());
        byte[] expected = [0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 239, 129, 2, 3];
        ushort sum = InternetChecksum.Of(expected);
        (expected[2], expected[3]) = ((byte)(sum >> 8), (byte)sum);
        Assert.Equal(expected, ip.Payload.ToArray());
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void Only_groups_that_were_joined_are_received()
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups });
        Deliver(Group);
        _host.AssertDropped(DropReason.NotOurAddress);
        _groups.Join(_host.Interface.Groups, Group, _host.Now);
        Deliver(Group);
        Assert.True(endpoint.TryReceive(out var payload, out var from, out var to, out int link));
        Assert.Equal((new IpEndpoint(Peer, 7), new IpEndpoint(Group, 2000), 0), (from, to, link));
        payload.Release();
        // Another group at the same hardware address: RFC 1112 6.4 has only 23 bits.
        Deliver(new(Group.Value ^ 0x80_0000));
        Assert.Equal(0, endpoint.QueuedDatagrams);
        _groups.Leave(_host.Interface.Groups, Group, _host.Now);
        Deliver(Group);
        Assert.Equal((0, 3), (endpoint.QueuedDatagrams, _host.Stack.Drops[DropReason.NotOurAddress]));
    }

    [Fact]
    public void Sources_that_nobody_wants_are_not_received()
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups });
        _groups.AddSource(_host.Interface.Groups, Group, Peer, _host.Now);
        Deliver(Group);
        Assert.Equal(1, endpoint.QueuedDatagrams);
        Deliver(Group, Ipv4Address.From(10, 0, 0, 98));
        Assert.Equal(1, endpoint.QueuedDatagrams);
        _host.AssertDropped(DropReason.NotOurAddress);
        // Another socket wants them: the host takes them in, and this one still does not.
        var others = _host.Stack.CreateMemberships();
        others.Join(_host.Interface.Groups, Group, _host.Now);
        Assert.Equal(UdpBindError.AddressInUse, _host.Stack.Udp.TryBind(new(Ipv4Address.Any, 2000), new(), out _));
        var second = _host.Bind(2001, new() { Groups = others });
        Deliver(Group, Ipv4Address.From(10, 0, 0, 98));
        Deliver(Group, Ipv4Address.From(10, 0, 0, 98), 2001);
        Assert.Equal((1, 1), (endpoint.QueuedDatagrams, second.QueuedDatagrams));
        endpoint.Close();
        second.Close();
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void A_general_query_makes_a_report()
    {
        _groups.Join(_host.Interface.Groups, Group, _host.Now);
        _host.Sent();
        _host.Advance(TimeSpan.FromMinutes(1));
        _host.InjectIp(Ip(new(Peer, AllHosts, IpProtocol.Igmp) { TimeToLive = 1 }, Query(default), RouterAlert));
        Assert.Empty(_host.Sent());
        Assert.InRange(_host.Stack.NextTimeout - _host.Now, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        _host.Now = _host.Stack.NextTimeout;
        Assert.False(_host.Stack.HasOutput);
        _host.Stack.HandleTimeouts(_host.Now);
        Assert.True(_host.Stack.HasOutput);
        Assert.Single(_host.Sent());
        Assert.Equal((1, 0), (_host.Interface.Groups.Queries, _host.Stack.Drops.Total));
    }

    [Theory]
    [InlineData(64, true, 0x11, DropReason.BadQuery)]
    [InlineData(1, false, 0x11, DropReason.BadQuery)]
    [InlineData(1, true, 0x14, DropReason.UnknownIgmpType)]
    public void What_routers_do_not_send_is_dropped(byte timeToLive, bool alert, byte type, DropReason expected)
    {
        byte[] query = Query(default);
        query[0] = type;
        (query[2], query[3]) = (0, 0);
        ushort sum = InternetChecksum.Of(query);
        (query[2], query[3]) = ((byte)(sum >> 8), (byte)sum);
        _host.InjectIp(Ip(new(Peer, AllHosts, IpProtocol.Igmp) { TimeToLive = timeToLive }, query, alert ? RouterAlert : []));
        _host.AssertDropped(expected);
        Assert.Empty(_host.Sent());
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Theory]
    [InlineData(true, 1, true, true)]
    [InlineData(true, 0, true, false)]
    [InlineData(false, 1, false, true)]
    public void A_sender_hears_itself_if_it_is_a_member_and_wants_to(bool isLooped, byte timeToLive, bool isHeard, bool isSent)
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups, IsLooped = isLooped, GroupTimeToLive = timeToLive });
        Assert.Equal(DropReason.None, endpoint.Send([1, 2], new(Group, 2000), _host.Now));
        Assert.Equal(isSent ? 1 : 0, _host.Sent().Count);
        Assert.Equal(0, endpoint.QueuedDatagrams);
        _groups.Join(_host.Interface.Groups, Group, _host.Now);
        _host.Sent();
        endpoint.Send([1, 2], new(Group, 2000), _host.Now);
        var frames = _host.Sent();
        Assert.Equal(isSent ? 1 : 0, frames.Count);
        if (isSent)
        {
            Assert.Equal(MacAddress.Parse("01:00:5e:01:02:03"), MacAddress.Read(frames[0]));
            Assert.Equal(timeToLive, frames[0][14 + 8]);
        }

        Assert.Equal(isHeard ? 1 : 0, endpoint.QueuedDatagrams);
        if (endpoint.TryReceive(out var payload, out var from, out _, out int link))
        {
            Assert.Equal((new IpEndpoint(Own, 2000), 0), (from, link));
            payload.Release();
        }

        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void A_large_datagram_goes_to_a_group_in_fragments_and_comes_back_whole()
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups, IsLooped = true });
        _groups.Join(_host.Interface.Groups, Group, _host.Now);
        _host.Sent();
        byte[] large = [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)];
        Assert.Equal(DropReason.None, endpoint.Send(large, new(Group, 2000), _host.Now));
        Assert.Equal(7, _host.Sent().Count);
        Assert.True(endpoint.TryReceive(out var payload, out _, out _));
        byte[] received = new byte[payload.Length];
        payload.CopyTo(0, received);
        Assert.Equal(large, received);
        payload.Release();
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void Everybodys_datagrams_come_back_to_who_asked_for_them()
    {
        var endpoint = _host.Bind(2000, new() { AllowBroadcast = true, IsLooped = true });
        foreach (var to in new[] { Ipv4Address.Broadcast, Ipv4Address.From(10, 0, 0, 255) })
        {
            Assert.Equal(DropReason.None, endpoint.Send([1], new(to, 2000), _host.Now));
            Assert.Equal(MacAddress.Broadcast, MacAddress.Read(Assert.Single(_host.Sent())));
            Assert.True(endpoint.TryReceive(out var payload, out _, out var local));
            Assert.Equal(to, local.Address.Ipv4);
            payload.Release();
        }

        Assert.Equal((0L, 0), (_host.Stack.Drops.Total, _host.Pool.InUse));
    }

    [Fact]
    public void On_the_hosts_own_link_nothing_goes_out()
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups, GroupLink = NetworkStack.LoopbackLink });
        Assert.Equal(GroupError.None, _groups.Join(_host.Stack.LoopbackGroups, Group, _host.Now));
        Assert.Equal(DropReason.None, endpoint.Send([1], new(Group, 2000), _host.Now));
        Assert.Empty(_host.Sent());
        Assert.True(endpoint.TryReceive(out var payload, out var from, out _, out int link));
        payload.Release();
        Assert.Equal((Ipv4Address.Loopback, NetworkStack.LoopbackLink), (from.Address.Ipv4, link));
        endpoint.Send([1], new(Ipv4Address.From(239, 9, 9, 9), 2000), _host.Now);
        _host.Sent();
        _host.AssertDropped(DropReason.NotOurAddress);
    }

    [Fact]
    public void The_link_for_a_group_is_the_one_that_was_asked_for_then_the_sources_then_the_routes()
    {
        var other = _host.Stack.AddInterface(new() { Name = "net1", Mac = new(0x0200_0000_0055), Addresses = [new(Ipv4Address.From(172, 16, 0, 1), 16)] }, _host.Now);
        Sent(other);
        (int, int) Send(UdpBindOptions options, Ipv4Address from)
        {
            Assert.Equal(UdpBindError.None, _host.Stack.Udp.TryBind(new(from, 0), options, out var endpoint));
            endpoint!.Send([1], new(Group, 9), _host.Now);
            endpoint.Close();
            return (_host.Sent().Count, Sent(other));
        }

        Assert.Equal((1, 0), Send(new(), default));
        Assert.Equal((0, 1), Send(new() { GroupLink = other.Index }, default));
        Assert.Equal((0, 1), Send(new(), other.Addresses[0].Address));
        Assert.Equal((1, 0), Send(new() { GroupLink = 0 }, other.Addresses[0].Address));
        Assert.True(_host.Stack.Routes.TryAdd(new(Ipv4Address.From(239, 0, 0, 0), 8, null, other)));
        Assert.Equal((0, 1), Send(new(), default));
        Assert.True(_host.Stack.TryRouteGroups(Group, out var routed));
        Assert.Same(other.Groups, routed);
        Assert.Equal(0, _host.Pool.InUse);
    }

    [Fact]
    public void Hosts_in_a_group_hear_each_other_and_others_do_not()
    {
        using var network = new VirtualNetwork();
        var hosts = new[] { network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"), network.AddHost("10.0.0.3") };
        var endpoints = new UdpEndpoint[3];
        for (int i = 0; i < 3; i++)
        {
            var groups = hosts[i].Stack.CreateMemberships();
            if (i < 2) groups.Join(hosts[i].Interface.Groups, Group, network.Now);
            Assert.Equal(UdpBindError.None, hosts[i].Stack.Udp.TryBind(new(Ipv4Address.Any, 2000), new() { Groups = groups }, out endpoints[i]!));
        }

        endpoints[2].Send("to all of you"u8, new(Group, 2000), network.Now);
        network.RunUntil(() => endpoints[0].QueuedDatagrams == 1 && endpoints[1].QueuedDatagrams == 1, TimeSpan.FromSeconds(5));
        Assert.Equal(0, endpoints[2].QueuedDatagrams);
        endpoints[0].Send("and back"u8, new(Group, 2000), network.Now);
        network.RunUntil(() => endpoints[1].QueuedDatagrams == 2, TimeSpan.FromSeconds(5));
        network.RunUntilIdle();
        Assert.Equal((1, 0), (endpoints[0].QueuedDatagrams, endpoints[2].QueuedDatagrams));
        foreach (var endpoint in endpoints) endpoint.Close();
        Assert.Equal(0, network.BuffersInUse);
    }

    [Fact]
    public void A_groups_datagram_costs_no_allocation_in_steady_state()
    {
        var endpoint = _host.Bind(2000, new() { Groups = _groups, IsLooped = true });
        _groups.Join(_host.Interface.Groups, Group, _host.Now);
        _host.Sent();
        var frames = new PacketBuffer[16];
        byte[] data = new byte[100];
        for (int i = 0; i < 2000; i++) Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2000; i++) Round();
        // The runtime counts a quantum of 8 KB too many now and then; an object for each round would be 48 KB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16384);

        void Round()
        {
            endpoint.Send(data, new(Group, 2000), _host.Now);
            for (int n; (n = _host.Stack.Transmit(_host.Interface, frames, _host.Now)) > 0;)
                foreach (var frame in frames.AsSpan(0, n)) frame.Release();
            Assert.True(endpoint.TryReceive(out var payload, out _, out _));
            payload.Release();
            while (_host.Stack.Udp.TryTakeReady(out _))
            {
            }
        }
    }

    private void Deliver(Ipv4Address to, Ipv4Address? from = null, ushort port = 2000) =>
        _host.Inject(Ethernet(new(0x0100_5E00_0000UL | (to.Value & 0x7F_FFFF)), EtherType.Ipv4, Ip(new(from ?? Peer, to, IpProtocol.Udp), Udp(from ?? Peer, to, 7, port, [1]))));

    private static byte[] Query(Ipv4Address group)
    {
        byte[] query = [0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0];
        group.WriteTo(query.AsSpan(4));
        ushort sum = InternetChecksum.Of(query);
        (query[2], query[3]) = ((byte)(sum >> 8), (byte)sum);
        return query;
    }

    private int Sent(NetworkInterface interface_)
    {
        var frames = new PacketBuffer[16];
        int count = 0;
        for (int n; (n = _host.Stack.Transmit(interface_, frames, _host.Now)) > 0; count += n)
            foreach (var frame in frames.AsSpan(0, n)) frame.Release();
        return count;
    }
}
