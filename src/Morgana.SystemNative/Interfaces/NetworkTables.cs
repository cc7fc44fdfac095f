using System.Globalization;
using System.Text;
using Morgana.Core;
using Morgana.Network;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Igmp;

namespace Morgana.SystemNative;

/// <summary>What Linux tells of its network in files of <c>/proc/net</c>, proc_net(5), of our stack: .NET's <c>IPGlobalProperties</c> reads them.</summary>
/// <remarks>Columns are Linux's, in its order. What our stack does not count is zero.</remarks>
internal static class NetworkTables
{
    private const string ConnectionHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    public static string Tcp(NetworkStack stack)
    {
        var text = new StringBuilder(ConnectionHeader);
        int line = 0;
        foreach (var listener in stack.Tcp.Listeners.Where(l => l.Local.Address.IsIpv4)) Add(text, line++, listener.Local, default, TcpInformation.Number(TcpState.Listen), 0, 0);
        foreach (var tcb in stack.Tcp.Connections.Where(c => c.Local.Address.IsIpv4))
            Add(text, line++, tcb.Local, tcb.Remote, TcpInformation.Number(tcb.State), tcb.SendQueueLength, tcb.ReceivedLength);
        return text.ToString();
    }

    public static string Udp(NetworkStack stack)
    {
        var text = new StringBuilder(ConnectionHeader);
        int line = 0;
        // 07, TCP_CLOSE, is what Linux says of a datagram socket without a peer.
        foreach (var endpoint in stack.Udp.Endpoints.Where(e => e.Local.Address.IsIpv4)) Add(text, line++, endpoint.Local, default, 7, 0, 0);
        return text.ToString();
    }

    /// <summary>The tables of IPv6, which have no lines.</summary>
    public static string NothingOfIpv6(NetworkStack stack) => "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    public static string Devices(NetworkStack stack)
    {
        var text = new StringBuilder("Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n");
        foreach (var link in HostInterfaces.All(stack))
            text.Append(CultureInfo.InvariantCulture, $"{link.Name,6}: {link.OctetsIn} {link.FramesIn} 0 {link.FramesDropped} 0 0 0 {link.GroupFramesIn} {link.OctetsOut} {link.FramesOut} 0 {link.OutputDropped} 0 0 0 0\n");
        return text.ToString();
    }

