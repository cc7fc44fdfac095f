using Morgana.Core;

namespace Morgana.Protocols.Tcp;

// What the application asks for (RFC 9293 3.10.1 to 3.10.6).
public sealed partial class TcpControlBlock
{
    /// <summary>Octets that are queued and not acknowledged.</summary>
    public int SendQueueLength => SendQueue.Length;

    /// <summary>Octets that may be queued still.</summary>
    public int SendRoom => CanWrite ? Math.Max(0, Options.SendBuffer - SendQueue.Length) : 0;

    private bool CanWrite => !_finQueued && State is (TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait);

    /// <summary>Queues octets to be sent: as many as <see cref="SendRoom"/> and the pool's memory allow.</summary>
    /// <returns>How many; <see cref="TcpEvents.Writable"/> tells when the rest is worth another try.</returns>
    public int Write(ReadOnlySpan<byte> data, Instant now)
    {
        int direct = _mayBeHere ? HandOver(data, now) : 0;
        if (direct > 0)
        {
            if (direct == data.Length) return direct;
            data = data[direct..];
        }

        int room = Math.Min(data.Length, SendRoom);
        int spare = _stack.SpareBlocks * PoolBlock.Size;
        int copied = room == 0 || spare <= 0 ? 0 : SendQueue.Append(data[..Math.Min(room, spare)], _stack.Pool);
        if (copied < data.Length && CanWrite)
        {
            _wantsRoom = true;
            // The pool is empty: nobody will tell us when it has room, so we look.
            if (copied < room && _roomAt == Instant.Never) _roomAt = now + RoomInterval;
        }

        if (copied > 0 || _roomAt != Instant.Never) Queued(copied, now);
        return direct + copied;
    }

    /// <summary>Queues whole blocks to be sent and takes all of them over, whatever <see cref="SendRoom"/> says.</summary>
    public void Write(ref BlockChain data, Instant now)
    {
        if (!CanWrite)
        {
            data.Clear();
            return;
        }

        int count = data.Length;
        // Octets only ever join the last block's end, so a cursor at that end finds them in the next block.
        SendQueue.Append(ref data);
        // Whoever filled the queue waits for room, however many acknowledgements it takes until half of it is free.
        _wantsRoom |= SendQueue.Length >= Options.SendBuffer;
        if (count > 0) Queued(count, now);
    }

    /// <summary>Changes what the connection may use and how it behaves, from here on. What was negotiated stays: timestamps, scaling, SACK.</summary>
    /// <remarks>A smaller receive buffer never takes back what the peer was told of (RFC 9293 3.8.6).</remarks>
    public void Configure(TcpConnectionOptions options, Instant now)
    {
        Options = options with { Timestamps = Options.Timestamps, WindowScaling = Options.WindowScaling, SelectiveAcknowledgments = Options.SelectiveAcknowledgments };
        _keepAliveAt = Instant.Never;
        if (State != TcpState.Closed) Settle(now);
    }

    /// <summary>Ends our direction: a FIN follows what is queued (RFC 9293 3.10.4).</summary>
    public void Shutdown(Instant now)
    {
        if (_finQueued) return;
        switch (State)
        {
            case TcpState.SynSent or TcpState.SynReceived:
                // RFC 9293 3.10.4: queued until the handshake is over.
                _finQueued = true;
                break;
            case TcpState.Established:
                _finQueued = true;
                SetState(TcpState.FinWait1, now);
                break;
            case TcpState.CloseWait:
                _finQueued = true;
                SetState(TcpState.LastAck, now);
                break;
            default:
                return;
        }

        Settle(now);
    }

    /// <summary>The application is gone. What is queued is sent, then a FIN; a RST if data waits unread, or comes later (RFC 2525 2.17).</summary>
    public void Close(Instant now)
    {
        if (IsPooled || IsReleased) return;
        if (State is TcpState.Closed or TcpState.TimeWait)
        {
            Release();
            return;
        }

        if (IsHandshakeHeld || State == TcpState.SynSent || !ReceiveQueue.IsEmpty || OutOfOrder.Count > 0)
        {
            Abort(now);
            return;
        }

        Shutdown(now);
        Release();
        if (State == TcpState.FinWait2)
        {
            // Nobody would notice if the peer never closed.
            _lifeAt = now + _stack.Options.FinWait2Timeout;
            Settle(now);
        }
    }

