using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Ip;
using Morgana.Protocols.Tcp;
using Morgana.Protocols.Udp;

namespace Morgana.Network;

/// <summary>One host's stack: frames and time go in, frames are polled out. No I/O, no clock, no randomness. Loop's thread only.</summary>
/// <example>
/// <code>
/// var stack = new NetworkStack(new(), pool, secret, trace);
/// var net0 = stack.AddInterface(new() { Mac = mac, Addresses = [new(ip, 24)], Gateway = gateway }, now);
/// stack.HandleFrame(net0, frame, now);        // for each frame that came
/// stack.HandleTimeouts(now);
/// int n = stack.Transmit(net0, frames, now);  // until it answers 0
/// </code>
/// </example>
public sealed partial class NetworkStack
{
    private readonly NetworkStackOptions _options;
    private readonly BufferPool _pool;
    private readonly TraceRing _trace;
    private readonly List<NetworkInterface> _interfaces = [];
    private readonly Ipv4Reassembler _reassembler;
    private readonly PathMtuCache _pathMtu;
    private readonly KeyedHash _hash;
    private Instant _now;

    /// <summary>A stack without interfaces.</summary>
    /// <param name="options">Limits.</param>
    /// <param name="pool">Where packets come from; the loop's.</param>
    /// <param name="secret">At least 16 random octets, which no peer knows: ports, identifications and sequence numbers derive from it.</param>
    /// <param name="trace">Where trace events go.</param>
    public NetworkStack(NetworkStackOptions options, BufferPool pool, ReadOnlySpan<byte> secret, TraceRing trace)
    {
        _options = options;
        _pool = pool;
        _trace = trace;
        _hash = new(secret, 0x6970_2069_6465_6E74);
        Routes = new(options.RouteLimit);
        _reassembler = new(options.Reassembly, Drops);
        _pathMtu = new((uint)_hash.Of(1));
        _flowKey = (uint)_hash.Of(2);
        SeedIdentifications();
        _groupHash = new(secret, 0x6967_6D70_2074_696D);
        LoopbackGroups = new(LoopbackLink, options.Igmp, _groupHash, isSilent: true);
        var output = new IpOutput(this);
        Tcp = new(options.Tcp, pool, secret, Drops, trace);
        Udp = new(options.Udp, pool, secret, output, IsOwn, Drops);
        Icmp = new(options.Icmp, pool, output, Drops);
        _output = output;
    }

    /// <summary>The routes. Those to the interfaces' own links are there from the start.</summary>
    public RouteTable Routes { get; }

    /// <summary>TCP.</summary>
    public TcpStack Tcp { get; }

    /// <summary>UDP.</summary>
    public UdpStack Udp { get; }

    /// <summary>ICMP.</summary>
    public IcmpStack Icmp { get; }

    /// <summary>Packets of the host to itself that may wait.</summary>
    public int LoopbackQueueLimit => _options.LoopbackQueueLimit;

    /// <summary>What was dropped, and why.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>The interfaces, by their index.</summary>
    public IReadOnlyList<NetworkInterface> Interfaces => _interfaces;

    /// <summary>Packets that wait for their missing fragments.</summary>
    public Ipv4Reassembler Reassembler => _reassembler;

    /// <summary>When <see cref="HandleTimeouts"/> is to be called; <see cref="Instant.Never"/> if not at all.</summary>
    public Instant NextTimeout
    {
        get
        {
            if (_loopbackCount > 0) return _now;
            var next = Instant.Min(Tcp.NextTimeout, _reassembler.NextTimeout);
            foreach (var interface_ in _interfaces) next = Instant.Min(next, Instant.Min(interface_.Neighbours.NextTimeout, interface_.Groups.NextTimeout));
            return next;
        }
    }

    /// <summary>Adds an interface with the routes to its links, and announces its addresses (RFC 5227 2.3).</summary>
    /// <exception cref="ArgumentException">The MTU is not in 68 to 65,535, or the hardware address is a group's.</exception>
    public NetworkInterface AddInterface(InterfaceOptions options, Instant now)
    {
        if (options.Mtu is < 68 or > 65535) throw new ArgumentException($"The MTU of {options.Name} is {options.Mtu}; 68 to 65535 are possible (RFC 791).", nameof(options));
        if (options.Mac.IsGroup || options.Mac == default) throw new ArgumentException($"The hardware address of {options.Name} is {options.Mac}, which no station can have.", nameof(options));
        int index = _interfaces.Count;
        var interface_ = new NetworkInterface(index, options, new ArpCache(_options.Arp, options.Mac, (uint)_hash.Of(3, (ulong)index), Drops), new IgmpHost(index, _options.Igmp, _groupHash), _options.OutputQueueLimit);
        _interfaces.Add(interface_);
        foreach (var address in interface_.Addresses)
        {
            Routes.TryAdd(new(address.Address, address.PrefixLength, null, interface_));
            interface_.Neighbours.AddAddress(address.Address, now);
        }

        if (options.Gateway is { } gateway) Routes.TryAddDefault(gateway, interface_);
        return interface_;
    }