    public static string Routes(NetworkStack stack)
    {
        var text = new StringBuilder("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
        foreach (var route in stack.Routes.Routes)
        {
            // RTF_UP, RTF_GATEWAY.
            int flags = route.Gateway is null ? 1 : 3;
            uint mask = route.PrefixLength == 0 ? 0 : uint.MaxValue << (32 - route.PrefixLength);
            text.Append(CultureInfo.InvariantCulture, $"{route.Interface.Name}\t{Hex(route.Prefix)}\t{Hex(route.Gateway ?? default)}\t{flags:X4}\t0\t0\t0\t{Hex(new(mask))}\t0\t0\t0\n");
        }

        return text.ToString();
    }

    /// <summary>The counters of RFC 1213's tables, by its names.</summary>
    public static string Counters(NetworkStack stack)
    {
        var s = stack.Statistics;
        var tcp = s.Tcp;
        var drops = stack.Drops;
        long reassemblyFailures = drops[DropReason.FragmentOverlap] + drops[DropReason.BadFragment] + drops[DropReason.ReassemblyLimit] + drops[DropReason.ReassemblyTimeout];
        // A packet that went out in fragments is one request.
        long requests = s.IpOut - s.FragmentsOut + s.Fragmented;
        int established = tcp[TcpState.Established] + tcp[TcpState.CloseWait];
        return string.Create(CultureInfo.InvariantCulture, $"""
            Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates
            Ip: 2 64 {s.IpIn - s.Ipv6In} {s.IpHeaderErrors} {s.IpAddressErrors} 0 {s.IpUnknownProtocols} 0 {s.IpDelivered} {requests} {stack.Interfaces.Sum(i => i.OutputDropped)} {drops[DropReason.NoRoute]} {drops[DropReason.ReassemblyTimeout]} {s.FragmentsIn} {s.Reassembled} {reassemblyFailures} {s.Fragmented} {drops[DropReason.TooBig]} {s.FragmentsOut}
            {Icmp(stack.Icmp)}
            Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
            Tcp: 4 200 60000 -1 {tcp.ActiveOpens} {tcp.PassiveOpens} {tcp.FailedAttempts} {tcp.EstablishedResets} {established} {s.TcpIn} {s.TcpOut} {tcp.Retransmissions} {tcp.BadChecksums} {tcp.ResetsSent} {tcp.BadChecksums}
            Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti
            Udp: {s.UdpIn} {stack.Udp.NoPorts} {stack.Udp.Errors} {s.UdpOut} {stack.Udp.Overflows} 0 {stack.Udp.BadChecksums} {stack.Udp.IgnoredGroups}

            """);
    }

    // By the types of RFC 792 and RFC 950, in the order of Linux before it had rate limits for each of them: .NET goes by places, not by names.
    private static string Icmp(IcmpStack icmp)
    {
        byte[] types = [3, 11, 12, 4, 5, 8, 0, 13, 14, 17, 18];
        string received = string.Join(' ', Array.ConvertAll(types, t => Text(icmp.ReceivedOf(t)))), sent = string.Join(' ', Array.ConvertAll(types, t => Text(icmp.SentOf(t))));
        return string.Create(CultureInfo.InvariantCulture, $"""
            Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps
            Icmp: {icmp.Received} {icmp.Damaged} {icmp.BadChecksums} {received} {icmp.Sent} 0 {sent}
            """);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The groups that are joined on each interface.</summary>
    public static string Groups(NetworkStack stack)
    {
        var text = new StringBuilder("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
        foreach (var link in HostInterfaces.All(stack))
        {
            // Everybody is in the group of all hosts (RFC 1112 4).
            List<(Ipv4Address Group, int Sockets)> groups = [.. link.Groups.Joined];
            groups.RemoveAll(g => g.Group == IgmpAddress.AllSystems);
            groups.Add((IgmpAddress.AllSystems, 1));
            text.Append(CultureInfo.InvariantCulture, $"{link.Index}\t{link.Name,-10}: {groups.Count,5}      V{link.Groups.Version}\n");
            foreach (var (group, sockets) in groups) text.Append(CultureInfo.InvariantCulture, $"\t\t\t\t{Hex(group)} {sockets,5} 0:00000000\t\t0\n");
        }

        return text.ToString();
    }

    public static string Sockets(NetworkStack stack)
    {
        var s = stack.Statistics;
        int waiting = s.Tcp[TcpState.TimeWait];
        return string.Create(CultureInfo.InvariantCulture, $"""
            sockets: used {Descriptors.Count}
            TCP: inuse {s.Tcp.Connections - waiting} orphan 0 tw {waiting} alloc {s.Tcp.Connections} mem 0
            UDP: inuse {s.UdpEndpoints} mem 0
            UDPLITE: inuse 0
            RAW: inuse 0
            FRAG: inuse {s.Reassembling} memory {s.ReassemblyOctets}

            """);
    }

    private static void Add(StringBuilder text, int line, IpEndpoint local, IpEndpoint remote, byte state, int sending, int received)
    {
        var peer = remote.Address.IsIpv4 ? remote.Address.Ipv4 : default;
        text.Append(CultureInfo.InvariantCulture, $"{line,4}: {Hex(local.Address.Ipv4)}:{local.Port:X4} {Hex(peer)}:{remote.Port:X4} {state:X2} {sending:X8}:{received:X8} 00:00000000 00000000     0        0 0 1 0000000000000000 20 4 0 10 -1\n");
    }

    // The octets as a number of the machine's own order.
    private static string Hex(Ipv4Address address) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(address.Value).ToString("X8", CultureInfo.InvariantCulture);
}
