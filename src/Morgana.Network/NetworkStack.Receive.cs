using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;

namespace Morgana.Network;

// The way up: Ethernet → ARP or IP → ICMP, UDP, TCP.
public sealed partial class NetworkStack
{
    // What the longest IPv4 header needs, and the fixed header of the protocol behind it.
    private const int HeaderPullUp = Ipv4Header.MaximumSize + 20;

    private long _arpIn;
    private long _ipIn;
    private long _tcpIn;
    private long _ipv6In;
    private long _ipHeaderErrors;
    private long _ipAddressErrors;
    private long _ipUnknownProtocols;
    private long _ipDelivered;
    private long _fragmentsIn;

    /// <summary>Where a packet came from.</summary>
    /// <param name="Interface">The interface, or null: from the host itself.</param>
    /// <param name="IsGroupFrame">Whether it came in a broadcast or multicast frame.</param>
    /// <param name="Link">The number of the interface; of the host's own copy of what it sent to a group, that of the link it went out by.</param>
    private readonly record struct Arrival(NetworkInterface? Interface, bool IsGroupFrame, int Link);

    /// <summary>Handles a frame, which is taken over whatever it is.</summary>
    public void HandleFrame(NetworkInterface interface_, PacketBuffer frame, Instant now)
    {
        _now = now;
        interface_.FramesIn++;
        interface_.OctetsIn += frame.Length;
        _trace.Record(now, TraceKind.FrameReceived, (uint)interface_.Index, (ulong)frame.Length);
        if (interface_.Options.IsChecksumTrusted) frame.Offload.ChecksumVerified = true;
        frame.TryPullUp(Math.Min(frame.Length, EthernetHeader.TaggedSize));
        var reason = EthernetFrame.Parse(frame.Span, out var ethernet);
        if (reason != DropReason.None)
        {
            DropFrame(reason, interface_, frame);
            return;
        }

        var destination = ethernet.Destination;
        if (destination.IsGroup && destination != MacAddress.Broadcast) interface_.GroupFramesIn++;
        if (destination != interface_.Mac && !destination.IsGroup)
        {
            DropFrame(DropReason.NotOurMac, interface_, frame);
            return;
        }

        // IEEE 802.1Q 9.6: VLAN 0 only carries a priority, and counts as untagged.
        if (ethernet.Vlan != (interface_.Options.Vlan ?? 0))
        {
            DropFrame(DropReason.UnknownVlan, interface_, frame);
            return;
        }

        // No station sends from a group's address (IEEE 802 8.2.2), and what we sent ourselves is not for us.
        if (ethernet.Source.IsGroup || ethernet.Source == interface_.Mac)
        {
            DropFrame(DropReason.BadSource, interface_, frame);
            return;
        }

        ushort type = ethernet.EtherType;
        frame.TrimStart(ethernet.HeaderLength);
        switch (type)
        {
            case EtherType.Ipv4:
                HandleIpv4(new(interface_, destination.IsGroup, interface_.Index), frame, now);
                break;
            case EtherType.Arp:
                HandleArp(interface_, frame, now);
                break;
            case EtherType.Ipv6:
                HandleIpv6(frame);
                break;
            default:
                DropFrame(DropReason.UnknownEtherType, interface_, frame);
                break;
        }
    }

    private void HandleArp(NetworkInterface interface_, PacketBuffer packet, Instant now)
    {
        _arpIn++;
        packet.TryPullUp(Math.Min(packet.Length, Wire.Arp.ArpPacket.Size));
        var reason = interface_.Neighbours.HandlePacket(packet.Span, now);
        if (reason != DropReason.None) Drop(reason, packet);
        else packet.Release();
        TakeNeighbours(interface_, now);
    }

    // IPv6's machines are not there yet: its packets are looked at, and none is ours.
    private void HandleIpv6(PacketBuffer packet)
    {
        _ipIn++;
        _ipv6In++;
        packet.TryPullUp(Math.Min(packet.Length, Ipv6Packet.HeaderSize));
        var reason = Ipv6Packet.Parse(packet.Span, packet.Length, out _);
        Drop(reason != DropReason.None ? reason : DropReason.NotOurAddress, packet);
    }

