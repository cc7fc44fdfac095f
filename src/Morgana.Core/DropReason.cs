namespace Morgana.Core;

/// <summary>Why a packet went no further. The packet path returns it and counts it; it never throws.</summary>
/// <remarks>Metrics and traces show the member's name, so a name says the cause in the field's own words. Append; never renumber.</remarks>
public enum DropReason : byte
{
    /// <summary>It was not dropped.</summary>
    None = 0,

    // Any layer.
    /// <summary>Fewer octets than the fixed header.</summary>
    Truncated,
    /// <summary>A length field contradicts the octets there are, or another field.</summary>
    BadLength,
    /// <summary>A version field names another protocol.</summary>
    BadVersion,
    /// <summary>The checksum does not match.</summary>
    BadChecksum,
    /// <summary>An option's length is zero, too short or too long.</summary>
    BadOption,
    /// <summary>The pool has no buffer left.</summary>
    NoBuffer,
    /// <summary>A bounded queue was full.</summary>
    QueueFull,

    // Link layer.
    /// <summary>An EtherType that nobody here speaks.</summary>
    UnknownEtherType,
    /// <summary>The frame is for another station.</summary>
    NotOurMac,
    /// <summary>A VLAN that this interface is not a member of.</summary>
    UnknownVlan,
    /// <summary>The link is down or the device has failed.</summary>
    DeviceDown,
    /// <summary>The packet is larger than the link's MTU and must not be fragmented.</summary>
    TooBig,

    // ARP.
    /// <summary>An ARP packet whose hardware or protocol type, or operation, is not ours (RFC 826).</summary>
    BadArp,
    /// <summary>Another station claims our address (RFC 5227 2.4).</summary>
    AddressConflict,
    /// <summary>The next hop did not answer.</summary>
    NeighbourUnreachable,

    // IP.
    /// <summary>The destination is not one of our addresses.</summary>
    NotOurAddress,
    /// <summary>A source address that nobody may send from: broadcast, multicast, loopback, or our own (land).</summary>
    BadSource,
    /// <summary>No route to the destination.</summary>
    NoRoute,
    /// <summary>The time to live ran out.</summary>
    TtlExpired,
    /// <summary>A protocol number that nobody here speaks.</summary>
    UnknownProtocol,
    /// <summary>Fragments overlap (RFC 5722; applied to IPv4 too).</summary>
    FragmentOverlap,
    /// <summary>A fragment that is impossible: empty, misaligned, or beyond 65,535 octets.</summary>
    BadFragment,
    /// <summary>Reassembly ran into its limit of datagrams or octets.</summary>
    ReassemblyLimit,
    /// <summary>The missing fragments did not come in time (RFC 791 3.2).</summary>
    ReassemblyTimeout,
    /// <summary>A source route, which we refuse (RFC 7126 4.3).</summary>
    SourceRoute,

    // ICMP.
    /// <summary>An ICMP type that nobody here handles.</summary>
    UnknownIcmpType,
    /// <summary>An answer to a broadcast or multicast (smurf; RFC 1122 3.2.2.6).</summary>
    BroadcastEcho,
    /// <summary>The rate limit for ICMP messages was reached (RFC 1812 4.3.2.8).</summary>
    RateLimited,
    /// <summary>An ICMP error that quotes nothing which we sent.</summary>
    UnmatchedError,

    // UDP and TCP.
    /// <summary>Nobody listens at that port.</summary>
    NoSocket,
    /// <summary>The socket's receive queue is full.</summary>
    SocketQueueFull,
    /// <summary>A port of zero where one is needed.</summary>
    BadPort,
    /// <summary>Flags that contradict each other, such as SYN with RST.</summary>
    BadFlags,
    /// <summary>The segment lies outside the receive window (RFC 9293 3.10.7.4).</summary>
    OutOfWindow,
    /// <summary>The segment acknowledges what was never sent (RFC 9293 3.10.7.4; RFC 5961 5.2).</summary>
    BadAck,
    /// <summary>No ACK bit where one is required (RFC 9293 3.10.7.4).</summary>
    NoAck,
    /// <summary>An old duplicate by its timestamp (PAWS, RFC 7323 5).</summary>
    Paws,
    /// <summary>A RST that is not exactly at RCV.NXT (RFC 5961 3.2).</summary>
    ResetChallenged,
    /// <summary>A SYN on a synchronised connection (RFC 5961 4.2).</summary>
    SynChallenged,
    /// <summary>Nothing new in it.</summary>
    Duplicate,
    /// <summary>The listener's backlog of half-open connections is full.</summary>
    SynBacklogFull,
    /// <summary>The listener's queue of connections that wait to be accepted is full.</summary>
    AcceptQueueFull,
    /// <summary>The table of connections is full.</summary>
    ConnectionLimit,
    /// <summary>Data for a connection whose application has gone.</summary>
    DataAfterClose,
    /// <summary>The out-of-order queue is at its limit.</summary>
    OutOfOrderLimit,
    /// <summary>A segment for a connection that is no longer there.</summary>
    ConnectionGone,
    /// <summary>A SYN from a source that has as many connections with the listener as one may have.</summary>
    SourceLimit,

    // IGMP.
    /// <summary>An IGMP type that hosts do not handle.</summary>
    UnknownIgmpType,
    /// <summary>A query that no router of the link sends: with another time to live than 1, without a router alert, or not to those whom it asks (RFC 3376 4, 9.1).</summary>
    BadQuery,
}
