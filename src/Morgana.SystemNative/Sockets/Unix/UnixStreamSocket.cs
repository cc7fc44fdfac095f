using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>unix(7), <c>SOCK_STREAM</c>: two of them are connected back to back, and what one sends lies in the other's queue.</summary>
internal sealed class UnixStreamSocket(NetworkLoop loop) : UnixSocket(loop)
{
    private const int MaxBacklog = 4096;        // net.core.somaxconn

    private enum Phase
    {
        Idle,
        Listening,

        /// <summary>For good: a socket of this kind does not come back from it.</summary>
        Connected,
    }

    private readonly OctetQueue _incoming = new();
    private readonly Queue<UnixStreamSocket> _backlog = new();
    private Phase _phase;
    private int _mostWaiting;
    private UnixStreamSocket? _peer;        // Null once it is closed.

    public override int Type => 1;

    public override bool IsListening => _phase == Phase.Listening;

    protected override bool HasPeer => _phase == Phase.Connected;

    // unix_poll of Linux.
    protected override SocketEvents Ready
    {
        get
        {
            if (_phase == Phase.Listening) return _backlog.Count > 0 ? SocketEvents.Read : SocketEvents.None;
            var ready = SocketEvents.None;
            if (Pending != Error.Success) ready |= SocketEvents.Error;
            if ((ReceiveShut && SendShut) || _phase == Phase.Idle) ready |= SocketEvents.Close;
            if (ReceiveShut) ready |= SocketEvents.Read | SocketEvents.ReadClose;
            if (!_incoming.IsEmpty) ready |= SocketEvents.Read;
            if (IsWritable) ready |= SocketEvents.Write;
            return ready;
        }
    }

    // unix_writable of Linux: a quarter at most is taken.
    private bool IsWritable => _peer is null || _peer._incoming.Length <= Options.SendBuffer / 4;

    public override Error Listen(int backlog)
    {
        using var turn = Loop.TakeTurn();
        if (Name is null || _phase == Phase.Connected) return Error.EINVAL;
        _phase = Phase.Listening;
        // One more may wait than it says; -1 is the most there may be.
        _mostWaiting = (int)Math.Min((uint)backlog, MaxBacklog) + 1;
        TellOfRoom();
        return Error.Success;
    }

    public override Error Connect(ReadOnlySpan<byte> address)
    {
        var error = UnixAddress.Read(address, out var name);
        if (error != Error.Success) return error;
        long deadline = 0;
        while (true)
        {
            error = UnixNames.Find(name!, Type, out var found);
            if (error != Error.Success) return error;
            using (Loop.TakeTurn())
            {
                EndWait();
                error = ConnectInTurn(found!);
                if (error != Error.EAGAIN || !MayBlock(MessageFlags.None)) return error;
                BeginWait();
            }

            if (!Wait(Options.SendTimeout, ref deadline)) return Error.EAGAIN;
        }
    }

    public override Error Accept(out OwnSocket? accepted, Span<byte> peer, out int length)
    {
        (accepted, length) = (null, 0);
        long deadline = 0;
        while (true)
        {
            using (Loop.TakeTurn())
            {
                EndWait();
                if (IsClosed) return Error.EBADF;
                if (_phase != Phase.Listening) return Error.EINVAL;
                if (_backlog.TryDequeue(out var connection))
                {
                    TellOfRoom();
                    accepted = connection;
                    length = UnixAddress.Write(connection.PeerName, peer);
                    return Error.Success;
                }

                if (ReceiveShut) return Error.EINVAL;
                if (!MayBlock(MessageFlags.None)) return WouldBlockRead();
                BeginWait();
            }

            if (!Wait(Options.ReceiveTimeout, ref deadline)) return Error.EAGAIN;
        }
    }

    // unix_shutdown of Linux: whether there is a connection or not.
    public override Error Shutdown(bool receive, bool send)
    {
        using var turn = Loop.TakeTurn();
        Shut(receive, send);
        _peer?.Shut(receive: send, send: receive);
        return Error.Success;
    }

    public override Error GetAvailable(out int count)
    {
        using var turn = Loop.TakeTurn();
        count = _incoming.Length;
        return _phase == Phase.Listening ? Error.EINVAL : Error.Success;
    }

    // What a message names as its destination: only to be refused.
    public override Error ReadDestination(ReadOnlySpan<byte> address, ref Message message)
    {
        using var turn = Loop.TakeTurn();
        return _phase == Phase.Connected ? Error.EISCONN : Error.ENOTSUP;
    }

