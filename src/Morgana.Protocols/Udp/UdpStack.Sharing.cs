using Morgana.Core;
using Morgana.Wire.Udp;

namespace Morgana.Protocols.Udp;

// Who may be bound where, and who gets what: several endpoints can share a port, by Linux's rules.
public sealed partial class UdpStack
{
    private const int ExactAddress = 2, Connected = 1;

    /// <summary>Whether an endpoint may be bound to <paramref name="address"/>: as on Linux to one of ours, and to those that stand for many.</summary>
    public bool CanBind(IpAddress address) => address.IsAny || _isOwn(address) || address.IsMulticast || _output.IsBroadcast(address);

    // udp_lib_lport_inuse of Linux: any address is in the way of each, unless both want to share in the same way.
    private bool IsTaken(IpEndpoint local, UdpBindOptions options)
    {
        for (var other = _byPort[local.Port % Buckets]; other is not null; other = other.Next)
        {
            if (other.Local.Port != local.Port || !(other.Address == local.Address || other.Address.IsAny || local.Address.IsAny)) continue;
            bool isShared = (other.Options.ReuseAddress && options.ReuseAddress) || (other.Options.ReusePort && options.ReusePort);
            if (!isShared) return true;
        }

        return false;
    }

    // udp4_lib_lookup of Linux: the exact address comes before any, a peer's own endpoint before one for everybody, and who was bound last
    // before the others. The router alone gets what is for others.
    private UdpEndpoint? Demultiplex(IpEndpoint to, IpEndpoint from, bool isOwn)
    {
        UdpEndpoint? best = null;
        int most = -1;
        for (var endpoint = _byPort[to.Port % Buckets]; endpoint is not null; endpoint = endpoint.Next)
        {
            if (endpoint.Local.Port != to.Port) continue;
            bool isExact = endpoint.Address == to.Address;
            if (!isExact && !(isOwn && endpoint.Address.IsAny)) continue;
            if (endpoint.Peer is { } peer && peer != from) continue;
            int score = (isExact ? ExactAddress : 0) + (endpoint.Peer is null ? 0 : Connected);
            if (score > most) (best, most) = (endpoint, score);
        }

        return best is { SharesFlows: true, Peer: null } ? ChooseByFlow(best, to, from) : best;
    }

    // SO_REUSEPORT: a flow's datagrams all go to the same one of those that share.
    private UdpEndpoint ChooseByFlow(UdpEndpoint best, IpEndpoint to, IpEndpoint from)
    {
        int count = 0;
        for (var other = best; other is not null; other = other.Next)
            if (Shares(other, best)) count++;
        if (count == 1) return best;
        ulong flow = _portHash.Of(from.Address.Low ^ ((ulong)from.Port << 48), to.Address.Low ^ ((ulong)to.Port << 48) ^ 1);
        int chosen = (int)(flow % (ulong)count);
        var endpoint = best;
        while (chosen > 0 || !Shares(endpoint, best))
        {
            if (Shares(endpoint, best)) chosen--;
            endpoint = endpoint.Next!;
        }

        return endpoint;
    }

    private static bool Shares(UdpEndpoint endpoint, UdpEndpoint with) =>
        endpoint.SharesFlows && endpoint.Peer is null && endpoint.Local.Port == with.Local.Port && endpoint.Address == with.Address;

    // RFC 1112 7: a datagram for a group, or for everybody, goes to each that wants it.
    private DropReason DeliverToAll(PacketBuffer datagram, int length, IpEndpoint from, IpEndpoint to, int link)
    {
        UdpEndpoint? last = null;
        for (var endpoint = _byPort[to.Port % Buckets]; endpoint is not null; endpoint = endpoint.Next)
        {
            if (!Wants(endpoint, from, to, link)) continue;
            // Each but the last gets a copy.
            if (last is not null) DeliverCopy(last, datagram, length, from, to, link);
            last = endpoint;
        }

        last ??= _router is { Options.AllowBroadcast: true } ? _router : null;
        return last is null ? DropReason.NoSocket : Deliver(last, datagram, length, from, to, link);
    }

    private static bool Wants(UdpEndpoint endpoint, IpEndpoint from, IpEndpoint to, int link)
    {
        if (endpoint.Local.Port != to.Port || !(endpoint.Address.IsAny || endpoint.Address == to.Address)) return false;
        if (endpoint.Peer is { } peer && peer != from) return false;
        var options = endpoint.Options;
        if (!to.Address.IsMulticast || options.Groups is not { } groups) return options.AllowBroadcast;
        return (options.AllowBroadcast || groups.IsMember(link, to.Address.Ipv4)) && groups.Takes(link, to.Address.Ipv4, from.Address.Ipv4);
    }

    private void DeliverCopy(UdpEndpoint endpoint, PacketBuffer datagram, int length, IpEndpoint from, IpEndpoint to, int link)
    {
        if (!_pool.TryRentPacket(0, out var copy))
        {
            _drops.Count(DropReason.NoBuffer);
            return;
        }

        for (int offset = 0; offset < length;)
        {
            var room = copy.Append(length - offset);
            datagram.CopyTo(offset, room);
            offset += room.Length;
            if (offset == length || copy.TryExtend()) continue;
            Drop(DropReason.NoBuffer, copy);
            return;
        }

        Deliver(endpoint, copy, length, from, to, link);
    }

    private DropReason Deliver(UdpEndpoint endpoint, PacketBuffer datagram, int length, IpEndpoint from, IpEndpoint to, int link)
    {
        datagram.Truncate(length);
        datagram.TrimStart(UdpHeader.Size);
        int cost = datagram.MemorySize;
        if (QueuedOctets + cost > _queueLimit) return Drop(DropReason.SocketQueueFull, datagram);
        // The pool's reserve is for packets on their way. Whoever reads what comes still gets one datagram after the other.
        if (endpoint.QueuedDatagrams > 0 && !_pool.HasRoom) return Drop(DropReason.NoBuffer, datagram);
        var reason = endpoint.Enqueue(datagram, from, to, link, cost);
        if (reason != DropReason.None) return Drop(reason, datagram);
        Received++;
        MarkReady(endpoint);
        return DropReason.None;
    }
}
