namespace Morgana.Protocols.Tcp;

/// <summary>A connection's state (RFC 9293 3.3.2).</summary>
public enum TcpState : byte
{
    /// <summary>No connection.</summary>
    Closed,
    /// <summary>Waiting for a connection request. Listeners are objects of their own, so no control block is ever in it.</summary>
    Listen,
    /// <summary>A SYN was sent; its answer is awaited.</summary>
    SynSent,
    /// <summary>SYNs were exchanged; the acknowledgement of ours is awaited.</summary>
    SynReceived,
    /// <summary>Open: data flows both ways.</summary>
    Established,
    /// <summary>We have closed; the acknowledgement of our FIN is awaited, and the peer's FIN.</summary>
    FinWait1,
    /// <summary>Our FIN was acknowledged; the peer's FIN is awaited.</summary>
    FinWait2,
    /// <summary>The peer has closed; we have not.</summary>
    CloseWait,
    /// <summary>Both have closed at once; the acknowledgement of our FIN is awaited.</summary>
    Closing,
    /// <summary>The peer closed first, then we did; the acknowledgement of our FIN is awaited.</summary>
    LastAck,
    /// <summary>Over; kept so that late segments find somebody (RFC 9293 3.4.2).</summary>
    TimeWait,
}

/// <summary>Which timer of a connection fired: what <see cref="Morgana.Core.TraceKind.TimerFired"/> names.</summary>
public enum TcpTimer : byte
{
    /// <summary>Retransmission (RFC 6298); how often in a row comes with it.</summary>
    Retransmission = 1,
    /// <summary>A probe into a closed window (RFC 9293 3.8.6.1).</summary>
    Persist,
    /// <summary>A probe behind the last segment (RFC 8985 7).</summary>
    TailProbe,
    /// <summary>A probe of an idle connection (RFC 9293 3.8.4).</summary>
    KeepAlive,
    /// <summary>The end of TIME_WAIT, of FIN_WAIT_2 without an application, or of a deferred handshake.</summary>
    Life,
}

/// <summary>What happened to a connection since its events were last taken.</summary>
[Flags]
public enum TcpEvents
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The handshake is complete.</summary>
    Connected = 1 << 0,
    /// <summary>Octets wait to be read.</summary>
    Readable = 1 << 1,
    /// <summary>The send queue fell below half of its buffer, or memory is there again after a short write.</summary>
    Writable = 1 << 2,
    /// <summary>The peer's FIN has come, after everything that waits to be read.</summary>
    EndOfStream = 1 << 3,
    /// <summary>Both directions are finished. Nothing more will happen. Comes alone, or with the reason why.</summary>
    Closed = 1 << 4,
    /// <summary>The peer reset the connection.</summary>
    Reset = 1 << 5,
    /// <summary>The peer did not answer for too long.</summary>
    TimedOut = 1 << 6,
    /// <summary>The peer refused the connection.</summary>
    Refused = 1 << 7,
    /// <summary>A SYN waits for <see cref="TcpControlBlock.AcceptHandshake"/> or <see cref="TcpControlBlock.Abort"/>.</summary>
    HandshakeRequested = 1 << 8,
}

/// <summary>Why nothing listens.</summary>
public enum TcpListenError
{
    /// <summary>It listens.</summary>
    None,
    /// <summary>Somebody listens there already.</summary>
    AddressInUse,
    /// <summary>Port 0 is only for the wildcard address, where it means every port.</summary>
    BadPort,
}

/// <summary>Why no connection was begun.</summary>
public enum TcpConnectError
{
    /// <summary>It was begun.</summary>
    None,
    /// <summary>The four-tuple is taken.</summary>
    AddressInUse,
    /// <summary>Every ephemeral port to that peer is taken.</summary>
    NoPort,
    /// <summary>The stack is at its limit of connections.</summary>
    ConnectionLimit,
    /// <summary>An address or port that nobody can be at, or a mix of IP versions.</summary>
    BadAddress,
}

/// <summary>What an ICMP message says about the path of a segment (RFC 5927).</summary>
public enum TcpPathError
{
    /// <summary>Network or host unreachable, time exceeded: may pass.</summary>
    Unreachable,
    /// <summary>Port or protocol unreachable, or prohibited: ends a handshake, nothing else (RFC 5927 5.2).</summary>
    Refused,
    /// <summary>Fragmentation needed, or packet too big: the MTU comes with it.</summary>
    TooBig,
}
