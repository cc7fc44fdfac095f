using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Udp;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>A UDP socket: Linux's rules of binding and connecting over an endpoint of our stack.</summary>
internal sealed class UdpSocket : IpSocket, IUdpObserver
{
    private const int MaxPayload = 65507;

    private UdpEndpoint? _endpoint;
    private IpEndpoint? _peer;
    private bool _receiveShut;
    private bool _sendShut;
    private bool _isDown;
    private PacketBuffer? _head;        // Taken off the queue, and not received yet.
    private IpEndpoint _headFrom;
    private IpEndpoint _headTo;
    private int _headLink;

    public UdpSocket(NetworkLoop loop)
        : base(loop)
    {
        // net.core.wmem_default and rmem_default.
        Options.SendBuffer = 212992;
        Options.ReceiveBuffer = 212992;
    }

    public override int Type => 2;

    public override int Protocol => 17;

    // datagram_poll of Linux.
    protected override SocketEvents Ready
    {
        get
        {
            var ready = SocketEvents.Write;
            if (Pending != Error.Success) ready |= SocketEvents.Error;
            if (_receiveShut) ready |= SocketEvents.Read | SocketEvents.ReadClose;
            if (_receiveShut && _sendShut) ready |= SocketEvents.Close;
            if (HasDatagram()) ready |= SocketEvents.Read;
            return ready;
        }
    }

    public override Error Bind(IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        if (!turn.Stack.Udp.CanBind(local.Address)) return Error.EADDRNOTAVAIL;
        if (_endpoint is not null) return Error.EINVAL;
        // inet_bind of Linux; only where a port is chosen in passing it is EAGAIN (inet_autobind).
        return BindInTurn(local, turn) is not Error.EAGAIN and var error ? error : Error.EADDRINUSE;
    }

    public override Error Connect(IpEndpoint remote)
    {
        using var turn = Loop.TakeTurn();
        if (remote.Address.IsAny) remote = remote with { Address = Ipv4Address.Loopback };
        if (!Options.Broadcast && IsBroadcast(remote.Address, turn)) return Error.EACCES;
        if (!TrySelectSource(remote.Address, turn, out var source)) return Error.ENETUNREACH;
        if (_endpoint is null && BindInTurn(new(Ipv4Address.Any, 0), turn) is not Error.Success and var error) return error;
        _peer = remote;
        _endpoint!.Connect(remote, source);
        return Error.Success;
    }

    public override Error Disconnect()
    {
        using var turn = Loop.TakeTurn();
        _peer = null;
        _endpoint?.Disconnect();
        Pending = Error.Success;
        return Error.Success;
    }

    public override Error Shutdown(bool receive, bool send)
    {
        using var turn = Loop.TakeTurn();
        _receiveShut |= receive;
        _sendShut |= send;
        Notify(Ready);
        // inet_shutdown of Linux wakes everybody, connected or not.
        return _peer is null ? Error.ENOTCONN : Error.Success;
    }

    public override Error GetLocal(out IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        // Linux names the address that it speaks from to its peer.
        local = _endpoint is { } endpoint ? endpoint.Local with { Address = endpoint.Address } : new(Ipv4Address.Any, 0);
        return Error.Success;
    }

    public override Error GetPeer(out IpEndpoint peer)
    {
        using var turn = Loop.TakeTurn();
        peer = _peer ?? default;
        return _peer is null ? Error.ENOTCONN : Error.Success;
    }

    // udp(7), FIONREAD: the next datagram's length.
    public override Error GetAvailable(out int count)
    {
        using var turn = Loop.TakeTurn();
        count = HasDatagram() ? _head!.Length : 0;
        return Error.Success;
    }

    public override Error Send(in Message message, MessageFlags flags, out int count)
    {
        count = 0;
        using var turn = Loop.TakeTurn();
        if (IsClosed) return Error.EBADF;
        if (_isDown) return Error.ENETDOWN;
        // inet_send_prepare of Linux: whatever becomes of the datagram, from here on there is a port.
        if (_endpoint is null && BindInTurn(new(Ipv4Address.Any, 0), turn) is not Error.Success and var unbound) return unbound;
        if (message.Length > MaxPayload) return Error.EMSGSIZE;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        if ((message.To ?? _peer) is not { } to) return Error.EDESTADDRREQ;
        if (to.Port == 0) return Error.EINVAL;
        // An error about an earlier datagram is told once.
        if (Pending != Error.Success) return TakePending();
        if (_sendShut) return Error.EPIPE;
        if (to.Address.IsAny) to = to with { Address = Ipv4Address.Loopback };
        if (!Options.Broadcast && IsBroadcast(to.Address, turn)) return Error.EACCES;
        var error = SendInTurn(message, to, turn);
        if (error == Error.Success) count = (int)message.Length;
        return error;
    }

    public override void HandleOptionsChanged(Instant now)
    {
        if (_endpoint is { } endpoint) endpoint.Options = BindOptions();
    }

