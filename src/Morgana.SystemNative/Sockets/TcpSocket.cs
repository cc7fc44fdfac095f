using Morgana.Core;
using Morgana.Hosting;
using Morgana.Protocols.Tcp;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>A TCP socket: Linux's socket states over a listener or a control block of our stack.</summary>
internal sealed partial class TcpSocket : IpSocket, ITcpObserver, ITcpListenObserver
{
    // net.core.somaxconn.
    private const int MaxBacklog = 4096;
    private static readonly TcpPorts s_ports = new();

    // So few connections may have twice their share of the pool, which makes a single transfer a quarter faster. What they can hold in each
    // direction is then a quarter of it, however slow their peers are.
    private const int Few = 16, MostOrdinary = 256 << 10;
    private static readonly int s_share = GuestMemory.FromEnvironment().ConnectionBuffer;

    private enum Phase
    {
        /// <summary><c>TCP_CLOSE</c>, <c>SS_UNCONNECTED</c>.</summary>
        Idle,
        Listening,
        Connecting,

        /// <summary>A connect that was not waited for has failed, and nobody has asked yet.</summary>
        ConnectFailed,
        Connected,

        /// <summary>It was connected, and nothing of the connection is left but what waits to be read.</summary>
        Over,
    }

    private Phase _phase;
    private IpEndpoint _local = new(Ipv4Address.Any, 0);
    private IpEndpoint _peer;
    private bool _isBound;
    private bool _isBoundByUser;
    private ushort _connectedPort;      // Which port the stack chose for the connection that there is; 0 if none.
    private bool _isConnectUntold;      // Nobody has asked yet what became of a connect that was not waited for.
    private bool _receiveShut;
    private bool _sendShut;
    private bool _finReceived;
    private int _ordinaryBuffer = s_share;
    private TcpControlBlock? _tcb;
    private TcpListenSocket? _listener;
    private BlockChain _received;

    public TcpSocket(NetworkLoop loop)
        : base(loop)
    {
        // net.ipv4.tcp_wmem[1] and tcp_rmem[1].
        Options.SendBuffer = 16384;
        Options.ReceiveBuffer = 131072;
    }

    public override int Type => 1;

    public override int Protocol => 6;

    public override bool IsListening => _phase == Phase.Listening;

    /// <summary>Where it is bound. In a turn.</summary>
    public IpEndpoint Local => _local;

    /// <summary>All that are bound, by their ports. In a turn.</summary>
    public static IEnumerable<TcpSocket> Bound => s_ports.All;

    /// <summary><c>TCP_INFO</c>. In a turn.</summary>
    public void WriteInformation(Span<byte> information) =>
        TcpInformation.Write(information, IsListening ? TcpState.Listen : _tcb?.State ?? TcpState.Closed, _tcb);

    // tcp_poll of Linux: a socket that is not connected shows a hang-up, and may be written to, to hear why not.
    protected override SocketEvents Ready
    {
        get
        {
            if (_phase == Phase.Listening) return _listener!.AcceptableCount > 0 ? SocketEvents.Read : SocketEvents.None;
            var ready = SocketEvents.None;
            if (Pending != Error.Success) ready |= SocketEvents.Error;
            if (_phase == Phase.Connecting) return ready;
            if ((_receiveShut && _sendShut) || _tcb is null) ready |= SocketEvents.Close;
            if (_receiveShut) ready |= SocketEvents.Read | SocketEvents.ReadClose;
            if (!_received.IsEmpty) ready |= SocketEvents.Read;
            if (_sendShut || _tcb is null || _tcb.SendRoom > 0) ready |= SocketEvents.Write;
            return ready;
        }
    }

    public override Error Bind(IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        if (!local.Address.IsAny && !turn.Stack.IsOwn(local.Address)) return Error.EADDRNOTAVAIL;
        // What is left of a connection has given its port back, unless it was asked for.
        if (_isBound || _phase is Phase.Listening or Phase.Connecting or Phase.Connected) return Error.EINVAL;
        _isBoundByUser = true;
        return BindInTurn(local);
    }

    public override Error Listen(int backlog)
    {
        using var turn = Loop.TakeTurn();
        if (Loop.HasEnded) return Error.ENETDOWN;
        // listen(2) again only changes the backlog, which is fixed here.
        if (_phase == Phase.Listening) return Error.Success;
        if (_phase != Phase.Idle) return Error.EINVAL;
        if (!_isBound && BindInTurn(_local) is not Error.Success and var unbound) return unbound;
        if (!s_ports.MayListen(this, _local)) return Error.EADDRINUSE;
        // As an unsigned number, so that -1 is the most there may be; and one more may wait than it says.
        int most = (int)Math.Min((uint)backlog, MaxBacklog) + 1;
        var error = turn.Stack.Tcp.TryListen(_local, new() { Backlog = most, Connection = ConnectionOptions() }, out _listener);
        if (error != TcpListenError.None) return Error.EADDRINUSE;
        _listener!.Owner = this;
        _phase = Phase.Listening;
        return Error.Success;
    }

