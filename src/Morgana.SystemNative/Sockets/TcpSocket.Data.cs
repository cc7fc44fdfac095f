using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

// What is received and sent.
internal sealed partial class TcpSocket
{
    /// <remarks>A blocking call takes everything before it returns, as Linux's does; with a timeout, what it could.</remarks>
    public override Error Send(in Message message, MessageFlags flags, out int count)
    {
        count = 0;
        long deadline = 0;
        int piece = 0, offset = 0;
        while (true)
        {
            using (var turn = Loop.TakeTurn())
            {
                EndWait();
                var error = SendInTurn(message, flags, ref piece, ref offset, ref count, turn);
                if (error == Error.Success) return Error.Success;
                if (error != Error.EAGAIN || !MayBlock(flags)) return count > 0 ? Error.Success : error;
                BeginWait();
            }

            if (!Wait(Options.SendTimeout, ref deadline)) return count > 0 ? Error.Success : Error.EAGAIN;
        }
    }

    public override Error GetAvailable(out int count)
    {
        using var turn = Loop.TakeTurn();
        count = _received.Length;
        return _phase == Phase.Listening ? Error.EINVAL : Error.Success;
    }

    // tcp_recvmsg of Linux: what waits, then the end, then an error, then why there can be nothing.
    protected override Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn)
    {
        message.Count = 0;
        if (IsClosed) return Error.EBADF;
        if (_phase == Phase.Listening) return Error.ENOTCONN;
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.EINVAL;
        if (_tcb is { } tcb && _received.IsEmpty) tcb.TakeReceived(ref _received);
        if (!_received.IsEmpty)
        {
            message.Count = (flags & MessageFlags.Peek) != 0 ? Peek(message) : Take(message, turn.Now);
            return Error.Success;
        }

        if (_finReceived) return Error.Success;
        if (Pending != Error.Success) return TakePending();
        if (_receiveShut) return Error.Success;
        if (_phase is Phase.Idle or Phase.ConnectFailed or Phase.Over) return Error.ENOTCONN;
        return WouldBlockRead();
    }

    private int Take(in Message message, Instant now)
    {
        int taken = 0;
        for (int i = 0; i < message.PieceCount && !_received.IsEmpty; i++) taken += _received.Read(message.Piece(i));
        if (taken > 0 && _tcb is { } tcb)
        {
            tcb.Consumed(taken, now);
            if (_received.IsEmpty) tcb.TakeReceived(ref _received);
        }

        return taken;
    }

    private int Peek(in Message message)
    {
        int peeked = 0;
        var block = _received.Head;
        int start = 0;
        for (int i = 0; i < message.PieceCount; i++)
        {
            var piece = message.Piece(i);
            while (!piece.IsEmpty && block is not null)
            {
                int n = Math.Min(piece.Length, block.Length - start);
                block.Data.Slice(start, n).CopyTo(piece);
                piece = piece[n..];
                start += n;
                peeked += n;
                if (start == block.Length) (block, start) = (block.NextBlock, 0);
            }
        }

        return peeked;
    }

    // tcp_sendmsg of Linux. What was taken before it had to stop counts.
    private Error SendInTurn(in Message message, MessageFlags flags, ref int piece, ref int offset, ref int count, in LoopTurn turn)
    {
        if (IsClosed) return Error.EBADF;
        if (_phase == Phase.Connecting) return WouldBlockWrite();
        if (Pending != Error.Success && (_tcb is null || _sendShut)) return TakePending();
        if (_sendShut || _tcb is not { } tcb) return Error.EPIPE;
        // RFC 6093 5: new programs should not use the urgent mechanism; our stack has none.
        if ((flags & MessageFlags.OutOfBand) != 0) return Error.ENOTSUP;
        for (; piece < message.PieceCount; piece++, offset = 0)
        {
            var rest = message.Piece(piece)[offset..];
            while (!rest.IsEmpty)
            {
                int written = tcb.Write(rest, turn.Now);
                count += written;
                offset += written;
                rest = rest[written..];
                // After a short count the next send sees EAGAIN, and asks for news then.
                if (written == 0) return count > 0 && !MayBlock(flags) ? Error.Success : WouldBlockWrite();
            }
        }

        return Error.Success;
    }
}