    private DropReason HandleIpv4(in Arrival arrival, PacketBuffer packet, Instant now)
    {
        _ipIn++;
        packet.TryPullUp(Math.Min(packet.Length, HeaderPullUp));
        var reason = Ipv4Packet.Parse(packet.Span, packet.Length, out var ip);
        // RFC 1122 3.2.1.2: verified on every packet, and dropped without a word.
        if (reason == DropReason.None && !ip.IsChecksumRight) reason = DropReason.BadChecksum;
        if (reason == DropReason.None && ip.HeaderLength > Ipv4Header.Size) reason = Ipv4Options.Check(ip.Options);
        if (reason != DropReason.None)
        {
            _ipHeaderErrors++;
            return Drop(reason, packet);
        }

        var (source, destination) = (ip.Source, ip.Destination);
        bool isGroup = false, isOwn = true;
        if (arrival.Interface is { } interface_)
        {
            reason = CheckAddresses(interface_, source, destination, arrival.IsGroupFrame, out isGroup, out isOwn);
            if (reason != DropReason.None)
            {
                _ipAddressErrors++;
                return Drop(reason, packet);
            }

            // Whom we route for: RFC 1812 5.3.1. A host delivers whatever the TTL is (RFC 1122 3.2.1.7).
            if (!isOwn && !isGroup && ip.TimeToLive <= 1) return DropExpired(interface_, arrival, packet, now);
        }
        else if (IsForMany(arrival.Link, destination))
        {
            (isGroup, isOwn) = (true, false);
            if (destination.IsMulticast && arrival.Link == LoopbackLink && !LoopbackGroups.Takes(destination, source)) return Drop(DropReason.NotOurAddress, packet);
        }

        if (packet.Length > ip.TotalLength) packet.Truncate(ip.TotalLength); // Link padding.
        byte protocol = ip.Protocol, timeToLive = ip.TimeToLive;
        int headerLength = ip.HeaderLength;
        bool hasRouterAlert = protocol == IpProtocol.Igmp && HasRouterAlert(ip.Options);
        bool isFragment = ip.IsFragment, moreFragments = ip.MoreFragments;
        int offset = ip.FragmentOffset;
        var key = new FragmentKey(source, destination, protocol, ip.Identification);
        packet.TrimStart(headerLength);
        if (isFragment)
        {
            _fragmentsIn++;
            reason = _reassembler.HandleFragment(key, offset, moreFragments, headerLength, packet, now, out var whole, out headerLength);
            if (whole is null) return reason;
            packet = whole;
        }

        _ipDelivered++;
        switch (protocol)
        {
            case IpProtocol.Tcp:
                // RFC 9293 3.10.7 with RFC 1122 4.2.3.10: TCP to or from a broadcast or multicast address is dropped.
                if (isGroup) return Drop(DropReason.NotOurAddress, packet);
                _tcpIn++;
                int mtu = arrival.Interface is null ? LoopbackMtu : _pathMtu.Get(source, arrival.Interface.Mtu, now);
                return Tcp.HandleSegment(source, destination, mtu, packet, now);
            case IpProtocol.Udp:
                reason = Udp.HandleDatagram(source, destination, isGroup, isOwn, packet, now, arrival.Link);
                if (reason == DropReason.NoSocket) RefuseUdp(arrival, destination, headerLength, packet, now);
                return reason;
            case IpProtocol.Icmp:
                reason = Icmp.HandleMessage(source, destination, timeToLive, isGroup, isOwn, packet, now, out var error, out bool hasError);
                if (hasError) HandlePathError(error, now);
                return reason;
            case IpProtocol.Igmp when arrival.Interface is { } link:
                return HandleIgmp(link, destination, timeToLive, hasRouterAlert, packet, now);
            default:
                // RFC 1122 3.2.2.1: protocol unreachable.
                _ipDelivered--;
                _ipUnknownProtocols++;
                return Refuse(DropReason.UnknownProtocol, IcmpCode.ProtocolUnreachable, arrival, destination, headerLength, packet, now);
        }
    }

