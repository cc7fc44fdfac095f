using System.Runtime.CompilerServices;
using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Ip;

namespace Morgana.Network;

// The way down: IP → ARP → Ethernet → the interface's queue.
public sealed partial class NetworkStack
{
    private const int FlowCount = 256;

    private readonly Flow[] _flows = new Flow[FlowCount];
    private readonly ushort[] _identifications = new ushort[1024];
    private readonly uint _flowKey;
    private readonly IpOutput _output;
    private long _ipOut;
    private long _fragmented;
    private long _fragmentsOut;

    /// <summary>A recent answer of routes, neighbours and path MTU. It holds while none of the three has changed.</summary>
    private struct Flow
    {
        public Ipv4Address Destination;
        public int RouteGeneration;
        public int NeighbourGeneration;
        public int MtuGeneration;
        public NetworkInterface? Interface;
        public MacAddress Mac;
        public Instant ValidUntil;
        public int Mtu;
    }

    private sealed class IpOutput(NetworkStack stack) : IIpOutput
    {
        public DropReason Send(in IpRoute route, PacketBuffer payload, Instant now) => stack.SendIp(route, payload, now);

        public bool TrySelectSource(IpAddress destination, out IpAddress source) => stack.TrySelectSource(destination, out source, out _);

        public bool TrySelectSource(IpAddress group, int? link, out IpAddress source)
        {
            source = default;
            return group.IsIpv4 && stack.TrySelectGroupSource(group.Ipv4, link, out source, out _);
        }

        public bool IsBroadcast(IpAddress destination) => destination.IsIpv4 && stack.IsBroadcast(destination.Ipv4);
    }

    private DropReason SendIp(in IpRoute route, PacketBuffer payload, Instant now)
    {
        if (!route.Destination.IsIpv4 || !route.Source.IsIpv4) return Drop(DropReason.NoRoute, payload);
        var (source, destination) = (route.Source.Ipv4, route.Destination.Ipv4);
        ref readonly Flow flow = ref FindFlow(destination, now);
        if (!Unsafe.IsNullRef(in flow) && payload.Length + Ipv4Header.Size <= flow.Mtu)
        {
            PushIp(route, payload);
            return SendFrame(flow.Interface!, flow.Mac, payload);
        }

        if (destination.IsMulticast) return SendToGroup(route, payload, now);
        if (destination.IsLoopback || IsOwn(destination)) return SendToSelf(route, payload);
        // RFC 1122 3.2.1.3 (g): loopback addresses never go out on a link; nor do we send to 0.0.0.0/8.
        if (source.IsLoopback || destination.Value >> 24 == 0) return Drop(DropReason.NoRoute, payload);
        if (!TryRoute(destination, out var interface_, out var nextHop)) return Drop(DropReason.NoRoute, payload);
        if (route.IsLooped && interface_.IsBroadcast(destination)) LoopCopy(route, interface_, payload);
        return SendBy(interface_, nextHop, route, payload, now);
    }

    private DropReason SendBy(NetworkInterface interface_, Ipv4Address nextHop, in IpRoute route, PacketBuffer payload, Instant now)
    {
        var destination = route.Destination.Ipv4;
        int mtu = _pathMtu.Get(destination, interface_.Mtu, now);
        if (payload.Length + Ipv4Header.Size <= mtu)
        {
            PushIp(route, payload);
            return SendToNeighbour(interface_, nextHop, destination, payload, now);
        }

        if (!route.DontFragment) return SendFragments(route, interface_, nextHop, mtu, payload, now);
        // Whoever made it learns the MTU as if a router had said it.
        var error = new PathError(PathErrorKind.FragmentationNeeded, route.Protocol, default, default);
        return RefuseTooBig(error, route, mtu, payload, now);
    }

