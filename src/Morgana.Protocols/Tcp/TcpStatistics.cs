namespace Morgana.Protocols.Tcp;

/// <summary>What TCP did. The loop's thread counts; others may read slightly old values.</summary>
public sealed class TcpStatistics
{
    private readonly int[] _byState = new int[11];

    /// <summary>Segments that came, bad ones included.</summary>
    public long SegmentsReceived { get; internal set; }
    /// <summary>Segments that were sent.</summary>
    public long SegmentsSent { get; internal set; }
    /// <summary>In-order octets of payload that were taken.</summary>
    public long OctetsReceived { get; internal set; }
    /// <summary>Octets of payload that were sent, retransmissions not counted.</summary>
    public long OctetsSent { get; internal set; }
    /// <summary>Connections that we opened.</summary>
    public long ActiveOpens { get; internal set; }
    /// <summary>Connections that peers opened: SYNs answered.</summary>
    public long PassiveOpens { get; internal set; }
    /// <summary>Handshakes completed.</summary>
    public long Established { get; internal set; }
    /// <summary>Segments sent again.</summary>
    public long Retransmissions { get; internal set; }
    /// <summary>Times that a loss was found by acknowledgements, and fast recovery began (RFC 8985, RFC 6582).</summary>
    public long FastRetransmissions { get; internal set; }
    /// <summary>Tail probes sent (RFC 8985 7).</summary>
    public long TailProbes { get; internal set; }
    /// <summary>SACK blocks that were no range in flight, or one too many.</summary>
    public long SacksIgnored { get; internal set; }
    /// <summary>Acknowledgements that reported a segment which came twice (RFC 2883).</summary>
    public long DuplicatesReported { get; internal set; }
    /// <summary>Retransmission timeouts.</summary>
    public long RetransmissionTimeouts { get; internal set; }
    /// <summary>Duplicate acknowledgements received.</summary>
    public long DuplicateAcks { get; internal set; }
    /// <summary>Segments that came out of order and were kept.</summary>
    public long OutOfOrder { get; internal set; }
    /// <summary>Zero-window probes sent.</summary>
    public long WindowProbes { get; internal set; }
    /// <summary>Keepalive probes sent.</summary>
    public long KeepAliveProbes { get; internal set; }
    /// <summary>Challenge ACKs sent (RFC 5961).</summary>
    public long ChallengeAcks { get; internal set; }
    /// <summary>Acknowledgements that were not sent because of the rate limit.</summary>
    public long ChallengeAcksSuppressed { get; internal set; }
    /// <summary>RSTs sent.</summary>
    public long ResetsSent { get; internal set; }
    /// <summary>RSTs not sent because of the rate limit or a full queue.</summary>
    public long ResetsSuppressed { get; internal set; }
    /// <summary>Connections that a RST ended.</summary>
    public long ResetsReceived { get; internal set; }
    /// <summary>Connections given up because the peer did not answer.</summary>
    public long TimedOut { get; internal set; }
    /// <summary>Half-open connections that gave way to newer ones.</summary>
    public long HalfOpenEvicted { get; internal set; }
    /// <summary>Connections in TIME_WAIT that ended early: at the limit, or for a newer SYN.</summary>
    public long TimeWaitRecycled { get; internal set; }
    /// <summary>ICMP errors that changed something.</summary>
    public long PathErrors { get; internal set; }
    /// <summary>Connections that ended before they were established (RFC 4022, <c>tcpAttemptFails</c>).</summary>
    public long FailedAttempts { get; private set; }
    /// <summary>Connections that ended at once, out of ESTABLISHED or CLOSE_WAIT (RFC 4022, <c>tcpEstabResets</c>).</summary>
    public long EstablishedResets { get; private set; }
    /// <summary>Segments whose checksum was wrong.</summary>
    public long BadChecksums { get; internal set; }
    /// <summary>Connections in any state.</summary>
    public int Connections { get; internal set; }

    /// <summary>How many connections are in a state.</summary>
    public int this[TcpState state] => Volatile.Read(ref _byState[(int)state]);

    internal void Move(TcpState from, TcpState to)
    {
        if (from != TcpState.Closed) _byState[(int)from]--;
        if (to != TcpState.Closed) _byState[(int)to]++;
        else if (from is TcpState.SynSent or TcpState.SynReceived) FailedAttempts++;
        else if (from is TcpState.Established or TcpState.CloseWait) EstablishedResets++;
    }
}