    /// <summary>Whether <see cref="Transmit"/> has anything to do.</summary>
    public bool HasOutput
    {
        get
        {
            if (Tcp.HasOutput || _loopbackCount > 0) return true;
            foreach (var interface_ in _interfaces)
                if (interface_.QueuedFrames > 0 || interface_.Neighbours.OutputCount > 0 || interface_.Groups.HasOutput) return true;
            return false;
        }
    }

    /// <summary>Whether packets of the host to itself wait for the next <see cref="Transmit"/> or <see cref="HandleTimeouts"/>.</summary>
    public bool HasLoopback => _loopbackCount > 0;

    /// <summary>Runs what is due, and delivers what the host sent to itself.</summary>
    public void HandleTimeouts(Instant now)
    {
        _now = now;
        Tcp.HandleTimeouts(now);
        while (Tcp.TryTakeSuspect(out var peer)) DoubtNeighbour(peer, now);
        _reassembler.HandleTimeouts(now);
        while (_reassembler.TryTakeExpired(out var first)) ReportReassemblyTimeout(first, now);
        foreach (var interface_ in _interfaces)
        {
            interface_.Neighbours.HandleTimeouts(now);
            interface_.Groups.HandleTimeouts(now);
            TakeNeighbours(interface_, now);
        }

        DeliverLoopback(now);
    }

    /// <summary>The address to speak from to <paramref name="destination"/>, and the MTU of the path as far as it is known.</summary>
    /// <returns>False without a route.</returns>
    public bool TrySelectSource(IpAddress destination, out IpAddress source, out int mtu)
    {
        (source, mtu) = (default, 0);
        if (!destination.IsIpv4) return false;
        var to = destination.Ipv4;
        if (to.IsMulticast) return TrySelectGroupSource(to, null, out source, out mtu);
        if (to.IsLoopback || IsOwn(destination))
        {
            (source, mtu) = (destination, LoopbackMtu);
            return true;
        }

        if (!TryRoute(to, out var interface_, out var nextHop) || interface_.Addresses.Length == 0) return false;
        source = SelectAddress(interface_, nextHop);
        mtu = _pathMtu.Get(to, interface_.Mtu, _now);
        return true;
    }

    /// <summary>Whether <paramref name="address"/> is one of the host's own, 127.0.0.0/8 included.</summary>
    public bool IsOwn(IpAddress address)
    {
        if (!address.IsIpv4) return false;
        var ipv4 = address.Ipv4;
        if (ipv4.IsLoopback) return true;
        foreach (var interface_ in _interfaces)
            if (interface_.HasAddress(ipv4)) return true;
        return false;
    }

    /// <summary>Counters and levels now. Allocates; not for the packet path.</summary>
    public NetworkStatistics Statistics
    {
        get
        {
            long arpConflicts = 0, framesIn = 0, octetsIn = 0, framesOut = 0, octetsOut = 0;
            int neighbours = 0, pending = 0, queued = 0;
            foreach (var i in _interfaces)
            {
                (framesIn, octetsIn, framesOut, octetsOut) = (framesIn + i.FramesIn, octetsIn + i.OctetsIn, framesOut + i.FramesOut, octetsOut + i.OctetsOut);
                (neighbours, pending, queued) = (neighbours + i.Neighbours.Count, pending + i.Neighbours.PendingCount, queued + i.QueuedFrames);
                arpConflicts += i.Neighbours.Conflicts;
            }

            return new()
            {
                FramesIn = framesIn,
                OctetsIn = octetsIn,
                FramesOut = framesOut,
                OctetsOut = octetsOut,
                ArpIn = _arpIn,
                AddressConflicts = arpConflicts,
                IpIn = _ipIn,
                IpOut = _ipOut,
                Reassembled = _reassembler.Reassembled,
                Fragmented = _fragmented,
                Ipv6In = _ipv6In,
                IpHeaderErrors = _ipHeaderErrors,
                IpAddressErrors = _ipAddressErrors,
                IpUnknownProtocols = _ipUnknownProtocols,
                IpDelivered = _ipDelivered,
                FragmentsIn = _fragmentsIn,
                FragmentsOut = _fragmentsOut,
                LoopbackPackets = _loopbackPackets,
                LoopbackOctets = _loopbackOctets,
                IcmpIn = Icmp.Received,
                IcmpErrorsIn = Icmp.ErrorsReceived,
                IcmpErrorsOut = Icmp.ErrorsSent,
                EchoesAnswered = Icmp.EchoesAnswered,
                UdpIn = Udp.Received,
                UdpOut = Udp.Sent,
                TcpIn = _tcpIn,
                TcpOut = _tcpOut,
                UdpEndpoints = Udp.Count,
                UdpQueuedOctets = Udp.QueuedOctets,
                Neighbours = neighbours,
                NeighbourPending = pending,
                Reassembling = _reassembler.Count,
                ReassemblyOctets = _reassembler.Octets,
                QueuedFrames = queued,
                LoopbackQueued = _loopbackCount,
                Drops = Drops.Total,
                BlocksInUse = _pool.InUse,
                BlocksTotal = _pool.Capacity,
                Tcp = Tcp.Statistics,
            };
        }
    }
}
