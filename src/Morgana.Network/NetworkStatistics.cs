using Morgana.Protocols.Tcp;

namespace Morgana.Network;

/// <summary>Counters and levels of one stack, at one moment.</summary>
public sealed record NetworkStatistics
{
    /// <summary>Frames that came in, on all interfaces.</summary>
    public long FramesIn { get; init; }
    /// <summary>Octets that came in, link headers included.</summary>
    public long OctetsIn { get; init; }
    /// <summary>Frames that were handed to devices.</summary>
    public long FramesOut { get; init; }
    /// <summary>Octets that were handed to devices.</summary>
    public long OctetsOut { get; init; }
    /// <summary>ARP packets that came in.</summary>
    public long ArpIn { get; init; }
    /// <summary>Claims of others to our addresses.</summary>
    public long AddressConflicts { get; init; }
    /// <summary>IP packets that came in.</summary>
    public long IpIn { get; init; }
    /// <summary>IP packets that were sent, fragments counted one by one.</summary>
    public long IpOut { get; init; }
    /// <summary>Packets that were put together from fragments.</summary>
    public long Reassembled { get; init; }
    /// <summary>Packets that were sent in fragments.</summary>
    public long Fragmented { get; init; }
    /// <summary>Of the packets that came in, those of IPv6.</summary>
    public long Ipv6In { get; init; }
    /// <summary>IPv4 packets whose header was wrong.</summary>
    public long IpHeaderErrors { get; init; }
    /// <summary>IPv4 packets that were not for us, or from nobody.</summary>
    public long IpAddressErrors { get; init; }
    /// <summary>IPv4 packets of a protocol that nobody here speaks.</summary>
    public long IpUnknownProtocols { get; init; }
    /// <summary>IPv4 packets that were handed to their protocol.</summary>
    public long IpDelivered { get; init; }
    /// <summary>Fragments that came in.</summary>
    public long FragmentsIn { get; init; }
    /// <summary>Fragments that were sent.</summary>
    public long FragmentsOut { get; init; }
    /// <summary>Packets of the host to itself.</summary>
    public long LoopbackPackets { get; init; }
    /// <summary>Octets of them.</summary>
    public long LoopbackOctets { get; init; }
    /// <summary>ICMP messages that came in.</summary>
    public long IcmpIn { get; init; }
    /// <summary>ICMP errors that were sent.</summary>
    public long IcmpErrorsOut { get; init; }
    /// <summary>ICMP errors about packets of ours.</summary>
    public long IcmpErrorsIn { get; init; }
    /// <summary>Echo requests that were answered.</summary>
    public long EchoesAnswered { get; init; }
    /// <summary>UDP datagrams that were put into a queue.</summary>
    public long UdpIn { get; init; }
    /// <summary>UDP datagrams that were sent.</summary>
    public long UdpOut { get; init; }
    /// <summary>TCP segments that came in.</summary>
    public long TcpIn { get; init; }
    /// <summary>TCP segments that were sent.</summary>
    public long TcpOut { get; init; }
    /// <summary>UDP endpoints.</summary>
    public int UdpEndpoints { get; init; }
    /// <summary>Octets of pool blocks in UDP receive queues.</summary>
    public int UdpQueuedOctets { get; init; }
    /// <summary>Neighbours that are known, or asked for.</summary>
    public int Neighbours { get; init; }
    /// <summary>Packets that wait for a neighbour's answer.</summary>
    public int NeighbourPending { get; init; }
    /// <summary>Packets that wait for fragments.</summary>
    public int Reassembling { get; init; }
    /// <summary>Octets of pool blocks that wait for fragments.</summary>
    public int ReassemblyOctets { get; init; }
    /// <summary>Frames that wait for devices.</summary>
    public int QueuedFrames { get; init; }
    /// <summary>Packets of the host to itself that wait.</summary>
    public int LoopbackQueued { get; init; }
    /// <summary>Packets that were dropped, for any reason.</summary>
    public long Drops { get; init; }
    /// <summary>Pool blocks in use.</summary>
    public int BlocksInUse { get; init; }
    /// <summary>Pool blocks in all.</summary>
    public int BlocksTotal { get; init; }
    /// <summary>Of TCP.</summary>
    public required TcpStatistics Tcp { get; init; }
}
