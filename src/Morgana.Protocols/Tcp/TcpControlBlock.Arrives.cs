using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// SEGMENT ARRIVES (RFC 9293 3.10.7), for every state beyond LISTEN.
public sealed partial class TcpControlBlock
{
    /// <summary>A segment whose checksum is right has come for this connection. The caller keeps the packet.</summary>
    internal DropReason Arrives(ref Incoming segment, PacketBuffer packet, Instant now)
    {
        var reason = State == TcpState.SynSent ? ArrivesInSynSent(ref segment, packet, now) : ArrivesSynchronised(ref segment, packet, now);
        if (State != TcpState.Closed) Settle(now);
        return reason;
    }

    // RFC 9293 3.10.7.3
    private DropReason ArrivesInSynSent(ref Incoming segment, PacketBuffer packet, Instant now)
    {
        bool isAcked = segment.Has(TcpFlags.Ack);
        if (isAcked && segment.Acknowledgment != Iss + 1)
        {
            // First: an acknowledgement of what we never sent is answered by a RST, unless it is one.
            if (!segment.Has(TcpFlags.Rst)) _stack.SendReset(this, segment.Acknowledgment, isAcknowledging: false);
            return DropReason.BadAck;
        }

        if (segment.Has(TcpFlags.Rst))
        {
            // Second: a RST counts only with an acceptable ACK.
            if (!isAcked) return DropReason.BadFlags;
            _stack.Statistics.ResetsReceived++;
            Terminate(TcpEvents.Refused, now);
            return DropReason.None;
        }

        if (!segment.Has(TcpFlags.Syn)) return isAcked ? DropReason.BadFlags : DropReason.NoAck;

        // Fourth: the peer's SYN.
        TakeSyn(segment);
        if (!isAcked)
        {
            // Simultaneous open: SYN,ACK with the same number; what came with the SYN will come again.
            SetState(TcpState.SynReceived, now);
            _synPending = true;
            _rtt.Backoff = 0;
            return DropReason.None;
        }

        SndUna = segment.Acknowledgment;
        if (_synRetransmissions == 0) _rtt.Sample(now - _synSentAt, now);
        Establish(segment, now);
        _ackNow = true;
        segment.TrimFront(1);
        segment.Flags |= TcpFlags.Ack;
        return TakeTextAndFin(ref segment, packet, now);
    }

    // RFC 9293 3.10.7.4
    private DropReason ArrivesSynchronised(ref Incoming segment, PacketBuffer packet, Instant now)
    {
        if (IsHandshakeHeld) return ArrivesWhileHeld(segment, now);
        if (State == TcpState.SynReceived && segment.Has(TcpFlags.Syn) && segment.Sequence == Irs)
        {
            // The peer's SYN again. With an ACK it is the other half of a simultaneous open, and the ACK counts; without, our SYN,ACK was lost.
            if (!segment.Has(TcpFlags.Ack))
            {
                if (!segment.Has(TcpFlags.Rst)) _synPending = true;
                return DropReason.Duplicate;
            }

            segment.TrimFront(1);
            _ackNow = true;
        }

        if (CheckTimestamps(ref segment, now) is var paws and not DropReason.None) return paws;
        if (CheckSequence(ref segment, now) is var outside and not DropReason.None) return outside;
        if (segment.Has(TcpFlags.Rst)) return ArrivesReset(segment, now);
        if (segment.Has(TcpFlags.Syn))
        {
            // Fourth, after RFC 5961 4.2: whatever its number, a SYN is answered by a challenge.
            Challenge(now);
            return DropReason.SynChallenged;
        }

        // Fifth: the ACK field.
        if (!segment.Has(TcpFlags.Ack)) return DropReason.NoAck;
        if (State == TcpState.SynReceived)
        {
            if (segment.Acknowledgment != Iss + 1 || SndNxt == Iss)
            {
                // <SEQ=SEG.ACK><CTL=RST>, and the state stays.
                _ackNow = false;
                _stack.SendReset(this, segment.Acknowledgment, isAcknowledging: false);
                return DropReason.BadAck;
            }

            if (CompleteHandshake(segment, now) is var refused and not DropReason.None) return refused;
        }

        var reason = TakeAcknowledgment(ref segment, now);
        if (reason != DropReason.None || State == TcpState.Closed) return reason;
        if (segment.Options.HasTimestamps && HasTimestamps && segment.Sequence <= LastAckSent && (int)(segment.Options.TimestampValue - TsRecent) >= 0)
        {
            // RFC 7323 4.3 (R2)
            TsRecent = segment.Options.TimestampValue;
            _tsRecentAt = now;
        }

        _lastHeardAt = now;
        _keepAliveProbes = 0;
        return TakeTextAndFin(ref segment, packet, now);
    }

    // The application has not yet said whether it wants the connection.
    private DropReason ArrivesWhileHeld(in Incoming segment, Instant now)
    {
        if (segment.Has(TcpFlags.Rst) && segment.Sequence == RcvNxt)
        {
            _stack.Statistics.ResetsReceived++;
            Terminate(TcpEvents.Reset, now);
        }

        return DropReason.Duplicate;
    }

    // RFC 7323 5.3 (R1): a segment with an older timestamp is an old duplicate. RSTs are not tested.
    private DropReason CheckTimestamps(ref Incoming segment, Instant now)
    {
        if (!HasTimestamps || segment.Has(TcpFlags.Rst)) return DropReason.None;
        if (!segment.Options.HasTimestamps)
        {
            // RFC 7323 3.2: once negotiated, a segment without timestamps should be dropped.
            return DropReason.Paws;
        }

        if ((int)(segment.Options.TimestampValue - TsRecent) >= 0) return DropReason.None;
        // RFC 7323 5.5: after 24 days of silence TS.Recent means nothing.
        if (now - _tsRecentAt > TimeSpan.FromDays(24)) return DropReason.None;
        Answer(segment, now);
        return DropReason.Paws;
    }