    private DropReason RefuseTooBig(PathError error, in IpRoute route, int mtu, PacketBuffer payload, Instant now)
    {
        if (route.Protocol == IpProtocol.Tcp && payload.Span.Length >= 8)
        {
            var span = payload.Span;
            ushort local = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(span);
            ushort remote = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(span[2..]);
            var sequence = new SequenceNumber(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(span[4..]));
            Tcp.HandlePathError(new(route.Source, local), new(route.Destination, remote), sequence, ToTcp(error.Kind), mtu, now);
        }

        return Drop(DropReason.TooBig, payload);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref readonly Flow FindFlow(Ipv4Address destination, Instant now)
    {
        ref Flow flow = ref _flows[FlowPlace(destination)];
        if (flow.Destination == destination && flow.Interface is { } interface_ && now < flow.ValidUntil
            && flow.RouteGeneration == Routes.Generation && flow.NeighbourGeneration == interface_.Neighbours.Generation
            && flow.MtuGeneration == _pathMtu.Generation)
        {
            return ref flow;
        }

        return ref Unsafe.NullRef<Flow>();
    }

    private int FlowPlace(Ipv4Address destination) =>
        (int)(unchecked((destination.Value ^ _flowKey) * 0x9E37_79B1u) >> 24);

    private void PushIp(in IpRoute route, PacketBuffer payload)
    {
        var (source, destination) = (route.Source.Ipv4, route.Destination.Ipv4);
        new Ipv4Header(source, destination, route.Protocol)
        {
            TimeToLive = route.TimeToLive,
            DontFragment = route.DontFragment,
            // RFC 6864 4.1: an atomic packet's identification means nothing.
            Identification = route.DontFragment ? (ushort)0 : NextIdentification(source, destination, route.Protocol),
        }.PushTo(payload);
        _ipOut++;
    }

    // RFC 6864 4.3: unique for source, destination and protocol as long as such a packet lives; a keyed place tells strangers nothing.
    private ushort NextIdentification(Ipv4Address source, Ipv4Address destination, byte protocol)
    {
        ulong place = _hash.Of(((ulong)source.Value << 32) | destination.Value, protocol);
        return unchecked(_identifications[place & 1023]++);
    }

    private void SeedIdentifications()
    {
        for (int i = 0; i < _identifications.Length; i++) _identifications[i] = (ushort)_hash.Of(4, (ulong)i);
    }

    private DropReason SendFragments(IpRoute route, NetworkInterface interface_, Ipv4Address nextHop, int mtu, PacketBuffer payload, Instant now)
    {
        if (payload.Length > 65535 - Ipv4Header.Size) return Drop(DropReason.TooBig, payload);
        var (source, destination) = (route.Source.Ipv4, route.Destination.Ipv4);
        ushort identification = NextIdentification(source, destination, route.Protocol);
        int step = (mtu - Ipv4Header.Size) & ~7; // RFC 791 3.2: all but the last are multiples of 8.
        _fragmented++;
        var reason = DropReason.None;
        for (int offset = 0; offset < payload.Length && reason == DropReason.None; offset += step)
        {
            int length = Math.Min(step, payload.Length - offset);
            if (!TryCopy(payload, offset, length, out var fragment)) return Drop(DropReason.NoBuffer, payload);
            new Ipv4Header(source, destination, route.Protocol)
            {
                TimeToLive = route.TimeToLive,
                Identification = identification,
                FragmentOffset = offset,
                MoreFragments = offset + length < payload.Length,
            }.PushTo(fragment);
            _ipOut++;
            _fragmentsOut++;
            reason = SendToNeighbour(interface_, nextHop, destination, fragment, now);
        }

        payload.Release();
        return reason;
    }

    private bool TryCopy(PacketBuffer from, int offset, int length, out PacketBuffer copy)
    {
        if (!_pool.TryRentPacket(PacketBuffer.Headroom, out copy!)) return false;
        while (length > 0)
        {
            var room = copy.Append(length);
            from.CopyTo(offset, room);
            offset += room.Length;
            length -= room.Length;
            if (length == 0 || copy.TryExtend()) continue;
            copy.Release();
            return false;
        }

        return true;
    }

    private DropReason SendToNeighbour(NetworkInterface interface_, Ipv4Address nextHop, Ipv4Address destination, PacketBuffer packet, Instant now)
    {
        if (destination.IsMulticast) return SendFrame(interface_, GroupMac(destination), packet);
        if (interface_.IsBroadcast(destination)) return SendFrame(interface_, MacAddress.Broadcast, packet);
        var resolution = interface_.Neighbours.Resolve(nextHop, SelectAddress(interface_, nextHop), packet, now, out var mac, out var validUntil);
        if (resolution == ArpResolution.Pending) return DropReason.None;
        _flows[FlowPlace(destination)] = new()
        {
            Destination = destination,
            RouteGeneration = Routes.Generation,
            NeighbourGeneration = interface_.Neighbours.Generation,
            MtuGeneration = _pathMtu.Generation,
            Interface = interface_,
            Mac = mac,
            ValidUntil = validUntil,
            Mtu = _pathMtu.Get(destination, interface_.Mtu, now),
        };
        return SendFrame(interface_, mac, packet);
    }

    private DropReason SendFrame(NetworkInterface interface_, MacAddress to, PacketBuffer packet)
    {
        PushEthernet(interface_, to, EtherType.Ipv4, packet);
        if (interface_.TryEnqueue(packet)) return DropReason.None;
        interface_.OutputDropped++;
        return Drop(DropReason.QueueFull, packet);
    }

    private static void PushEthernet(NetworkInterface interface_, MacAddress to, ushort type, PacketBuffer packet) =>
        new EthernetHeader(to, interface_.Mac, type, interface_.Options.Vlan).PushTo(packet);

    /// <summary>Sends what waited for a neighbour that has answered, and gives up what waited for one that has not.</summary>
    private void TakeNeighbours(NetworkInterface interface_, Instant now)
    {
        while (interface_.Neighbours.TryTakeAnswered(out var packet, out var mac)) SendFrame(interface_, mac, packet);
        while (interface_.Neighbours.TryTakeFailed(out var packet))
        {
            ReportUnreachable(packet, now);
            Drop(DropReason.NeighbourUnreachable, packet);
        }
    }

    // RFC 1122 2.4: IP tells its users that the link could not deliver, as if a router had.
    private void ReportUnreachable(PacketBuffer packet, Instant now)
    {
        if (Ipv4Packet.Parse(packet.Span, packet.Length, out var ip) != DropReason.None || ip.FragmentOffset != 0) return;
        if (ip.Payload.Length < 8) return;
        if (ip.Protocol == IpProtocol.Icmp)
        {
            HandlePathError(new(PathErrorKind.HostUnreachable, ip.Protocol, new(ip.Source, 0), new(ip.Destination, 0)) { Reporter = ip.Source }, now);
            return;
        }

        if (ip.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp)) return;
        ushort local = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(ip.Payload);
        ushort remote = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(ip.Payload[2..]);
        uint sequence = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(ip.Payload[4..]);
        HandlePathError(new(PathErrorKind.HostUnreachable, ip.Protocol, new(ip.Source, local), new(ip.Destination, remote)) { Sequence = new(sequence), Reporter = ip.Source }, now);
    }

