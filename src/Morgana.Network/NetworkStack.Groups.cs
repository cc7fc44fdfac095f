using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Ip;
using Morgana.Wire.Igmp;
using Morgana.Wire.Ip;

namespace Morgana.Network;

// Groups of hosts (RFC 1112): who is a member, what is told of it, and what goes to them.
public sealed partial class NetworkStack
{
    /// <summary>The number of the link of the host to itself, beside those of interfaces.</summary>
    public const int LoopbackLink = -1;

    private const int LongestMessage = 1500;

    // RFC 2113: every router on the way looks at the packet.
    private static readonly byte[] s_routerAlert = [Ipv4OptionKind.RouterAlert, 4, 0, 0];

    private readonly KeyedHash _groupHash;

    /// <summary>The groups on the link of the host to itself, of which nobody is told.</summary>
    public IgmpHost LoopbackGroups { get; }

    /// <summary>A socket's memberships, of none yet.</summary>
    public GroupMemberships CreateMemberships() => new(_options.Igmp);

    /// <summary>The groups of the link that has the host's address <paramref name="address"/>.</summary>
    public bool TryFindGroups(Ipv4Address address, [NotNullWhen(true)] out IgmpHost? groups)
    {
        groups = address.IsLoopback ? LoopbackGroups : null;
        foreach (var interface_ in _interfaces)
            if (interface_.HasAddress(address)) groups = interface_.Groups;
        return groups is not null;
    }

    /// <summary>The groups of the link by which packets to <paramref name="group"/> go.</summary>
    public bool TryRouteGroups(Ipv4Address group, [NotNullWhen(true)] out IgmpHost? groups)
    {
        groups = TryRoute(group, out var interface_, out _) && interface_.Addresses.Length > 0 ? interface_.Groups : null;
        return groups is not null;
    }

    /// <summary>The address to speak from to a group on a link; null for the one that routes name.</summary>
    public bool TrySelectGroupSource(Ipv4Address group, int? link, out IpAddress source, out int mtu)
    {
        (source, mtu) = (default, 0);
        if (link == LoopbackLink)
        {
            (source, mtu) = (Ipv4Address.Loopback, LoopbackMtu);
            return true;
        }

        NetworkInterface? interface_ = null;
        if (link is { } number) interface_ = (uint)number < (uint)_interfaces.Count ? _interfaces[number] : null;
        else TryRoute(group, out interface_, out _);
        if (interface_ is null || interface_.Addresses.Length == 0) return false;
        (source, mtu) = (interface_.Addresses[0].Address, interface_.Mtu);
        return true;
    }

    private DropReason SendToGroup(in IpRoute route, PacketBuffer payload, Instant now)
    {
        var (source, group) = (route.Source.Ipv4, route.Destination.Ipv4);
        // The link that was asked for, else that of the source, else as routes say.
        int? link = route.Link ?? (TryFindGroups(source, out var groups) ? groups.Index : null);
        if (link == LoopbackLink) return SendToSelf(route, payload);
        NetworkInterface? interface_;
        if (link is { } number) interface_ = (uint)number < (uint)_interfaces.Count ? _interfaces[number] : null;
        else TryRoute(group, out interface_, out _);
        // RFC 1122 3.2.1.3 (g)
        if (interface_ is null || source.IsLoopback) return Drop(DropReason.NoRoute, payload);
        // RFC 1112 6.1, 6.4: a member hears itself, unless it asked not to.
        if (route.IsLooped && interface_.Groups.Takes(group, source)) LoopCopy(route, interface_, payload);
        if (route.TimeToLive > 0) return SendBy(interface_, group, route, payload, now);
        payload.Release();
        return DropReason.None;
    }

    private void LoopCopy(in IpRoute route, NetworkInterface interface_, PacketBuffer payload)
    {
        if (!TryCopy(payload, 0, payload.Length, out var copy)) Drops.Count(DropReason.NoBuffer);
        else SendToSelf(route, copy, interface_.Index);
    }

    // Of what the host sent to itself: what is for groups, or for everybody on the link that the copy's packet went out by.
    private bool IsForMany(int link, Ipv4Address destination) => link != LoopbackLink || destination.IsMulticast || destination.Value == 0x7FFF_FFFF;

    private DropReason HandleIgmp(NetworkInterface interface_, Ipv4Address destination, byte timeToLive, bool hasRouterAlert, PacketBuffer packet, Instant now)
    {
        // What does not lie in one block is no message that a router sends: it asks for hundreds of sources.
        if (!packet.TryPullUp(packet.Length)) return Drop(DropReason.BadLength, packet);
        var reason = interface_.Groups.HandleMessage(packet.Span, destination, timeToLive, hasRouterAlert, now);
        if (reason != DropReason.None) return Drop(reason, packet);
        packet.Release();
        return DropReason.None;
    }

    private static bool HasRouterAlert(ReadOnlySpan<byte> options)
    {
        var walk = new Ipv4Options(options);
        while (walk.MoveNext())
            if (walk.Kind == Ipv4OptionKind.RouterAlert) return true;
        return false;
    }

    // RFC 3376 4: a time to live of 1, a router alert, and the precedence of internetwork control.
    private int TransmitIgmp(NetworkInterface interface_, Span<PacketBuffer> frames, Instant now)
    {
        int n = 0;
        int room = Math.Min(interface_.Mtu, LongestMessage) - Ipv4Header.Size - s_routerAlert.Length;
        while (n < frames.Length && interface_.Groups.HasOutput)
        {
            if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) break;
            if (!interface_.Groups.TryTransmit(packet.Append(room), now, out int length, out var to))
            {
                packet.Release();
                break;
            }

            packet.Truncate(length);
            var source = interface_.Addresses.Length > 0 ? interface_.Addresses[0].Address : default;
            new Ipv4Header(source, to, IpProtocol.Igmp) { TrafficClass = 0xC0, TimeToLive = 1, Identification = NextIdentification(source, to, IpProtocol.Igmp) }
                .WriteTo(packet.Prepend(Ipv4Header.Size + s_routerAlert.Length), length, s_routerAlert);
            _ipOut++;
            PushEthernet(interface_, GroupMac(to), Wire.Ethernet.EtherType.Ipv4, packet);
            frames[n++] = packet;
        }

        return n;
    }

    // RFC 1112 6.4: the low 23 bits of the group.
    private static MacAddress GroupMac(Ipv4Address group) => new(0x0100_5E00_0000UL | (group.Value & 0x7F_FFFF));
}