    // tcp(7): a stream goes where it is connected to, whatever the message says.
    public override Error ReadDestination(ReadOnlySpan<byte> address, ref Message message) => Error.Success;

    public override Error Accept(out OwnSocket? accepted, Span<byte> peer, out int length)
    {
        (accepted, length) = (null, 0);
        long deadline = 0;
        while (true)
        {
            using (var turn = Loop.TakeTurn())
            {
                EndWait();
                if (IsClosed) return Error.EBADF;
                if (_phase != Phase.Listening) return Error.EINVAL;
                if (_listener!.TryAccept(out var tcb))
                {
                    accepted = new TcpSocket(Loop, this, tcb, turn);
                    length = SocketAddress.Write(tcb.Remote, peer);
                    return Error.Success;
                }

                if (!MayBlock(MessageFlags.None)) return WouldBlockRead();
                BeginWait();
            }

            if (!Wait(Options.ReceiveTimeout, ref deadline)) return Error.EAGAIN;
        }
    }

    private TcpSocket(NetworkLoop loop, TcpSocket listener, TcpControlBlock tcb, in LoopTurn turn)
        : base(loop)
    {
        Options.CopyFrom(listener.Options);
        (_phase, _tcb, _local, _peer) = (Phase.Connected, tcb, tcb.Local, tcb.Remote);
        tcb.Owner = this;
        ChooseBuffer(turn);
        tcb.Configure(ConnectionOptions(), turn.Now);
        // What came before the accept has raised its events while there was no owner.
        ((ITcpObserver)this).HandleEvents(tcb, turn.Now);
    }

    // inet_stream_connect of Linux looks at the socket before it looks at the address.
    public override Error Connect(ReadOnlySpan<byte> address)
    {
        var error = SocketAddress.ReadFamily(address, out ushort family);
        if (error != Error.Success) return error;
        if (family == SocketAddress.Unspecified) return Disconnect();
        using (Loop.TakeTurn())
            if (_phase == Phase.Listening || (_phase is Phase.Connected or Phase.Over && !_isConnectUntold)) return Error.EISCONN;
        error = SocketAddress.Read(address, out var remote);
        return error != Error.Success ? error : Connect(remote);
    }

    public override Error Connect(IpEndpoint remote)
    {
        long deadline = 0;
        for (bool isBegun = false; ; isBegun = true)
        {
            using (var turn = Loop.TakeTurn())
            {
                EndWait();
                var error = isBegun || (_phase == Phase.Connecting && !IsNonBlocking) ? ConnectOutcome() : BeginConnect(remote, turn);
                if (error != Error.EALREADY && error != Error.EINPROGRESS) return error;
                if (!MayBlock(MessageFlags.None))
                {
                    _isConnectUntold = true;
                    return error;
                }

                BeginWait();
            }

            // socket(7): a connect that SO_SNDTIMEO ends is in progress still.
            if (!Wait(Options.SendTimeout, ref deadline)) return Error.EINPROGRESS;
        }
    }

    public override Error Disconnect()
    {
        using var turn = Loop.TakeTurn();
        // tcp_disconnect of Linux: a reset where there is a connection, and whoever waits hears of it.
        bool wasConnecting = _phase == Phase.Connecting;
        bool wasConnected = _phase == Phase.Connected && !(_sendShut && _finReceived);
        Abandon(turn.Now);
        if (wasConnecting || wasConnected) Pending = Error.ECONNRESET;
        else Pending = Error.Success;
        _phase = Phase.Idle;
        _receiveShut = _sendShut = _finReceived = false;
        _peer = default;
        if (!_isBoundByUser) Unbind();
        Notify(Ready);
        return Error.Success;
    }

    public override Error Shutdown(bool receive, bool send)
    {
        using var turn = Loop.TakeTurn();
        switch (_phase)
        {
            case Phase.Listening:
                // inet_shutdown of Linux: only the receiving half means anything, and ends the listening.
                if (!receive) return Error.Success;
                Abandon(turn.Now);
                _phase = Phase.Idle;
                break;
            case Phase.Connecting:
                Abandon(turn.Now);
                _phase = Phase.Idle;
                Pending = Error.ECONNRESET;
                break;
            case Phase.Connected:
                _receiveShut |= receive;
                _sendShut |= send;
                if (send) _tcb?.Shutdown(turn.Now);
                break;
            default:
                // Linux says that there is no connection, and still wakes everybody.
                _receiveShut |= receive;
                _sendShut |= send;
                Notify(Ready);
                return Error.ENOTCONN;
        }

        Notify(Ready);
        return Error.Success;
    }

