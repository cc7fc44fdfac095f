namespace Morgana.Protocols.Tcp;

/// <summary>What holds for all TCP of one host: limits and times. Every limit has a policy and a counter (<see cref="TcpStatistics"/>).</summary>
public sealed record TcpStackOptions
{
    /// <summary>Connections in any state. Beyond it the oldest in TIME_WAIT goes; without one, SYNs are dropped and connects fail.</summary>
    public int MaximumConnections { get; init; } = 65536;

    /// <summary>Connections in TIME_WAIT. Beyond it the oldest goes.</summary>
    public int MaximumTimeWait { get; init; } = 8192;

    /// <summary>How long TIME_WAIT lasts: twice the maximum segment lifetime (RFC 9293 3.4.2).</summary>
    public TimeSpan TimeWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long FIN_WAIT_2 lasts once the application has gone.</summary>
    public TimeSpan FinWait2Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a deferred handshake may wait for its answer.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The retransmission timeout before the first measurement (RFC 6298 2.1).</summary>
    public TimeSpan InitialRetransmissionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The shortest retransmission timeout. RFC 6298 2.4 says one second; every stack in use has less.</summary>
    public TimeSpan MinimumRetransmissionTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest retransmission timeout (RFC 6298 2.5).</summary>
    public TimeSpan MaximumRetransmissionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a SYN, or SYN,ACK, is sent again before the connection times out (R2 of RFC 9293 3.8.3 for SYN).</summary>
    public int SynRetries { get; init; } = 6;

    /// <summary>After how many retransmissions in a row the way to the peer is doubted (R1 of RFC 9293 3.8.3: at least 3).</summary>
    public int SuspectRetries { get; init; } = 3;

    /// <summary>How often data is sent again without an answer before the connection times out (R2 of RFC 9293 3.8.3).</summary>
    public int DataRetries { get; init; } = 14;

    /// <summary>The same after the application has gone; it bounds zero-window probes of such a connection too, answered or not.</summary>
    public int OrphanRetries { get; init; } = 8;

    /// <summary>How long an acknowledgement may wait for company (RFC 9293 3.8.6.3: below 0.5 s).</summary>
    public TimeSpan DelayedAck { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>The least time between two challenge ACKs of one connection (RFC 5961 7).</summary>
    public TimeSpan ChallengeAckInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>RSTs a second to segments without a connection.</summary>
    public int ResetsPerSecond { get; init; } = 1000;

    /// <summary>The first port for connections that we open (RFC 6056 3.2).</summary>
    public ushort FirstEphemeralPort { get; init; } = 32768;

    /// <summary>The last port for connections that we open.</summary>
    public ushort LastEphemeralPort { get; init; } = 65535;

    /// <summary>The smallest maximum segment size that an ICMP message, or a peer, can bring us to (RFC 5927 7).</summary>
    public int MinimumSegmentSize { get; init; } = 216;
}

/// <summary>What one connection may use and how it behaves.</summary>
public sealed record TcpConnectionOptions
{
    /// <summary>Nothing changed.</summary>
    public static TcpConnectionOptions Default { get; } = new();

    /// <summary>Octets that may be queued to be sent, acknowledgement included.</summary>
    public int SendBuffer { get; init; } = 256 * 1024;

    /// <summary>Octets that may wait to be read; the receive window is derived from it.</summary>
    public int ReceiveBuffer { get; init; } = 256 * 1024;

    /// <summary>Switches Nagle's algorithm off (RFC 9293 3.7.4).</summary>
    public bool NoDelay { get; init; }

    /// <summary>Whether timestamps are offered and accepted (RFC 7323).</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>Whether window scaling is offered and accepted (RFC 7323).</summary>
    public bool WindowScaling { get; init; } = true;

    /// <summary>Whether selective acknowledgements are offered and accepted (RFC 2018).</summary>
    public bool SelectiveAcknowledgments { get; init; } = true;

    /// <summary>How long a connection idles before it is probed; null is never (RFC 9293 3.8.4).</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>The time between two probes.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Probes without an answer after which the connection times out.</summary>
    public int KeepAliveProbes { get; init; } = 5;
}

/// <summary>What a listener allows.</summary>
public sealed record TcpListenOptions
{
    /// <summary>Connections that may wait to be accepted. A SYN beyond it is dropped.</summary>
    public int Backlog { get; init; } = 512;

    /// <summary>Connections that may be half open. Beyond it the oldest goes.</summary>
    public int SynBacklog { get; init; } = 1024;

    /// <summary>Connections of one source (of one /64, for IPv6), half-open ones included; a SYN beyond it is dropped. Null is no limit: behind a
    /// router that translates addresses, or our gateway, every peer has the same.</summary>
    public int? ConnectionsPerSource { get; init; }

    /// <summary>Hold each SYN back until <see cref="TcpControlBlock.AcceptHandshake"/>: the connection comes through
    /// <see cref="TcpStack.TryTakeReady"/> with <see cref="TcpEvents.HandshakeRequested"/>, not through the listener.</summary>
    public bool DeferHandshake { get; init; }

    /// <summary>What each connection gets.</summary>
    public TcpConnectionOptions Connection { get; init; } = TcpConnectionOptions.Default;
}