    /// <remarks>A blocking call takes everything before it returns.</remarks>
    public override Error Send(in Message message, MessageFlags flags, out int count)
    {
        count = 0;
        long deadline = 0;
        int piece = 0, offset = 0;
        while (true)
        {
            using (Loop.TakeTurn())
            {
                EndWait();
                var error = SendInTurn(message, flags, ref piece, ref offset, ref count);
                if (error == Error.Success) return Error.Success;
                if (error != Error.EAGAIN || !MayBlock(flags)) return count > 0 ? Error.Success : error;
                BeginWait();
            }

            if (!Wait(Options.SendTimeout, ref deadline)) return count > 0 ? Error.Success : Error.EAGAIN;
        }
    }

    protected override void CloseInTurn(Instant now)
    {
        // unix_release_sock of Linux: who was not accepted, and whose data was not read, hears of a reset.
        while (_backlog.TryDequeue(out var connection)) connection._peer?.HandlePeerGone(Error.ECONNRESET);
        _peer?.HandlePeerGone(_incoming.IsEmpty ? Error.Success : Error.ECONNRESET);
        _peer = null;
        Release(_incoming.Length);
        _incoming.Clear();
        ReleaseName();
        TellOfRoom();
    }

    private Error ConnectInTurn(UnixSocket found)
    {
        if (found is not UnixStreamSocket listener) return Error.EPROTOTYPE;
        if (listener._phase != Phase.Listening || listener.IsClosed || listener.ReceiveShut) return Error.ECONNREFUSED;
        if (listener._backlog.Count >= listener._mostWaiting)
        {
            if (MayBlock(MessageFlags.None)) listener.AddWaitingForRoom(this);
            return WouldBlockWrite();
        }

        if (_phase != Phase.Idle) return _phase == Phase.Connected ? Error.EISCONN : Error.EINVAL;
        var other = new UnixStreamSocket(Loop) { _phase = Phase.Connected, _peer = this, Name = listener.Name, PeerName = Name, IsNameLent = true };
        (_phase, _peer, PeerName) = (Phase.Connected, other, listener.Name);
        listener._backlog.Enqueue(other);
        listener.Notify(SocketEvents.Read);
        Notify(SocketEvents.Write);
        return Error.Success;
    }

    private void Shut(bool receive, bool send)
    {
        ReceiveShut |= receive;
        SendShut |= send;
        if (receive || send) Notify(Ready);
    }

    private void HandlePeerGone(Error error)
    {
        _peer = null;
        if (error != Error.Success) Pending = error;
        ReceiveShut = SendShut = true;
        Notify(Ready);
    }

    // unix_stream_read_generic of Linux.
    protected override Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn)
    {
        message.Count = 0;
        if (IsClosed) return Error.EBADF;
        if (_phase != Phase.Connected || (flags & MessageFlags.OutOfBand) != 0) return Error.EINVAL;
        if (!_incoming.IsEmpty)
        {
            for (int i = 0; i < message.PieceCount; i++) message.Count += _incoming.Peek(message.Count, message.Piece(i));
            message.FromName = PeerName;
            if ((flags & MessageFlags.Peek) == 0) Consume(message.Count);
            return Error.Success;
        }

        if (Pending != Error.Success) return TakePending();
        return ReceiveShut ? Error.Success : WouldBlockRead();
    }

    private void Consume(int count)
    {
        if (count == 0) return;
        bool wasWritable = _peer?.IsWritable ?? true;
        _incoming.Remove(count);
        Release(count);
        if (!wasWritable && _peer!.IsWritable) _peer.Notify(SocketEvents.Write);
    }

    // unix_stream_sendmsg of Linux.
    private Error SendInTurn(in Message message, MessageFlags flags, ref int piece, ref int offset, ref int count)
    {
        if (IsClosed) return Error.EBADF;
        if (_phase != Phase.Connected) return Error.ENOTCONN;
        if (SendShut) return Error.EPIPE;
        // Linux may be built with it; ours has none, as our TCP.
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        for (; piece < message.PieceCount; piece++, offset = 0)
        {
            var rest = message.Piece(piece)[offset..];
            if (rest.IsEmpty) continue;
            if (Pending != Error.Success) return TakePending();
            if (_peer is not { ReceiveShut: false } peer) return Error.EPIPE;
            int room = Math.Min(rest.Length, Options.SendBuffer - peer._incoming.Length);
            if (room > 0 && !TryReserve(room)) return Error.ENOBUFS;
            if (room > 0)
            {
                peer._incoming.Write(rest[..room]);
                peer.Notify(SocketEvents.Read);
                count += room;
                offset += room;
            }

            // After a short count the next send sees EAGAIN, and asks for news then.
            if (room < rest.Length) return count > 0 && !MayBlock(flags) ? Error.Success : WouldBlockWrite();
        }

        return Error.Success;
    }
}
