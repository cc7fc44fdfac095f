namespace Morgana.Gateway;

/// <summary>The gateway's counters, as they were when asked for.</summary>
public sealed record GatewayStatistics
{
    /// <summary>TCP connections that are being relayed now, those being opened included.</summary>
    public long TcpFlows { get; init; }

    /// <summary>TCP connections that have been relayed so far.</summary>
    public long TcpOpened { get; init; }

    /// <summary>Connections of the guest to where it may not go.</summary>
    public long TcpRefusedByPolicy { get; init; }

    /// <summary>Connections that the other side refused, or that timed out.</summary>
    public long TcpFailed { get; init; }

    /// <summary>Connections that were ended or refused because of <see cref="GatewayOptions.MaxTcpFlows"/>.</summary>
    public long TcpEvicted { get; init; }

    /// <summary>Octets relayed from guest to host over TCP.</summary>
    public long TcpBytesToHost { get; init; }

    /// <summary>Octets relayed from host to guest over TCP.</summary>
    public long TcpBytesToGuest { get; init; }

    /// <summary>UDP mappings and published UDP peers that live now.</summary>
    public long UdpFlows { get; init; }

    /// <summary>UDP mappings that were ended because of <see cref="GatewayOptions.MaxUdpFlows"/>.</summary>
    public long UdpEvicted { get; init; }

    /// <summary>Datagrams relayed from guest to host.</summary>
    public long UdpToHost { get; init; }

    /// <summary>Datagrams relayed from host to guest.</summary>
    public long UdpToGuest { get; init; }

    /// <summary>Datagrams that were dropped: by policy, by a full host socket, from a stranger.</summary>
    public long UdpDropped { get; init; }

    /// <summary>Names that are being asked for now.</summary>
    public long DnsPending { get; init; }

    /// <summary>DNS questions relayed so far.</summary>
    public long DnsQueries { get; init; }

    /// <summary>DNS questions that nobody answered.</summary>
    public long DnsFailed { get; init; }

    /// <summary>Pings relayed so far.</summary>
    public long Pings { get; init; }

    /// <summary>Pings that could not be relayed: by policy, or because the host does not let this user ping.</summary>
    public long PingsDropped { get; init; }

    /// <summary>Pool blocks in use now: 0 when nothing is on its way.</summary>
    public long BlocksInUse { get; init; }

    /// <summary>Frames received from the guest.</summary>
    public long FramesFromGuest { get; init; }

    /// <summary>Frames sent to the guest.</summary>
    public long FramesToGuest { get; init; }
}

/// <summary>The counters themselves. The loop's thread writes; others read whole 64-bit values and need no consistency among them.</summary>
internal sealed class GatewayCounters
{
    public long TcpFlows, TcpOpened, TcpRefusedByPolicy, TcpFailed, TcpEvicted, TcpBytesToHost, TcpBytesToGuest;
    public long UdpFlows, UdpEvicted, UdpToHost, UdpToGuest, UdpDropped;
    public long DnsPending, DnsQueries, DnsFailed, Pings, PingsDropped;
    public long BlocksInUse, FramesFromGuest, FramesToGuest;

    public GatewayStatistics Snapshot() => new()
    {
        TcpFlows = Volatile.Read(ref TcpFlows),
        TcpOpened = Volatile.Read(ref TcpOpened),
        TcpRefusedByPolicy = Volatile.Read(ref TcpRefusedByPolicy),
        TcpFailed = Volatile.Read(ref TcpFailed),
        TcpEvicted = Volatile.Read(ref TcpEvicted),
        TcpBytesToHost = Volatile.Read(ref TcpBytesToHost),
        TcpBytesToGuest = Volatile.Read(ref TcpBytesToGuest),
        UdpFlows = Volatile.Read(ref UdpFlows),
        UdpEvicted = Volatile.Read(ref UdpEvicted),
        UdpToHost = Volatile.Read(ref UdpToHost),
        UdpToGuest = Volatile.Read(ref UdpToGuest),
        UdpDropped = Volatile.Read(ref UdpDropped),
        DnsPending = Volatile.Read(ref DnsPending),
        DnsQueries = Volatile.Read(ref DnsQueries),
        DnsFailed = Volatile.Read(ref DnsFailed),
        Pings = Volatile.Read(ref Pings),
        PingsDropped = Volatile.Read(ref PingsDropped),
        BlocksInUse = Volatile.Read(ref BlocksInUse),
        FramesFromGuest = Volatile.Read(ref FramesFromGuest),
        FramesToGuest = Volatile.Read(ref FramesToGuest),
    };
}
