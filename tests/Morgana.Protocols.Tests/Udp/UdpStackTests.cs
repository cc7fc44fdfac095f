using Morgana.Core;
using Morgana.Protocols.Ip;
using Morgana.Protocols.Udp;
using Morgana.Wire.Udp;

namespace Morgana.Protocols.Tests.Udp;

public class UdpStackTests
{
    private static readonly IpAddress Own = Ipv4Address.From(10, 0, 0, 1);
    private static readonly IpAddress Second = Ipv4Address.From(10, 0, 0, 2);
    private static readonly IpAddress Peer = Ipv4Address.From(10, 0, 0, 9);

    private readonly BufferPool _pool = new(MemoryRegion.Pinned(1 << 20));
    private readonly DropCounters _drops = new();
    private readonly Output _output = new();
    private readonly UdpStack _udp;

    public UdpStackTests() => _udp = new(new() { Endpoints = 20_000 }, _pool, new byte[16], _output, a => a == Own || a == Second, _drops);

    [Fact]
    public void The_exact_address_comes_before_any()
    {
        var shared = new UdpBindOptions { ReuseAddress = true };
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Second, 53), shared, out var exact));
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Ipv4Address.Any, 53), shared, out var any));
        Deliver(Second, 53);
        Deliver(Own, 53);
        Assert.Equal((1, 1), (any!.QueuedDatagrams, exact!.QueuedDatagrams));
    }

    [Fact]
    public void Any_address_is_in_the_way_of_each()
    {
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Ipv4Address.Any, 53), new(), out _));
        Assert.Equal(UdpBindError.AddressInUse, _udp.TryBind(new(Own, 53), new(), out _));
        Assert.Equal(UdpBindError.AddressInUse, _udp.TryBind(new(Own, 53), new() { ReuseAddress = true, ReusePort = true }, out _));
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Own, 54), new(), out _));
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Second, 54), new(), out _));
        Assert.Equal(UdpBindError.AddressInUse, _udp.TryBind(new(Ipv4Address.Any, 54), new(), out _));
    }

    [Fact]
    public void Of_those_who_share_a_port_the_last_one_gets_what_is_for_one_and_a_peers_own_comes_first()
    {
        var shared = new UdpBindOptions { ReuseAddress = true };
        _udp.TryBind(new(Own, 53), shared, out var first);
        _udp.TryBind(new(Own, 53), shared, out var second);
        Deliver(Own, 53);
        Assert.Equal((0, 1), (first!.QueuedDatagrams, second!.QueuedDatagrams));
        first.Connect(new(Peer, 1000), Own);
        Deliver(Own, 53);
        Assert.Equal((1, 1), (first.QueuedDatagrams, second.QueuedDatagrams));
        first.Connect(new(Peer, 1001), Own);
        second.Close();
        var refused = Datagram(Own, 53);
        Assert.Equal(DropReason.NoSocket, _udp.HandleDatagram(Peer, Own, false, true, refused, Instant.Zero));
        refused.Release();
        first.Disconnect();
        Deliver(Own, 53);
        Assert.Equal(2, first.QueuedDatagrams);
        first.Close();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void Flows_stay_with_one_of_those_who_share_them_and_are_spread_over_all()
    {
        var shared = new UdpBindOptions { ReusePort = true };
        var endpoints = Enumerable.Range(0, 4).Select(_ => _udp.TryBind(new(Own, 53), shared, out var endpoint) == UdpBindError.None ? endpoint! : null!).ToArray();
        var used = new HashSet<int>();
        for (ushort port = 1; port <= 100; port++)
        {
            Deliver(Own, 53, port);
            Deliver(Own, 53, port);
            int taker = Array.FindIndex(endpoints, e => e.QueuedDatagrams > 0);
            used.Add(taker);
            for (int i = 0; i < 2; i++)
            {
                Assert.True(endpoints[taker].TryReceive(out var payload, out _, out _), $"The second of port {port} went elsewhere.");
                payload.Release();
            }
        }

        Assert.Equal(4, used.Count);
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void What_is_for_everybody_goes_to_each_and_one_full_queue_harms_no_other()
    {
        var shared = new UdpBindOptions { ReuseAddress = true, AllowBroadcast = true };
        var endpoints = new List<UdpEndpoint>();
        foreach (var options in new[] { shared, shared with { QueueDatagrams = 1 }, shared, shared with { AllowBroadcast = false } })
        {
            Assert.Equal(UdpBindError.None, _udp.TryBind(new(Ipv4Address.Any, 53), options, out var endpoint));
            endpoints.Add(endpoint!);
        }

        for (int i = 0; i < 3; i++)
            Assert.Equal(DropReason.None, _udp.HandleDatagram(Peer, Ipv4Address.Broadcast, true, false, Datagram(Ipv4Address.Broadcast, 53), Instant.Zero));
        Assert.Equal([3, 1, 3, 0], endpoints.Select(e => e.QueuedDatagrams));
        Assert.Equal(2, _drops[DropReason.SocketQueueFull]);
        while (endpoints[0].TryReceive(out var payload, out var from, out var to, out int link))
        {
            Assert.Equal((3, new IpEndpoint(Peer, 1000), new IpEndpoint(Ipv4Address.Broadcast, 53), 0), (payload.Length, from, to, link));
            Assert.Equal([1, 2, 3], payload.Span.ToArray());
            payload.Release();
        }

        foreach (var endpoint in endpoints) endpoint.Close();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void A_port_is_bound_once_and_is_free_after_close()
    {
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Own, 53), new(), out var first));
        Assert.Equal(UdpBindError.AddressInUse, _udp.TryBind(new(Own, 53), new(), out _));
        first!.Close();
        Assert.Equal(UdpBindError.None, _udp.TryBind(new(Own, 53), new(), out _));
        Assert.Equal(UdpBindError.AddressNotAvailable, _udp.TryBind(new(Peer, 53), new(), out _));
    }

    [Fact]
    public void Ephemeral_ports_are_all_used_and_never_twice()
    {
        var ports = new HashSet<ushort>();
        for (int i = 0; i < 16384; i++)
        {
            Assert.Equal(UdpBindError.None, _udp.TryBind(new(Own, 0), new(), out var endpoint));
            Assert.True(endpoint!.Local.Port >= 49152);
            Assert.True(ports.Add(endpoint.Local.Port));
        }

        Assert.Equal(UdpBindError.NoPort, _udp.TryBind(new(Own, 0), new(), out _));
    }

    [Fact]
    public void An_endpoint_is_ready_once_however_much_comes()
    {
        _udp.TryBind(new(Own, 53), new(), out var endpoint);
        for (int i = 0; i < 3; i++) Deliver(Own, 53);
        Assert.True(_udp.TryTakeReady(out var ready));
        Assert.Same(endpoint, ready);
        Assert.False(_udp.TryTakeReady(out _));
        endpoint!.Close();
        Assert.Equal((0, 0), (_pool.InUse, _udp.QueuedOctets));
    }

    [Fact]
    public void All_queues_together_are_bounded()
    {
        var udp = new UdpStack(new() { QueuedOctets = 10 * PoolBlock.Size }, _pool, new byte[16], _output, a => a == Own, _drops);
        udp.TryBind(new(Own, 1), new(), out _);
        udp.TryBind(new(Own, 2), new(), out _);
        for (int i = 0; i < 20; i++) udp.HandleDatagram(Peer, Own, false, true, Datagram(Own, (ushort)(1 + (i % 2))), Instant.Zero);
        Assert.Equal(10 * PoolBlock.Size, udp.QueuedOctets);
        Assert.Equal(10, _drops[DropReason.SocketQueueFull]);
    }

    [Fact]
    public void A_datagram_for_nobody_stays_the_callers()
    {
        var datagram = Datagram(Own, 99);
        int length = datagram.Length;
        Assert.Equal(DropReason.NoSocket, _udp.HandleDatagram(Peer, Own, false, true, datagram, Instant.Zero));
        Assert.Equal(length, datagram.Length);
        datagram.Release();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void Broadcasts_need_leave_in_both_directions()
    {
        _udp.TryBind(new(Ipv4Address.Any, 53), new(), out var without);
        _udp.TryBind(new(Ipv4Address.Any, 54), new() { AllowBroadcast = true }, out var with);
        var refused = Datagram(Ipv4Address.Broadcast, 53);
        Assert.Equal(DropReason.NoSocket, _udp.HandleDatagram(Peer, Ipv4Address.Broadcast, true, false, refused, Instant.Zero));
        refused.Release();
        Assert.Equal(DropReason.None, _udp.HandleDatagram(Peer, Ipv4Address.Broadcast, true, false, Datagram(Ipv4Address.Broadcast, 54), Instant.Zero));
        Assert.Equal(DropReason.NoRoute, without!.Send([1], new(Ipv4Address.Broadcast, 9), Instant.Zero));
        Assert.Equal(DropReason.None, with!.Send([1], new(Ipv4Address.Broadcast, 9), Instant.Zero));
        Assert.Equal(1, _output.Sent);
    }

    [Fact]
    public void Nobody_sends_from_a_foreign_address_but_a_router()
    {
        _udp.TryBind(new(Own, 53), new(), out var endpoint);
        Assert.Equal(DropReason.BadSource, endpoint!.Send([1], new(Peer, 9), new(Peer, 53), Instant.Zero));
        Assert.Equal(DropReason.BadPort, endpoint.Send([1], new(Peer, 0), Instant.Zero));
        Assert.Equal(DropReason.TooBig, endpoint.Send(new byte[65508], new(Peer, 9), Instant.Zero));
        _udp.TryBind(default, new() { AnyAddressAnyPort = true }, out var router);
        Assert.Equal(DropReason.None, router!.Send([1], new(Peer, 9), new(Ipv4Address.From(8, 8, 8, 8), 53), Instant.Zero));
        Assert.Equal(0, _pool.InUse);
    }

    private void Deliver(IpAddress to, ushort port, ushort from = 1000) =>
        Assert.Equal(DropReason.None, _udp.HandleDatagram(Peer, to, false, true, Datagram(to, port, from), Instant.Zero));

    private PacketBuffer Datagram(IpAddress to, ushort port, ushort from = 1000)
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend([1, 2, 3]));
        new UdpHeader(from, port).PushTo(packet, Peer, to);
        return packet;
    }

    private sealed class Output : IIpOutput
    {
        public int Sent { get; private set; }

        public DropReason Send(in IpRoute route, PacketBuffer payload, Instant now)
        {
            Sent++;
            payload.Release();
            return DropReason.None;
        }

        public bool TrySelectSource(IpAddress destination, out IpAddress source)
        {
            source = Own;
            return true;
        }

        public bool IsBroadcast(IpAddress destination) => destination == Ipv4Address.Broadcast;
    }
}
