using Morgana.Core;

namespace Morgana.Protocols.Tcp;

// Deadlines. The wheel holds one entry for the earliest; a deadline that moves away costs nothing.
public sealed partial class TcpControlBlock
{
    private Instant _retransmitAt;      // Retransmission of SYN, data or FIN; or the persist timer. Never both (RFC 9293 3.8.6.1).
    private Instant _delayedAckAt;
    private Instant _lifeAt;            // Of a deferred handshake, of FIN_WAIT_2 without application, of TIME_WAIT.
    private Instant _roomAt;            // When to look whether the pool has memory again.
    private Instant _lastHeardAt;
    private Instant _keepAliveAt;
    private int _keepAliveProbes;       // Sent without an answer.
    private int _unanswered;            // Retransmissions or probes in a row without an answer.

    internal bool IsRetransmissionTimerOn => _retransmitAt != Instant.Never;

    /// <summary>All deadlines, for whoever checks what must hold of them.</summary>
    internal (Instant Retransmit, Instant Early, Instant DelayedAck, Instant Life, Instant Room, Instant KeepAlive) Deadlines =>
        (_retransmitAt, _earlyAt, _delayedAckAt, _lifeAt, _roomAt, _keepAliveAt);

    internal int Unanswered => _unanswered;

    /// <summary>The earliest deadline.</summary>
    internal Instant Deadline =>
        Instant.Min(Instant.Min(Instant.Min(_retransmitAt, _delayedAckAt), Instant.Min(_lifeAt, _roomAt)), Instant.Min(_keepAliveAt, _earlyAt));

    private void BeginTimers()
    {
        _retransmitAt = _delayedAckAt = _lifeAt = _roomAt = _keepAliveAt = Instant.Never;
        _lastHeardAt = default;
        _keepAliveProbes = _unanswered = 0;
    }

    /// <summary>After everything that happens: puts the block on the list of those that send, and keeps its wheel entry early enough.</summary>
    private void Settle(Instant now)
    {
        bool hasOutput = HasOutput(now);
        if (IsSynchronised && _records.Count == 0)
        {
            // RFC 9293 3.8.6.1: unsent data, nothing in flight and no window to send into: the persist timer must run.
            if (_unsent > 0 && !CanSendNew(now, out _))
            {
                if (_retransmitAt == Instant.Never) _retransmitAt = now + _rtt.Timeout;
            }
            else if (!_probePending)
            {
                _retransmitAt = Instant.Never;
            }
        }

        if (Options.KeepAlive is { } idle && IsSynchronised && State != TcpState.TimeWait && _keepAliveAt == Instant.Never) _keepAliveAt = now + idle;
        if (hasOutput) _stack.AddOutput(this);
        var deadline = Deadline;
        if (deadline != Instant.Never) _stack.Wheel.Arm(Id, deadline, now);
    }

    /// <summary>After a segment was sent.</summary>
    internal void Sent(Instant now)
    {
        var deadline = Deadline;
        if (deadline != Instant.Never) _stack.Wheel.Arm(Id, deadline, now);
    }

    /// <summary>The wheel entry fired: does what is due.</summary>
    internal void HandleTimeouts(Instant now)
    {
        if (_lifeAt <= now)
        {
            _lifeAt = Instant.Never;
            _stack.Trace.Record(now, TraceKind.TimerFired, (uint)Id, (ulong)TcpTimer.Life);
            // FIN_WAIT_2 of an orphan and TIME_WAIT end in silence; a handshake that nobody answered has timed out.
            Terminate(State is TcpState.TimeWait or TcpState.FinWait2 ? TcpEvents.Closed : TcpEvents.TimedOut, now);
            return;
        }

        if (_retransmitAt <= now)
        {
            HandleRetransmissionTimeout(now);
            if (State == TcpState.Closed) return;
        }

        if (_earlyAt <= now) HandleEarlyTimeout(now);
        if (_delayedAckAt <= now)
        {
            _delayedAckAt = Instant.Never;
            _ackNow = true;
        }

        if (_keepAliveAt <= now)
        {
            HandleKeepAlive(now);
            if (State == TcpState.Closed) return;
        }

        if (_roomAt <= now)
        {
            _roomAt = Instant.Never;
            if (_stack.HasMemoryToSpare) Raise(TcpEvents.Writable);
            else _roomAt = now + RoomInterval;
        }

        Settle(now);
    }

