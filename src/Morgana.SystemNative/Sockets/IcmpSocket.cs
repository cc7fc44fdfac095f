using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;
using Morgana.Sockets;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;

namespace Morgana.SystemNative;

/// <summary>raw(7) for ICMP: every message that comes in, with its IP header; what is sent is the caller's from the ICMP header on.</summary>
/// <remarks>Of type <c>SOCK_DGRAM</c> it is Linux's ping socket: echo requests and their replies alone, under an identifier of its own.</remarks>
internal sealed class IcmpSocket : IpSocket
{
    private const int MostMessages = 256;
    private const int MostErrors = 16;
    private const int MaxMessage = 65507;
    private static readonly Observer s_observer = new();

    private readonly bool _isRaw;
    private readonly Queue<(byte[] Octets, Ipv4Address From)> _incoming = new();
    private readonly Queue<(Error Error, Ipv4Address From)> _errors = new();
    private int _octets;
    private bool _isObserving;
    private bool _receiveShut;
    private bool _sendShut;
    private Ipv4Address _local;
    private ushort _identifier;     // Of a ping socket: Linux shows it as its port.
    private Ipv4Address? _peer;
    private ushort _peerPort;       // It means nothing, but is told again.

    public IcmpSocket(NetworkLoop loop, bool isRaw)
        : base(loop)
    {
        Options.SendBuffer = 212992;
        Options.ReceiveBuffer = 212992;
        _isRaw = isRaw;
        // A raw one sees what comes from its beginning on.
        if (!isRaw) return;
        using var turn = loop.TakeTurn();
        Observe(turn);
    }

    public override int Type => _isRaw ? 3 : 2;

    public override int Protocol => IpProtocol.Icmp;

    protected override SocketEvents Ready
    {
        get
        {
            var ready = SocketEvents.Write;
            if (Pending != Error.Success || _errors.Count > 0) ready |= SocketEvents.Error;
            if (_receiveShut) ready |= SocketEvents.Read | SocketEvents.ReadClose;
            if (_receiveShut && _sendShut) ready |= SocketEvents.Close;
            if (_incoming.Count > 0) ready |= SocketEvents.Read;
            return ready;
        }
    }

    public override Error Bind(IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        if (!local.Address.IsAny && !turn.Stack.IsOwn(local.Address)) return Error.EADDRNOTAVAIL;
        if (!_isRaw)
        {
            if (_identifier != 0) return Error.EINVAL;
            var error = Identify(local.Port, turn);
            if (error != Error.Success) return error;
        }

        _local = local.Address.Ipv4;
        return Error.Success;
    }

    public override Error Connect(IpEndpoint remote)
    {
        using var turn = Loop.TakeTurn();
        if (!TrySelectSource(remote.Address, turn, out var source)) return Error.ENETUNREACH;
        if (!_isRaw && _identifier == 0 && Identify(0, turn) is not Error.Success and var error) return error;
        if (_local.Value == 0) _local = source.Ipv4;
        (_peer, _peerPort) = (remote.Address.Ipv4, remote.Port);
        return Error.Success;
    }

    public override Error Disconnect()
    {
        using var turn = Loop.TakeTurn();
        (_peer, _local) = (null, default);
        Pending = Error.Success;
        return Error.Success;
    }

    public override Error Shutdown(bool receive, bool send)
    {
        using var turn = Loop.TakeTurn();
        _receiveShut |= receive;
        _sendShut |= send;
        Notify(Ready);
        return _peer is null ? Error.ENOTCONN : Error.Success;
    }

    // Linux: a raw socket's port is its protocol.
    public override Error GetLocal(out IpEndpoint local)
    {
        using var turn = Loop.TakeTurn();
        local = new(_local, _isRaw ? IpProtocol.Icmp : _identifier);
        return Error.Success;
    }