    public override Error GetLocal(out IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        local = _local;
        return Error.Success;
    }

    public override Error GetPeer(out IpEndpoint peer)
    {
        using var turn = Loop.TakeTurn();
        peer = _peer;
        return _phase == Phase.Connected ? Error.Success : Error.ENOTCONN;
    }

    public override void HandleOptionsChanged(Instant now) => _tcb?.Configure(ConnectionOptions(), now);

    void ITcpListenObserver.HandleAcceptable(TcpListenSocket listener, Instant now) => Notify(SocketEvents.Read);

    void ITcpObserver.HandleEvents(TcpControlBlock tcb, Instant now)
    {
        if (tcb != _tcb) return;
        var events = tcb.TakeEvents();
        var news = SocketEvents.None;
        if ((events & TcpEvents.Connected) != 0 && _phase == Phase.Connecting)
        {
            _phase = Phase.Connected;
            news |= SocketEvents.Write;
        }

        tcb.TakeReceived(ref _received);
        if (!_received.IsEmpty) news |= SocketEvents.Read;
        if (tcb.IsEndOfStream && !_finReceived)
        {
            _finReceived = _receiveShut = true;
            news |= SocketEvents.Read | SocketEvents.ReadClose;
        }

        if ((events & TcpEvents.Writable) != 0) news |= SocketEvents.Write;
        if ((events & (TcpEvents.Reset | TcpEvents.Refused | TcpEvents.TimedOut | TcpEvents.Closed)) != 0)
        {
            End(tcb, events);
            news = SocketEvents.All;
        }

        if (news != SocketEvents.None) Notify(news == SocketEvents.All ? Ready : news);
    }

    protected override void CloseInTurn(Instant now)
    {
        if (_tcb is { } tcb)
        {
            // RFC 2525 2.17: the peer must hear that its data was not read. socket(7): so it must with a linger of zero.
            if (!_received.IsEmpty || (Options.LingerOn && Options.LingerSeconds == 0)) tcb.Abort(now);
            else tcb.Close(now);
            _tcb = null;
        }

        Abandon(now);
        Unbind();
        LeaveGroups(now);
        _phase = Phase.Over;
    }

    protected override void FailInTurn(Error error)
    {
        ForgetConnection();
        _listener = null;
        _received = default;
        Pending = error;
        _phase = _phase == Phase.Connecting ? Phase.ConnectFailed : Phase.Over;
        _receiveShut = _sendShut = true;
    }

    // SO_LINGER with a time: close waits until everything was acknowledged.
    protected override void WaitForLinger()
    {
        if (!Options.LingerOn || Options.LingerSeconds <= 0) return;
        long until = Environment.TickCount64 + (Options.LingerSeconds * 1000L);
        for (bool isFirst = true; Environment.TickCount64 < until; isFirst = false)
        {
            using (var turn = Loop.TakeTurn())
            {
                EndWait();
                if (_phase != Phase.Connected || _tcb is not { } tcb) return;
                if (isFirst) tcb.Shutdown(turn.Now);
                if (tcb.SendQueueLength == 0) return;
                BeginWait();
            }

            // The last acknowledgement makes no event of its own.
            long deadline = 0;
            Wait(10, ref deadline);
        }
    }

    private Error BeginConnect(IpEndpoint remote, LoopTurn turn)
    {
        if (Loop.HasEnded) return Error.ENETDOWN;
        switch (_phase)
        {
            case Phase.Connected when _isConnectUntold:
                _isConnectUntold = false;
                return Error.Success;
            case Phase.Connected or Phase.Over or Phase.Listening:
                return Error.EISCONN;
            case Phase.Connecting:
                return Error.EALREADY;
            case Phase.ConnectFailed:
                return ConnectOutcome();
        }

        // RFC 1122 3.2.1.3: "this host". Linux takes it for loopback.
        if (remote.Address.IsAny) remote = remote with { Address = Ipv4Address.Loopback };
        if (!turn.Stack.TrySelectSource(remote.Address, out var source, out int mtu)) return Error.ENETUNREACH;
        if (remote.Port == 0) return Error.ECONNREFUSED;
        var local = new IpEndpoint(_local.Address.IsAny ? source : _local.Address, _local.Port);
        ChooseBuffer(turn);
        var error = TryConnect(local, remote, mtu, turn);
        if (error != TcpConnectError.None)
        {
            return error switch
            {
                TcpConnectError.AddressInUse or TcpConnectError.NoPort => Error.EADDRNOTAVAIL,
                TcpConnectError.ConnectionLimit => Error.ENOBUFS,
                _ => Error.ENETUNREACH,
            };
        }

        _tcb!.Owner = this;
        (_local, _peer) = (_tcb.Local, remote);
        if (!_isBound) s_ports.Connect(this, _connectedPort = _local.Port);
        _receiveShut = _sendShut = _finReceived = false;
        Pending = Error.Success;
        _phase = Phase.Connecting;
        _isConnectUntold = false;
        // Its end, one way or the other, is always news.
        WouldBlockRead();
        WouldBlockWrite();
        return Error.EINPROGRESS;
    }

