using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// The ACK field: what leaves the send queue, the send window, and what it says about the path.
public sealed partial class TcpControlBlock
{
    private DropReason TakeAcknowledgment(ref Incoming segment, Instant now)
    {
        var ack = segment.Acknowledgment;
        // RFC 5961 5.2: an acknowledgement of the future, or of too long ago, is answered and otherwise ignored.
        if (ack > SndNxt || ack < SndUna - MaxSndWnd)
        {
            Challenge(now);
            return DropReason.BadAck;
        }

        int window = segment.Window << SndScale;
        if (ack >= SndUna && _records.Count > 0) TakeProgress(segment, ack, window, now);
        UpdateSendWindow(segment, ack, window, now);
        return AdvanceClosing(now);
    }

    // What was delivered, what was lost, and how much may be sent now.
    private void TakeProgress(in Incoming segment, SequenceNumber ack, int window, Instant now)
    {
        int pipe = Pipe, flight = SndNxt - SndUna, advanced = ack - SndUna;
        bool hasDuplicate = false;
        int delivered = advanced > 0 ? Advance(segment, ack, now) : 0;
        if (HasSack)
        {
            if (advanced == 0 && segment.Options.SackCount > 0) _stack.Statistics.DuplicateAcks++;
            if (segment.Options.SackCount > 0) delivered += TakeSacks(segment, ack, now, out hasDuplicate);
        }
        else if (advanced == 0 && IsDuplicate(segment, window))
        {
            delivered = CountDuplicate();
        }

        if (advanced > 0)
        {
            var before = _congestion.State;
            _congestion.OnAdvance(ack, advanced, pipe);
            if (before != RecoveryState.Open && _congestion.State == RecoveryState.Open) Recovered(before, now);
        }

        FindLosses(delivered, advanced, flight, now);
        if (HasSack) FollowTailProbe(ack, advanced, hasDuplicate, flight, now);
    }

    // Returns the octets that this acknowledgement says were delivered, and none before did.
    private int Advance(in Incoming segment, SequenceNumber ack, Instant now)
    {
        int acknowledged = ack - SndUna;
        bool isFinAcked = _finSent && ack == SndNxt;
        SndUna = ack;
        if (isFinAcked) IsFinAcknowledged = true;
        int delivered = ReleaseAcknowledged(segment, acknowledged - (isFinAcked ? 1 : 0), ack, now);
        if (HasSack)
        {
            if (_sacked.Count > 0) _sacked.Forget(ack, _stack);
        }
        else
        {
            delivered = CreditDuplicates(acknowledged);
        }

        // RFC 6298 5.3: the timer starts again; 5.2: off when all is acknowledged. A new ACK ends the backoff.
        _rtt.Backoff = 0;
        _unanswered = 0;
        _retransmitAt = _records.Count > 0 ? now + _rtt.Timeout : Instant.Never;
        _earlyAt = Instant.Never;
        if (_records.Count == 0) _resendFirst = _tailProbePending = false;
        return delivered;
    }

    private int ReleaseAcknowledged(in Incoming segment, int data, SequenceNumber ack, Instant now)
    {
        int half = Options.SendBuffer / 2, delivered = 0;
        bool wasFull = SendQueue.Length >= half;
        if (data > 0) SendQueue.Consume(data);
        Instant? sentAt = null;
        bool sawRetransmission = false;
        while (_records.Count > 0)
        {
            ref var first = ref _records[0];
            if (first.End > ack)
            {
                int cut = ack - first.Start;
                if (cut <= 0) break;
                // Part of a segment was acknowledged: what is left begins at the queue's head.
                if (first.Fate != SegmentFate.Sacked) delivered += cut;
                _records.CutFront(ack, SendQueue.Head, SendQueue.Head?.Start ?? 0);
                break;
            }

            if (first.Fate != SegmentFate.Sacked)
            {
                delivered += first.SequenceLength;
                if (HasSack) Delivered(first, segment, now);
                if (first.Retransmissions > 0) sawRetransmission = true;
                else sentAt = first.SentAt;
            }

            _records.RemoveFirst(_stack.Records);
        }

        MeasureRoundTrip(segment, sentAt, sawRetransmission, now);
        // With nothing in flight the next octet to send is the queue's first; otherwise its block is still there.
        if (_unsent == SendQueue.Length) (_sendBlock, _sendOffset) = (SendQueue.Head, SendQueue.Head?.Start ?? 0);
        if ((wasFull || _wantsRoom) && SendQueue.Length < half)
        {
            _wantsRoom = false;
            Raise(TcpEvents.Writable);
        }

        return delivered;
    }

    // The newest segment that was acknowledged in full and that was sent once (Karn; RFC 6298 3).
    private void MeasureRoundTrip(in Incoming segment, Instant? sentAt, bool sawRetransmission, Instant now)
    {
        // A hole was filled: what waited behind it says nothing about the path.
        if (sentAt is { } at && !sawRetransmission) _rtt.Sample(now - at, now);
        else if (sawRetransmission && HasTimestamps && segment.Options is { HasTimestamps: true, TimestampEcho: not 0 })
        {
            // RFC 7323 4.1: the echo tells which transmission was answered.
            uint elapsed = TimestampClock(now) - segment.Options.TimestampEcho;
            if (elapsed < 1 << 20) _rtt.Sample(new TimeSpan(((long)elapsed << 20) / 100), now);
        }
    }

    // RFC 9293 3.10.7.4: only a segment that is not older than the last one that did may move the window.
    private void UpdateSendWindow(in Incoming segment, SequenceNumber ack, int window, Instant now)
    {
        if (ack < SndUna) return;
        if (!(SndWl1 < segment.Sequence || (SndWl1 == segment.Sequence && SndWl2 <= ack))) return;
        SetSendWindow(window, segment.Sequence, ack, now);
    }

    private void SetSendWindow(int window, SequenceNumber sequence, SequenceNumber ack, Instant now)
    {
        bool wasClosed = SndWnd == 0;
        SndWnd = window;
        SndWl1 = sequence;
        SndWl2 = ack;
        MaxSndWnd = Math.Max(MaxSndWnd, window);
        if (window == 0)
        {
            // RFC 9293 3.8.6.1: a peer that answers probes keeps its connection, however long its window stays closed. Once our
            // application has gone, nobody waits for that any more: then the probes are counted.
            if (!IsReleased) _unanswered = 0;
            return;
        }

        if (!wasClosed) return;
        // It has opened: what was sent into the closed window, probes too, was not kept. It goes out again now, not at the next timeout.
        _rtt.Backoff = 0;
        _unanswered = 0;
        _probePending = false;
        if (_records.Count > 0)
        {
            if (_probedClosedWindow) LoseAll();
            _retransmitAt = now + _rtt.Timeout;
        }
        else
        {
            _retransmitAt = Instant.Never;
        }

        _probedClosedWindow = false;
    }

    // RFC 9293 3.10.7.4: what the acknowledgement of our FIN means for each state.
    private DropReason AdvanceClosing(Instant now)
    {
        if (!IsFinAcknowledged) return DropReason.None;
        switch (State)
        {
            case TcpState.FinWait1:
                SetState(TcpState.FinWait2, now);
                if (IsReleased) _lifeAt = now + _stack.Options.FinWait2Timeout;
                break;
            case TcpState.Closing:
                EnterTimeWait(now);
                break;
            case TcpState.LastAck:
                Terminate(TcpEvents.Closed, now);
                break;
        }

        return DropReason.None;
    }
}
