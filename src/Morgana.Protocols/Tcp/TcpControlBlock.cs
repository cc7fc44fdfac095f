using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>One connection: the TCB of RFC 9293 3.3.1. Octets and <c>now</c> go in, segments are polled out of the <see cref="TcpStack"/>.</summary>
/// <remarks>
/// The loop's thread only. After <see cref="Close"/> or <see cref="Abort"/>, and once <see cref="Owner"/> was set to null after
/// <see cref="TcpEvents.Closed"/>, the block belongs to the stack, which uses it again: nobody may touch it any more.
/// </remarks>
public sealed partial class TcpControlBlock
{
    private readonly TcpStack _stack;
    private object? _owner;
    private TcpEvents _events;

    internal TcpControlBlock(TcpStack stack) => _stack = stack;

    /// <summary>The connection's number in its stack; used again after it has ended.</summary>
    public int Id { get; internal set; }

    /// <summary>The state.</summary>
    public TcpState State { get; private set; }

    /// <summary>Our end.</summary>
    public IpEndpoint Local { get; private set; }

    /// <summary>The peer's end.</summary>
    public IpEndpoint Remote { get; private set; }

    /// <summary>What the connection may use.</summary>
    public TcpConnectionOptions Options { get; private set; } = TcpConnectionOptions.Default;

    /// <summary>The edge's object. Setting it to null after <see cref="TcpEvents.Closed"/> gives the block back to the stack.</summary>
    public object? Owner
    {
        get => _owner;
        set
        {
            _owner = value;
            if (value is null && IsAppOwned && (State is TcpState.Closed or TcpState.TimeWait)) Release();
        }
    }

    /// <summary>The smoothed round-trip time; zero before the first measurement.</summary>
    public TimeSpan RoundTripTime => _rtt.Smoothed;

    /// <summary>The congestion window in octets.</summary>
    public int CongestionWindow => _congestion.Window;

    /// <summary>The most payload that one segment carries.</summary>
    public int SegmentSize => Mss;

    internal TcpTuple Tuple;
    internal uint TupleHash;
    internal ulong PseudoSum;
    internal bool IsIpv4;

    /// <summary>Whether the edge has it, or will get it through the ready list: events are reported.</summary>
    internal bool IsAppOwned;

    /// <summary>Whether the application has gone: events are no longer reported, and received data is refused.</summary>
    internal bool IsReleased;

    /// <summary>Whether it lies in the stack's pool of unused blocks.</summary>
    internal bool IsPooled;

    // Lists of the stack and of the listener, linked through the blocks themselves.
    internal ListLinks Ready, Output, Kin;
    internal TcpListenSocket? Listener;
    internal SourceCounts? Sources;         // Where it is counted, while it is.
    internal bool IsHandshakeHeld;

    /// <summary>Takes what happened since the last call.</summary>
    public TcpEvents TakeEvents()
    {
        var events = _events;
        _events = TcpEvents.None;
        return events;
    }

    internal void Raise(TcpEvents events)
    {
        if (IsReleased) return;
        _events |= events;
        if (IsAppOwned) _stack.AddReady(this);
    }

    internal bool HasEvents => _events != TcpEvents.None;

    private void SetState(TcpState state, Instant now)
    {
        _stack.Statistics.Move(State, state);
        _stack.Trace.Record(now, TraceKind.TcpState, (uint)Id, (ulong)State, (ulong)state);
        State = state;
    }

    /// <summary>Prepares the block for a new connection.</summary>
    internal void Begin(in TcpTuple tuple, uint hash, IpEndpoint local, IpEndpoint remote, int mtu, TcpConnectionOptions options, SequenceNumber iss, uint timestampOffset)
    {
        Tuple = tuple;
        TupleHash = hash;
        Local = local;
        Remote = remote;
        Options = options;
        IsIpv4 = remote.Address.IsIpv4;
        PseudoSum = InternetChecksum.PseudoHeader(local.Address, remote.Address, 6, 0);
        IsAppOwned = IsReleased = IsHandshakeHeld = IsPooled = false;
        _events = TcpEvents.None;
        _owner = null;
        Listener = null;
        BeginTransmit(mtu, iss, timestampOffset);
        BeginReceive(mtu);
        BeginTimers();
        BeginDirect();
    }

    /// <summary>Ends the connection: everything it holds goes back, and whoever owns it is told once.</summary>
    internal void Terminate(TcpEvents reason, Instant now)
    {
        if (State == TcpState.Closed) return;
        if ((reason & TcpEvents.TimedOut) != 0) _stack.Statistics.TimedOut++;
        // RFC 9293 3.10.7.4: after a reset all queues are flushed; after an orderly end the application may still read.
        ClearTransmit();
        ClearReassembly();
        _otherEnd = null;
        bool isOrderly = reason == TcpEvents.Closed;
        if (!isOrderly || IsReleased || !IsAppOwned) ReceiveQueue.Clear();
        bool wasTimeWait = State == TcpState.TimeWait;
        _stack.Remove(this);
        SetState(TcpState.Closed, now);
        if (IsAppOwned && !IsReleased)
        {
            if (!wasTimeWait || !isOrderly) Raise(reason | TcpEvents.Closed);
        }
        else
        {
            _stack.Recycle(this);
        }
    }

    internal void LeaveSource()
    {
        Sources?.Remove(Remote.Address);
        Sources = null;
    }

    // The application has gone, or has seen the end.
    private void Release()
    {
        if (IsPooled) return;
        IsReleased = true;
        _events = TcpEvents.None;
        _owner = null;
        ReceiveQueue.Clear();
        _stack.RemoveReady(this);
        if (State == TcpState.Closed) _stack.Recycle(this);
    }

    /// <summary>Places in a doubly linked list.</summary>
    internal struct ListLinks
    {
        public TcpControlBlock? Next, Previous;
        public bool IsLinked;
    }
}