    private static DropReason CheckAddresses(
        NetworkInterface interface_, Ipv4Address source, Ipv4Address destination, bool isGroupFrame, out bool isGroup, out bool isOwn)
    {
        isOwn = interface_.HasAddress(destination);
        isGroup = !isOwn && (interface_.IsBroadcast(destination) || destination.IsMulticast);
        // RFC 1122 3.2.1.3: nobody sends from these; our own address is land's.
        if (source.IsLoopback || source.Value >> 28 >= 0xE || interface_.HasAddress(source) || interface_.IsBroadcast(source)) return DropReason.BadSource;
        // 0.0.0.0 only while a host learns its address: then it asks everybody.
        if (source.Value >> 24 == 0 && (source.Value != 0 || !isGroup)) return DropReason.BadSource;
        // RFC 1122 3.2.1.3 (g): loopback addresses never come from a link.
        if (destination.IsLoopback || destination.Value >> 24 == 0) return DropReason.NotOurAddress;
        // RFC 1122 3.3.6: a packet to one host does not come in a frame to all of them.
        if (isGroupFrame && !isGroup) return DropReason.NotOurAddress;
        if (isOwn) return DropReason.None;
        if (destination.IsMulticast) return interface_.Groups.Takes(destination, source) ? DropReason.None : DropReason.NotOurAddress;
        return isGroup || interface_.Options.AcceptAnyAddress ? DropReason.None : DropReason.NotOurAddress;
    }

    private void RefuseUdp(in Arrival arrival, Ipv4Address destination, int headerLength, PacketBuffer packet, Instant now) =>
        Refuse(DropReason.NoSocket, IcmpCode.PortUnreachable, arrival, destination, headerLength, packet, now); // RFC 1122 4.1.3.1

    private DropReason Refuse(DropReason reason, byte code, in Arrival arrival, Ipv4Address destination, int headerLength, PacketBuffer packet, Instant now)
    {
        packet.Prepend(headerLength); // The IP header still stands in front of what was trimmed.
        Icmp.SendError(IcmpType.Unreachable, code, 0, destination, packet, arrival.IsGroupFrame, now);
        return Drop(reason, packet);
    }

    private DropReason DropExpired(NetworkInterface interface_, in Arrival arrival, PacketBuffer packet, Instant now)
    {
        var from = interface_.Addresses.Length > 0 ? interface_.Addresses[0].Address : default;
        Icmp.SendError(IcmpType.TimeExceeded, IcmpCode.TimeToLiveExceeded, 0, from, packet, arrival.IsGroupFrame, now);
        return Drop(DropReason.TtlExpired, packet);
    }

    // RFC 1122 3.3.2: the sender hears of it if we have the first fragment.
    private void ReportReassemblyTimeout(PacketBuffer first, Instant now)
    {
        if (Ipv4Packet.ParseQuoted(first.Span, out var ip) == DropReason.None)
            Icmp.SendError(IcmpType.TimeExceeded, IcmpCode.ReassemblyTimeExceeded, 0, ip.Destination, first, false, now);
        first.Release();
    }

    private void HandlePathError(in PathError error, Instant now)
    {
        if (error.Kind == PathErrorKind.FragmentationNeeded)
        {
            HandleTooBig(error, now);
            return;
        }

        if (error.Protocol == IpProtocol.Tcp) Tcp.HandlePathError(error.Local, error.Remote, error.Sequence, ToTcp(error.Kind), 0, now);
        else if (error.Protocol == IpProtocol.Udp) Udp.HandlePathError(error);
        else if (error.Protocol == IpProtocol.Icmp) Icmp.Observer?.HandleError(error, now);
    }

    // RFC 5927 7.2: the path becomes narrower for everybody only once TCP has found the quoted segment among those in flight. Of what else
    // we send no router can say this: TCP alone forbids fragmentation.
    private void HandleTooBig(in PathError error, Instant now)
    {
        int mtu = error.Protocol == IpProtocol.Tcp ? PathMtuCache.Claimed(error.Mtu, error.PacketLength) : 0;
        if (mtu == 0) Drops.Count(DropReason.UnmatchedError);
        else if (Tcp.HandlePathError(error.Local, error.Remote, error.Sequence, TcpPathError.TooBig, mtu, now))
            _pathMtu.Learn(error.Remote.Address.Ipv4, mtu, error.PacketLength, now);
    }

    private static TcpPathError ToTcp(PathErrorKind kind) => kind switch
    {
        PathErrorKind.FragmentationNeeded => TcpPathError.TooBig,
        PathErrorKind.PortUnreachable or PathErrorKind.ProtocolUnreachable or PathErrorKind.Prohibited => TcpPathError.Refused,
        _ => TcpPathError.Unreachable,
    };

    private void DropFrame(DropReason reason, NetworkInterface interface_, PacketBuffer frame)
    {
        interface_.FramesDropped++;
        Drop(reason, frame);
    }

    private DropReason Drop(DropReason reason, PacketBuffer packet)
    {
        packet.Release();
        _trace.Record(_now, TraceKind.Dropped, 0, (ulong)reason);
        return Drops.Count(reason);
    }
}