    public override Error GetPeer(out IpEndpoint peer)
    {
        using var turn = Loop.TakeTurn();
        peer = new(_peer ?? default, _peerPort);
        // inet_getname of Linux: without a port nobody is there.
        return _peer is null || _peerPort == 0 ? Error.ENOTCONN : Error.Success;
    }

    public override Error GetAvailable(out int count)
    {
        using var turn = Loop.TakeTurn();
        count = _incoming.TryPeek(out var next) ? next.Octets.Length : 0;
        return Error.Success;
    }

    public override Error Send(in Message message, MessageFlags flags, out int count)
    {
        count = 0;
        if (message.Length > MaxMessage) return Error.EMSGSIZE;
        using var turn = Loop.TakeTurn();
        if (IsClosed) return Error.EBADF;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        if ((message.To?.Address.Ipv4 ?? _peer) is not { } to) return Error.EDESTADDRREQ;
        if (Pending != Error.Success) return TakePending();
        if (_sendShut) return Error.EPIPE;
        if (to.Value == 0) to = Ipv4Address.Loopback;
        if (!TrySelectSource(to, turn, out var source)) return Error.ENETUNREACH;
        byte[] octets = message.ToArray();

        if (!_isRaw && Address(octets, turn) is not Error.Success and var error) return error;
        var route = new IpRoute(_local.Value == 0 ? source : _local, to, IpProtocol.Icmp)
        {
            TimeToLive = (byte)(to.IsMulticast ? Options.MulticastTimeToLive : Options.TimeToLive),
            DontFragment = Options.PathMtuDiscovery == 2,
            Link = to.IsMulticast ? GroupLink : null,
            IsLooped = Options.MulticastLoop,
        };
        error = turn.Stack.Icmp.Send(route, octets, turn.Now) switch
        {
            DropReason.None or DropReason.QueueFull => Error.Success,
            DropReason.NoRoute => Error.ENETUNREACH,
            DropReason.TooBig or DropReason.BadLength => Error.EMSGSIZE,
            DropReason.NeighbourUnreachable => Error.EHOSTUNREACH,
            _ => Error.ENOBUFS,
        };
        if (error == Error.Success) count = octets.Length;
        return error;
    }

    /// <summary>The oldest of the errors that <c>IP_RECVERR</c> keeps, with who sent it.</summary>
    public override bool TryTakeError(out IpEndpoint from)
    {
        using var turn = Loop.TakeTurn();
        bool has = _errors.TryDequeue(out var error);
        from = new(error.From, 0);
        return has;
    }

    protected override void CloseInTurn(Instant now)
    {
        s_observer.Sockets.Remove(this);
        LeaveGroups(now);
        _incoming.Clear();
        _errors.Clear();
        _octets = 0;
    }

    protected override void FailInTurn(Error error) => Pending = error;