    // The stack chooses a port itself, unless the socket says which it may be.
    private TcpConnectError TryConnect(IpEndpoint local, IpEndpoint remote, int mtu, LoopTurn turn)
    {
        if (local.Port != 0 || Options.LocalPortRange == 0) return turn.Stack.Tcp.TryConnect(local, remote, mtu, ConnectionOptions(), turn.Now, out _tcb);
        foreach (ushort port in s_ports.Unbound(Options.EphemeralPorts))
        {
            var error = turn.Stack.Tcp.TryConnect(local with { Port = port }, remote, mtu, ConnectionOptions(), turn.Now, out _tcb);
            if (error != TcpConnectError.AddressInUse) return error;
        }

        return TcpConnectError.NoPort;
    }

    // What has become of a connect that was begun.
    private Error ConnectOutcome()
    {
        switch (_phase)
        {
            case Phase.Connecting:
                return Error.EALREADY;
            case Phase.ConnectFailed:
                // Once told, the socket may try again.
                _phase = Phase.Idle;
                if (!_isBoundByUser) _local = new(Ipv4Address.Any, 0);
                return TakePending() is not Error.Success and var error ? error : Error.ECONNABORTED;
            case Phase.Idle:
                return TakePending() is not Error.Success and var reset ? reset : Error.ECONNABORTED;
            default:
                return Error.Success;
        }
    }

    private Error BindInTurn(IpEndpoint local)
    {
        var error = s_ports.Bind(this, local, out var bound);
        if (error != Error.Success) return error;
        _local = bound;
        _isBound = true;
        return Error.Success;
    }

    private void Unbind()
    {
        if (_isBound) s_ports.Remove(this, _local.Port);
        _isBound = false;
        _isBoundByUser = false;
        _local = new(Ipv4Address.Any, 0);
    }

    // The connection, or the listener, goes without a word to whoever holds the socket.
    private void Abandon(Instant now)
    {
        _tcb?.Abort(now);
        ForgetConnection();
        _listener?.Close(now);
        _listener = null;
        _received.Clear();
    }

    private void End(TcpControlBlock tcb, TcpEvents events)
    {
        bool wasConnecting = _phase == Phase.Connecting;
        if ((events & TcpEvents.TimedOut) != 0) Pending = Error.ETIMEDOUT;
        else if ((events & (TcpEvents.Refused | TcpEvents.Reset)) != 0)
        {
            // tcp_reset of Linux.
            Pending = wasConnecting ? Error.ECONNREFUSED : _finReceived && !_sendShut ? Error.EPIPE : Error.ECONNRESET;
        }

        _phase = wasConnecting ? Phase.ConnectFailed : Phase.Over;
        _receiveShut = _sendShut = true;
        tcb.Owner = null;
        ForgetConnection();
    }

    private void ForgetConnection()
    {
        _tcb = null;
        if (_connectedPort != 0) s_ports.Disconnect(this, _connectedPort);
        _connectedPort = 0;
    }

    // Once, and not for a listener: a window that was offered is not taken back.
    private void ChooseBuffer(in LoopTurn turn) =>
        _ordinaryBuffer = turn.Stack.Tcp.Statistics[TcpState.Established] < Few ? Math.Min(2 * s_share, MostOrdinary) : s_share;

    private TcpConnectionOptions ConnectionOptions()
    {
        return new()
        {
            SendBuffer = Options.IsSendBufferSet ? Options.SendBuffer : _ordinaryBuffer,
            ReceiveBuffer = Options.IsReceiveBufferSet ? Options.ReceiveBuffer : _ordinaryBuffer,
            NoDelay = Options.NoDelay,
            KeepAlive = Options.KeepAlive ? TimeSpan.FromSeconds(Options.KeepAliveTime) : null,
            KeepAliveInterval = TimeSpan.FromSeconds(Options.KeepAliveInterval),
            KeepAliveProbes = Options.KeepAliveCount,
        };
    }
}