    void IUdpObserver.HandleReady(UdpEndpoint endpoint, Instant now)
    {
        var news = SocketEvents.None;
        while (endpoint.TryTakeError(out var error))
        {
            // udp(7): a socket that is connected hears that nobody is there; to others it could be about anybody.
            if (error.Kind != PathErrorKind.PortUnreachable || _peer != error.Remote) continue;
            Pending = Error.ECONNREFUSED;
            news |= SocketEvents.Error | SocketEvents.Read | SocketEvents.Write;
        }

        if (endpoint.QueuedDatagrams > 0) news |= SocketEvents.Read;
        if (news != SocketEvents.None) Notify(news);
    }

    protected override void CloseInTurn(Instant now)
    {
        _head?.Release();
        _head = null;
        LeaveGroups(now);
        _endpoint?.Close();
        _endpoint = null;
    }

    protected override void FailInTurn(Error error)
    {
        _endpoint = null;
        _head = null;
        _isDown = true;
        Pending = error;
    }

    private Error BindInTurn(IpEndpoint local, LoopTurn turn)
    {
        if (_isDown || Loop.HasEnded) return Error.ENETDOWN;
        var error = turn.Stack.Udp.TryBind(local, BindOptions(), out _endpoint);
        if (error != UdpBindError.None)
        {
            return error switch
            {
                UdpBindError.AddressInUse => Error.EADDRINUSE,
                UdpBindError.AddressNotAvailable => Error.EADDRNOTAVAIL,
                UdpBindError.NoPort => Error.EAGAIN,
                _ => Error.ENOBUFS,
            };
        }

        _endpoint!.Owner = this;
        return Error.Success;
    }

    // Linux takes in what was sent to everybody whatever SO_BROADCAST says, which is for sending alone.
    private UdpBindOptions BindOptions() => new()
    {
        AllowBroadcast = true,
        TimeToLive = (byte)Options.TimeToLive,
        QueueOctets = Options.ReceiveBuffer,
        EphemeralPorts = Options.EphemeralPorts,
        ReuseAddress = Options.ReuseAddress,
        ReusePort = Options.ReusePort,
        GroupTimeToLive = (byte)Options.MulticastTimeToLive,
        IsLooped = Options.MulticastLoop,
        GroupLink = GroupLink,
        GroupSource = GroupSource,
        Groups = Groups,
        QueueDatagrams = Math.Max(16, Options.ReceiveBuffer / 1024),
    };

    protected override Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn)
    {
        message.Count = 0;
        if (IsClosed) return Error.EBADF;
        if (Pending != Error.Success) return TakePending();
        // Linux ends a receive after a shutdown only where it would have to wait.
        if (!HasDatagram()) return _receiveShut && MayBlock(flags) ? Error.Success : WouldBlockRead();
        var datagram = _head!;
        int copied = 0;
        for (int i = 0; i < message.PieceCount && copied < datagram.Length; i++)
        {
            var piece = message.Piece(i);
            int n = Math.Min(piece.Length, datagram.Length - copied);
            datagram.CopyTo(copied, piece[..n]);
            copied += n;
        }

        message.Count = copied;
        message.IsTruncated = copied < datagram.Length;
        message.From = _headFrom;
        message.Destination = _headTo;
        message.Link = _headLink;
        if ((flags & MessageFlags.Peek) != 0) return Error.Success;
        datagram.Release();
        _head = null;
        return Error.Success;
    }

    // Brings the next datagram to the head.
    private bool HasDatagram()
    {
        if (_head is null && _endpoint is { } endpoint && endpoint.TryReceive(out var datagram, out _headFrom, out _headTo, out _headLink)) _head = datagram;
        return _head is not null;
    }

    private Error SendInTurn(in Message message, IpEndpoint to, LoopTurn turn)
    {
        DropReason reason;
        if (message.PieceCount == 1)
        {
            reason = _endpoint!.Send(message.Piece(0), to, turn.Now);
        }
        else
        {
            byte[] whole = message.ToArray();

            reason = _endpoint!.Send(whole, to, turn.Now);
        }

        return reason switch
        {
            DropReason.None => Error.Success,
            DropReason.NoRoute => Error.ENETUNREACH,
            DropReason.TooBig or DropReason.BadLength => Error.EMSGSIZE,
            DropReason.NeighbourUnreachable => Error.EHOSTUNREACH,
            DropReason.NoBuffer => Error.ENOBUFS,
            // udp(7): a full queue below loses the datagram without a word.
            DropReason.QueueFull => Error.Success,
            _ => Error.EINVAL,
        };
    }

    private static bool IsBroadcast(IpAddress address, LoopTurn turn)
    {
        if (address.Ipv4 == Ipv4Address.Broadcast || address.Ipv4.Value == 0x7FFF_FFFF) return true;
        foreach (var interface_ in turn.Stack.Interfaces)
            foreach (var own in interface_.Addresses)
                if (own.IsDirectedBroadcast(address.Ipv4)) return true;
        return false;
    }
}