    protected override Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn)
    {
        message.Count = 0;
        if (IsClosed) return Error.EBADF;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        if (Pending != Error.Success) return TakePending();
        if (!_incoming.TryPeek(out var next)) return _receiveShut && MayBlock(flags) ? Error.Success : WouldBlockRead();
        message.Fill(next.Octets);
        message.From = new IpEndpoint(next.From, 0);
        if ((flags & MessageFlags.Peek) != 0) return Error.Success;
        _incoming.Dequeue();
        _octets -= next.Octets.Length;
        return Error.Success;
    }

    // ping_bind and ping_get_port of Linux: an identifier that no other has, which zero asks for.
    private Error Identify(ushort wanted, LoopTurn turn)
    {
        Observe(turn);
        if (wanted == 0)
        {
            do wanted = SystemEntropy.NextUInt16();
            while (wanted == 0 || IsTaken(wanted));
        }
        else if (IsTaken(wanted))
        {
            return Error.EADDRINUSE;
        }

        _identifier = wanted;
        return Error.Success;
    }

    private static bool IsTaken(ushort identifier) => s_observer.Sockets.Exists(s => s._identifier == identifier);

    // ping_v4_sendmsg of Linux: only an echo request, under the socket's own identifier, with the checksum that it then has.
    private Error Address(Span<byte> message, LoopTurn turn)
    {
        if (message.Length < IcmpHeader.Size || message[0] != (byte)IcmpType.EchoRequest || message[1] != 0) return Error.EINVAL;
        if (_identifier == 0 && Identify(0, turn) is not Error.Success and var error) return error;
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], _identifier);
        message.Slice(2, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Of(message));
        return Error.Success;
    }

    private void Observe(LoopTurn turn)
    {
        if (_isObserving) return;
        _isObserving = true;
        s_observer.Sockets.Add(this);
        turn.Stack.Icmp.Observer = s_observer;
    }

    // raw_v4_match of Linux: a connected one takes its peer's alone, a bound one what was sent to its address.
    private void Take(Ipv4Address source, Ipv4Address destination, byte timeToLive, PacketBuffer message)
    {
        if (_receiveShut || (_peer is { } peer && peer != source) || (_local.Value != 0 && _local != destination)) return;
        int header = _isRaw ? Ipv4Header.Size : 0;
        byte[] octets = new byte[header + message.Length];
        message.CopyTo(0, octets.AsSpan(header));
        if (!_isRaw && (octets[0] != (byte)IcmpType.EchoReply || BinaryPrimitives.ReadUInt16BigEndian(octets.AsSpan(4)) != _identifier)) return;
        // As rmem has it: what does not fit is lost.
        if (_incoming.Count >= MostMessages || _octets + octets.Length > Options.ReceiveBuffer) return;
        if (_isRaw) WriteHeader(octets, source, destination, timeToLive);
        _incoming.Enqueue((octets, source));
        _octets += octets.Length;
        Notify(SocketEvents.Read);
    }

    // The packet as it came, but for options and fragments, of which nothing is left here.
    private static void WriteHeader(Span<byte> packet, Ipv4Address source, Ipv4Address destination, byte timeToLive)
    {
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        packet[8] = timeToLive;
        packet[9] = IpProtocol.Icmp;
        source.WriteTo(packet[12..]);
        destination.WriteTo(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Of(packet[..Ipv4Header.Size]));
    }

    // raw_err of Linux: who asked for errors gets them all; others, if they are connected, what cannot get better.
    private void Take(in PathError error)
    {
        if (_peer is { } peer && peer != error.Remote.Address.Ipv4) return;
        // icmp_err_convert of Linux.
        var (number, isFatal) = error.Kind switch
        {
            PathErrorKind.NetworkUnreachable => (Error.ENETUNREACH, false),
            PathErrorKind.ProtocolUnreachable => (Error.ENOPROTOOPT, true),
            PathErrorKind.PortUnreachable => (Error.ECONNREFUSED, true),
            PathErrorKind.FragmentationNeeded => (Error.EMSGSIZE, Options.PathMtuDiscovery == 2),
            PathErrorKind.ParameterProblem => (Error.EPROTO, true),
            _ => (Error.EHOSTUNREACH, error.Kind == PathErrorKind.Prohibited),
        };
        if (Options.ReceiveErrors && _errors.Count < MostErrors) _errors.Enqueue((number, error.Reporter.Ipv4));
        if (!Options.ReceiveErrors && (_peer is null || !isFatal)) return;
        Pending = number;
        Notify(SocketEvents.Error | SocketEvents.Read | SocketEvents.Write);
    }

    private sealed class Observer : IIcmpObserver
    {
        public List<IcmpSocket> Sockets { get; } = [];

        public void HandleMessage(IpAddress source, IpAddress destination, byte timeToLive, PacketBuffer message, Instant now)
        {
            foreach (var socket in Sockets) socket.Take(source.Ipv4, destination.Ipv4, timeToLive, message);
        }

        public void HandleError(in PathError error, Instant now)
        {
            foreach (var socket in Sockets) socket.Take(error);
        }
    }
}