    /// <summary>Resets the connection (RFC 9293 3.10.5).</summary>
    public void Abort(Instant now)
    {
        if (IsPooled) return;
        // RFC 9293 3.10.5: a RST where the peer knows of the connection; LAST_ACK, CLOSING and TIME_WAIT have nothing more to say.
        // Unless data or the FIN is still queued, which the peer waits for and will now never get: we enter those states before the FIN goes out.
        bool isOwed = (State is TcpState.Closing or TcpState.LastAck) && (SendQueue.Length > 0 || !_finSent);
        if (isOwed || State is TcpState.SynReceived or TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 or TcpState.CloseWait)
            _stack.SendReset(this, SndNxt, isAcknowledging: true);
        bool isClosed = State is TcpState.Closed or TcpState.TimeWait;
        Release();
        if (!isClosed) Terminate(TcpEvents.Reset, now);
    }

    /// <summary>Gives up a connection that nobody has accepted; whoever was asked about its handshake is told.</summary>
    internal void Drop(Instant now)
    {
        _stack.SendReset(this, SndNxt, isAcknowledging: true);
        Terminate(TcpEvents.Reset, now);
    }

    /// <summary>Accepts a deferred handshake: SYN,ACK is sent only now (<see cref="TcpListenOptions.DeferHandshake"/>).</summary>
    public void AcceptHandshake(Instant now)
    {
        if (!IsHandshakeHeld) return;
        IsHandshakeHeld = false;
        _lifeAt = Instant.Never;
        _synPending = true;
        Settle(now);
    }

    private void Queued(int count, Instant now)
    {
        if (_sendBlock is null && count > 0) (_sendBlock, _sendOffset) = (SendQueue.Head, SendQueue.Head!.Start);
        _unsent += count;
        Settle(now);
    }

    /// <summary>We open the connection (RFC 9293 3.10.1, active).</summary>
    internal void OpenActive(Instant now)
    {
        IsAppOwned = true;
        SetState(TcpState.SynSent, now);
        _synPending = true;
        Settle(now);
    }

    /// <summary>A peer opens the connection (RFC 9293 3.10.7.2, third).</summary>
    internal void OpenPassive(in Incoming segment, TcpListenSocket listener, Instant now)
    {
        Listener = listener;
        TakeSyn(segment);
        SetState(TcpState.SynReceived, now);
        listener.HalfOpen.Add(this);
        _lastHeardAt = now;
        if (listener.Options.DeferHandshake)
        {
            IsAppOwned = IsHandshakeHeld = true;
            _lifeAt = now + _stack.Options.HandshakeTimeout;
            Raise(TcpEvents.HandshakeRequested);
        }
        else
        {
            _synPending = true;
        }

        Settle(now);
    }

    /// <summary>An ICMP error about one of our segments (RFC 5927).</summary>
    internal bool HandlePathError(SequenceNumber sequence, TcpPathError error, int mtu, Instant now)
    {
        // RFC 5927 4.1: only about what is in flight; anybody could have sent the rest.
        if (State == TcpState.Closed || !sequence.IsIn(SndUna, (uint)(SndNxt - SndUna))) return false;
        switch (error)
        {
            case TcpPathError.TooBig:
                // RFC 5927 7, RFC 1191 3: it can only shrink, and not without bound.
                int floor = _stack.Options.MinimumSegmentSize + HeaderOverhead;
                if (mtu >= _pathMtu || _pathMtu <= floor) return false;
                _pathMtu = Math.Max(mtu, floor);
                int mss = Math.Min(Mss, Math.Max(64, _pathMtu - HeaderOverhead - (HasTimestamps ? 12 : 0)));
                if (mss == Mss) return true; // The peer takes no more anyway.
                Mss = mss;
                if (IsSynchronised)
                {
                    _congestion.SetSegmentSize(mss);
                    LoseAll();
                    _records.Refragment(mss, _stack.Records);
                    _resendFirst = false;
                }

                break;
            case TcpPathError.Refused when State is TcpState.SynSent:
                Terminate(TcpEvents.Refused, now);
                return true;
            default:
                // RFC 5927 5.2: in a synchronised state hard errors are soft; TCP goes on trying and gives up by itself.
                return true;
        }

        Settle(now);
        return true;
    }
}
