using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>unix(7), <c>SOCK_DGRAM</c>: datagrams that are never lost; whoever would send one too many waits.</summary>
internal sealed class UnixDatagramSocket(NetworkLoop loop) : UnixSocket(loop)
{
    private const int MostQueued = 11;          // net.unix.max_dgram_qlen, and one more
    private const int Overhead = 768;           // What Linux counts for each besides its octets, about.

    private readonly Queue<Datagram> _incoming = new();
    private UnixDatagramSocket? _peer;
    private int _outstanding;

    public override int Type => 2;

    protected override bool HasPeer => _peer is not null;

    // unix_dgram_poll of Linux.
    protected override SocketEvents Ready
    {
        get
        {
            var ready = SocketEvents.None;
            if (Pending != Error.Success) ready |= SocketEvents.Error;
            if (ReceiveShut) ready |= SocketEvents.Read | SocketEvents.ReadClose;
            if (ReceiveShut && SendShut) ready |= SocketEvents.Close;
            if (_incoming.Count > 0) ready |= SocketEvents.Read;
            if (_outstanding <= Options.SendBuffer / 4 && (_peer is null || _peer.HasRoomFor(this))) ready |= SocketEvents.Write;
            return ready;
        }
    }

    public override Error Connect(ReadOnlySpan<byte> address)
    {
        var error = SocketAddress.ReadFamily(address, out ushort family);
        if (error != Error.Success) return error;
        if (family == SocketAddress.Unspecified) return Disconnect();
        error = Find(address, out var other);
        if (error != Error.Success) return error;
        using var turn = Loop.TakeTurn();
        if (!MaySendTo(other!)) return Error.EPERM;
        Leave(other);
        (_peer, PeerName) = (other, other!.Name);
        return Error.Success;
    }

    public override Error Disconnect()
    {
        using var turn = Loop.TakeTurn();
        Leave(null);
        return Error.Success;
    }

    public override Error Shutdown(bool receive, bool send)
    {
        using var turn = Loop.TakeTurn();
        ReceiveShut |= receive;
        SendShut |= send;
        Notify(Ready);
        TellOfRoom();
        return Error.Success;
    }

    // unix_inq_len of Linux: the next one's.
    public override Error GetAvailable(out int count)
    {
        using var turn = Loop.TakeTurn();
        count = _incoming.TryPeek(out var next) ? next.Octets.Length : 0;
        return Error.Success;
    }

    public override Error ReadDestination(ReadOnlySpan<byte> address, ref Message message)
    {
        var error = UnixAddress.Read(address, out var name);
        message.ToName = name;
        return error;
    }

    public override Error Send(in Message message, MessageFlags flags, out int count)
    {
        count = 0;
        long deadline = 0;
        while (true)
        {
            UnixDatagramSocket? other = null;
            var lookup = message.ToName is { } name ? Find(name, out other) : Error.Success;
            using (Loop.TakeTurn())
            {
                EndWait();
                var error = SendInTurn(message, flags, lookup, other);
                if (error == Error.Success) count = (int)message.Length;
                if (error != Error.EAGAIN || !MayBlock(flags)) return error;
                BeginWait();
            }

            if (!Wait(Options.SendTimeout, ref deadline)) return Error.EAGAIN;
        }
    }

    protected override void CloseInTurn(Instant now)
    {
        Discard();
        _peer = null;
        ReleaseName();
        TellOfRoom();
    }

    private static Error Find(ReadOnlySpan<byte> address, out UnixDatagramSocket? other)
    {
        other = null;
        var error = UnixAddress.Read(address, out var name);
        return error != Error.Success ? error : Find(name!, out other);
    }

    private static Error Find(UnixAddress name, out UnixDatagramSocket? other)
    {
        other = null;
        var error = UnixNames.Find(name, 2, out var found);
        if (error != Error.Success) return error;
        other = found as UnixDatagramSocket;
        return other is null ? Error.EPROTOTYPE : Error.Success;
    }

    // unix_may_send of Linux.
    private bool MaySendTo(UnixDatagramSocket other) => other._peer is null || other._peer == this;

    // One that speaks with the sender alone is bounded by the sender's own memory.
    private bool HasRoomFor(UnixDatagramSocket sender) => this == sender || _peer == sender || _incoming.Count < MostQueued || IsClosed;

    // unix_dgram_disconnected of Linux: what waited is lost, and a peer that is connected back hears so.
    private void Leave(UnixDatagramSocket? next)
    {
        var old = _peer;
        _peer = null;
        PeerName = null;
        if (old is null || old == next || _incoming.Count == 0) return;
        Discard();
        TellOfRoom();
        if (old.IsClosed || old._peer != this) return;
        old.Pending = Error.ECONNRESET;
        old.Notify(SocketEvents.Error);
    }

    private void Discard()
    {
        while (_incoming.TryDequeue(out var datagram)) Account(datagram);
    }

    private static void Account(Datagram datagram)
    {
        var sender = datagram.Sender;
        Release(datagram.Octets.Length);
        bool wasFull = sender._outstanding > sender.Options.SendBuffer / 4;
        sender._outstanding -= datagram.Octets.Length + Overhead;
        if (wasFull && sender._outstanding <= sender.Options.SendBuffer / 4) sender.Notify(SocketEvents.Write);
    }

    protected override Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn)
    {
        message.Count = 0;
        if (IsClosed) return Error.EBADF;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        if (Pending != Error.Success) return TakePending();
        // Linux ends a receive after a shutdown only where it would have to wait.
        if (!_incoming.TryPeek(out var datagram)) return ReceiveShut && MayBlock(flags) ? Error.Success : WouldBlockRead();
        message.Fill(datagram.Octets);
        message.FromName = datagram.From;
        if ((flags & MessageFlags.Peek) != 0) return Error.Success;
        _incoming.Dequeue();
        Account(datagram);
        TellOfRoom();
        return Error.Success;
    }

    // unix_dgram_sendmsg of Linux, and its order of errors.
    private Error SendInTurn(in Message message, MessageFlags flags, Error lookup, UnixDatagramSocket? named)
    {
        if (IsClosed) return Error.EBADF;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        if (message.Length > Options.SendBuffer - 32) return Error.EMSGSIZE;
        if (Pending != Error.Success) return TakePending();
        if (SendShut) return Error.EPIPE;
        if (_outstanding >= Options.SendBuffer) return WouldBlockWrite();
        if (lookup != Error.Success) return lookup;
        if ((named ?? _peer) is not { } other) return Error.ENOTCONN;
        if (!MaySendTo(other)) return Error.EPERM;
        if (other.IsClosed)
        {
            if (_peer == other) Leave(null);
            return Error.ECONNREFUSED;
        }

        if (other.ReceiveShut) return Error.EPIPE;
        if (!other.HasRoomFor(this))
        {
            other.AddWaitingForRoom(this);
            return WouldBlockWrite();
        }

        if (!TryReserve((int)message.Length)) return Error.ENOBUFS;
        byte[] octets = message.ToArray();

        _outstanding += octets.Length + Overhead;
        other._incoming.Enqueue(new(octets, Name, this));
        other.Notify(SocketEvents.Read);
        return Error.Success;
    }

    private sealed class Datagram(byte[] octets, UnixAddress? from, UnixDatagramSocket sender)
    {
        public byte[] Octets => octets;

        public UnixAddress? From => from;

        public UnixDatagramSocket Sender => sender;
    }
}