    // RFC 1122 3.3.1.4: an upper layer's negative advice. The next hop is asked for again, if it is one that we know.
    private void DoubtNeighbour(IpAddress peer, Instant now)
    {
        if (peer.IsIpv4 && !IsOwn(peer) && TryRoute(peer.Ipv4, out var interface_, out var nextHop)) interface_.Neighbours.Doubt(nextHop, now);
    }

    private bool TryRoute(Ipv4Address destination, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NetworkInterface? interface_, out Ipv4Address nextHop)
    {
        if (destination != Ipv4Address.Broadcast && Routes.TryFind(destination, out interface_, out nextHop)) return true;
        nextHop = destination;
        // RFC 1122 3.3.1.1: limited broadcast and multicast need no route; the first interface takes them.
        bool isForAll = destination == Ipv4Address.Broadcast || destination.IsMulticast;
        interface_ = isForAll && _interfaces.Count > 0 ? _interfaces[0] : null;
        return interface_ is not null;
    }

    private bool IsBroadcast(Ipv4Address address)
    {
        if (address == Ipv4Address.Broadcast) return true;
        foreach (var interface_ in _interfaces)
            if (interface_.IsBroadcast(address)) return true;
        return false;
    }

    // RFC 1122 3.3.4.3: an address on the next hop's link, else the first.
    private static Ipv4Address SelectAddress(NetworkInterface interface_, Ipv4Address nextHop)
    {
        foreach (ref readonly var own in interface_.Addresses.AsSpan())
            if (own.IsOnLink(nextHop)) return own.Address;
        return interface_.Addresses.Length > 0 ? interface_.Addresses[0].Address : default;
    }
}