    private static TimeSpan RoomInterval => TimeSpan.FromMilliseconds(10);

    private void HandleRetransmissionTimeout(Instant now)
    {
        _retransmitAt = Instant.Never;
        int limit = !IsSynchronised ? _stack.Options.SynRetries : IsReleased ? _stack.Options.OrphanRetries : _stack.Options.DataRetries;
        // RFC 9293 3.8.3: R2. Our answers go on for ever only to a peer that answers.
        if (++_unanswered > limit)
        {
            if (IsReleased && IsSynchronised) _stack.SendReset(this, SndNxt, isAcknowledging: true);
            Terminate(TcpEvents.TimedOut, now);
            return;
        }

        // RFC 9293 3.8.3: at R1 and beyond, IP is told that the way may be wrong.
        if (_unanswered >= _stack.Options.SuspectRetries) _stack.Suspect(Remote.Address);
        _rtt.Backoff++;
        if (!IsSynchronised)
        {
            _stack.Statistics.RetransmissionTimeouts++;
            _synPending = true;
            return;
        }

        var timer = _records.Count == 0 || SndWnd == 0 ? TcpTimer.Persist : TcpTimer.Retransmission;
        _stack.Trace.Record(now, TraceKind.TimerFired, (uint)Id, (ulong)timer, (ulong)_unanswered);
        if (_records.Count == 0)
        {
            // The persist timer: a probe, or what fits into a window that is too silly otherwise (RFC 9293 3.8.6.2.1's override).
            _probePending = _unsent > 0;
            return;
        }

        LoseAll();
        if (SndWnd == 0)
        {
            _resendFirst = true;
        }
        else
        {
            // RFC 6298 5.4 to 5.6; RFC 5681 3.1: everything in flight counts as lost, and goes again as the window grows from one segment.
            _stack.Statistics.RetransmissionTimeouts++;
            _congestion.OnTimeout(SndUna, SndNxt);
            _resendFirst = false;
            TraceWindow(now);
        }

        _retransmitAt = now + _rtt.Timeout;
    }

    // RFC 9293 3.8.4: only after silence, and only a number of times.
    private void HandleKeepAlive(Instant now)
    {
        _keepAliveAt = Instant.Never;
        if (Options.KeepAlive is not { } idle || !IsSynchronised || State == TcpState.TimeWait) return;
        var due = _lastHeardAt + idle;
        if (_keepAliveProbes == 0 && due > now)
        {
            _keepAliveAt = due;
            return;
        }

        // While data is in flight its own timer watches over the peer.
        if (_records.Count == 0)
        {
            if (_keepAliveProbes >= Options.KeepAliveProbes)
            {
                _stack.SendReset(this, SndNxt, isAcknowledging: true);
                Terminate(TcpEvents.TimedOut, now);
                return;
            }

            _keepAliveProbes++;
            _keepAlivePending = true;
            _stack.Trace.Record(now, TraceKind.TimerFired, (uint)Id, (ulong)TcpTimer.KeepAlive, (ulong)_keepAliveProbes);
        }

        _keepAliveAt = now + Options.KeepAliveInterval;
    }

    private void EnterTimeWait(Instant now)
    {
        SetState(TcpState.TimeWait, now);
        ClearTransmit();
        ClearReassembly();
        _ackNow = true;
        _retransmitAt = _delayedAckAt = _roomAt = _keepAliveAt = _earlyAt = Instant.Never;
        _lifeAt = now + _stack.Options.TimeWait;
        Raise(TcpEvents.Closed);
        _stack.AddTimeWait(this, now);
    }

    private void RestartTimeWait(Instant now)
    {
        // RFC 9293 3.10.7.4: the peer's FIN again means that our ACK was lost.
        _lifeAt = now + _stack.Options.TimeWait;
    }
}