    // RFC 9293 3.10.7.4, first: acceptability. What lies outside the window is cut off.
    private DropReason CheckSequence(ref Incoming segment, Instant now)
    {
        int window = RcvAdv - RcvNxt;
        int before = RcvNxt - segment.Sequence;
        int length = segment.SegmentLength;
        bool acceptable = length == 0
            ? before == 0 || (before < 0 && -before < window)
            : window > 0 && before < length && (before >= 0 || -before < window);
        if (!acceptable)
        {
            if (segment.Has(TcpFlags.Rst)) return DropReason.OutOfWindow;
            if (window == 0 && before == 0 && !segment.Has(TcpFlags.Syn))
            {
                // With a window of zero nothing is taken, but "special allowance should be made to accept valid ACKs": a probe.
                // A FIN alone needs no window.
                if (segment.Length > 0) segment.Flags &= ~TcpFlags.Fin;
                segment.Length = 0;
                _ackNow = true;
                return DropReason.None;
            }

            if (State == TcpState.TimeWait && segment.Has(TcpFlags.Fin)) RestartTimeWait(now);
            if (before > 0 && segment.Length > 0) NoteDuplicate(segment.Sequence, SequenceNumber.Min(segment.Sequence + segment.Length, RcvNxt));
            Answer(segment, now);
            return before > 0 ? DropReason.Duplicate : DropReason.OutOfWindow;
        }

        if (before > 0)
        {
            NoteDuplicate(segment.Sequence, RcvNxt);
            segment.TrimFront(before);
            _ackNow = true;         // Part of it was a retransmission: the peer should know that we have it.
        }

        int beyond = (segment.Sequence - RcvNxt) + segment.Length - window;
        if (beyond > 0)
        {
            segment.Length -= beyond;
            segment.Flags &= ~TcpFlags.Fin;
            _ackNow = true;
        }

        return DropReason.None;
    }

    // Second: the RST bit, after RFC 5961 3.2.
    private DropReason ArrivesReset(in Incoming segment, Instant now)
    {
        if (segment.Sequence != RcvNxt)
        {
            Challenge(now);
            return DropReason.ResetChallenged;
        }

        _stack.Statistics.ResetsReceived++;
        // RFC 9293 3.10.7.4: in SYN_RECEIVED after an active open, the peer has refused.
        bool isRefusal = State == TcpState.SynReceived && Listener is null;
        bool isOver = State is TcpState.TimeWait or TcpState.Closing or TcpState.LastAck;
        Terminate(isRefusal ? TcpEvents.Refused : isOver ? TcpEvents.Closed : TcpEvents.Reset, now);
        return DropReason.None;
    }

    // SYN_RECEIVED, and our SYN is acknowledged.
    private DropReason CompleteHandshake(in Incoming segment, Instant now)
    {
        if (Listener is { } listener && !IsAppOwned)
        {
            if (listener.Acceptable.Count >= listener.Options.Backlog)
            {
                // The peer will send again, or our SYN,ACK will ask it to: perhaps there is room then.
                return DropReason.AcceptQueueFull;
            }

            listener.HalfOpen.Remove(this);
            listener.Acceptable.Add(this);
            _stack.AddReadyListener(listener);
        }
        else if (Listener is { } deferred)
        {
            deferred.HalfOpen.Remove(this);
            Listener = null;
        }

        if (_synRetransmissions == 0) _rtt.Sample(now - _synSentAt, now);
        SndUna = segment.Acknowledgment;
        Establish(segment, now);
        return DropReason.None;
    }

    private void Establish(in Incoming segment, Instant now)
    {
        if (_synRetransmissions > 0) _rtt.HandshakeWasLossy();
        _rtt.Backoff = 0;
        _unanswered = 0;
        _synPending = false;
        _retransmitAt = Instant.Never;
        _lifeAt = Instant.Never;
        _congestion.Begin(Mss, Iss, _synRetransmissions > 0);
        // The window is set here, so that a server may speak first (RFC 9293 3.10.7.4: SND.WND, WL1 and WL2 on entering ESTABLISHED).
        // In a SYN it is not scaled (RFC 7323 2.2).
        SndWnd = segment.Has(TcpFlags.Syn) ? segment.Window : segment.Window << SndScale;
        MaxSndWnd = Math.Max(MaxSndWnd, SndWnd);
        SndWl1 = segment.Sequence;
        SndWl2 = segment.Acknowledgment;
        _stack.Statistics.Established++;
        _lastHeardAt = now;
        // A CLOSE before the handshake was over takes effect now (RFC 9293 3.10.4).
        SetState(_finQueued ? TcpState.FinWait1 : TcpState.Established, now);
        Raise(TcpEvents.Connected);
    }

    // Answers a segment that is not acceptable. An empty one could be an answer itself: those are limited, so that no loop of ACKs runs.
    private void Answer(in Incoming segment, Instant now)
    {
        if (segment.SegmentLength > 0 && !segment.Has(TcpFlags.Syn)) _ackNow = true;
        else Challenge(now);
    }

    // RFC 5961 7: challenge ACKs are limited, for each connection by itself: a common limit would be a side channel.
    private void Challenge(Instant now)
    {
        if (now < _challengeAllowedAt)
        {
            _stack.Statistics.ChallengeAcksSuppressed++;
            return;
        }

        _challengeAllowedAt = now + _stack.Options.ChallengeAckInterval;
        _stack.Statistics.ChallengeAcks++;
        _ackNow = true;
    }
}
