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
        if (ack > SndUna) TakeNewAcknowledgment(segment, ack, now);
        else if (ack == SndUna) TakeDuplicate(segment, window);
        if (State == TcpState.Closed) return DropReason.None;
        UpdateSendWindow(segment, ack, window, now);
        return AdvanceClosing(now);
    }

    private void TakeNewAcknowledgment(in Incoming segment, SequenceNumber ack, Instant now)
    {
        int flightBefore = SndNxt - SndUna;
        int acknowledged = ack - SndUna;
        bool isFinAcked = _finSent && ack == SndNxt;
        SndUna = ack;
        MeasureRoundTrip(segment, ack, now);
        int data = acknowledged - (isFinAcked ? 1 : 0);
        if (isFinAcked) IsFinAcknowledged = true;
        ReleaseAcknowledged(data, ack);

        // RFC 6298 5.3: the timer starts again; 5.2: off when all is acknowledged. A new ACK ends the backoff.
        _rtt.Backoff = 0;
        _unanswered = 0;
        _retransmitAt = _records.Count > 0 ? now + _rtt.Timeout : Instant.Never;
        bool isResending = _resendIndex < _resendEnd;
        if (_congestion.OnNewAck(acknowledged, ack, flightBefore, SndNxt - SndUna) && _records.Count > 0 && !isResending) _resendFirst = true;
        if (_records.Count == 0) _resendFirst = false;
    }

    private void ReleaseAcknowledged(int data, SequenceNumber ack)
    {
        int half = Options.SendBuffer / 2;
        bool wasFull = SendQueue.Length >= half;
        _delivered += data;
        if (data > 0) SendQueue.Consume(data);
        while (_records.Count > 0)
        {
            ref var first = ref _records[0];
            if (first.End > ack)
            {
                int cut = ack - first.Start;
                if (cut <= 0) break;
                // Part of a segment was acknowledged: what is left begins at the queue's head.
                first.Start = ack;
                first.Length -= cut;
                first.Block = SendQueue.Head;
                first.Offset = SendQueue.Head?.Start ?? 0;
                break;
            }

            _records.RemoveFirst(_stack.Records);
            if (_resendIndex > 0) _resendIndex--;
            if (_resendEnd > 0) _resendEnd--;
        }

        // With nothing in flight the next octet to send is the queue's first; otherwise its block is still there.
        if (_unsent == SendQueue.Length) (_sendBlock, _sendOffset) = (SendQueue.Head, SendQueue.Head?.Start ?? 0);
        if ((wasFull || _wantsRoom) && SendQueue.Length < half)
        {
            _wantsRoom = false;
            Raise(TcpEvents.Writable);
        }
    }

    private void MeasureRoundTrip(in Incoming segment, SequenceNumber ack, Instant now)
    {
        // The newest segment that this acknowledges in full and that was sent once (Karn; RFC 6298 3).
        Instant? sentAt = null;
        bool sawRetransmission = false;
        for (int i = 0; i < _records.Count && _records[i].End <= ack; i++)
        {
            if (_records[i].Retransmissions > 0) sawRetransmission = true;
            else sentAt = _records[i].SentAt;
        }

        // A hole was filled: what waited behind it says nothing about the path.
        if (sentAt is { } at && !sawRetransmission) _rtt.Sample(now - at);
        else if (sawRetransmission && HasTimestamps && segment.Options is { HasTimestamps: true, TimestampEcho: not 0 })
        {
            // RFC 7323 4.1: the echo tells which transmission was answered.
            uint elapsed = TimestampClock(now) - segment.Options.TimestampEcho;
            if (elapsed < 1 << 20) _rtt.Sample(new TimeSpan(((long)elapsed << 20) / 100));
        }
    }

    // RFC 5681 2: a duplicate acknowledges nothing new, carries nothing, leaves the window as it is, and something is in flight.
    private void TakeDuplicate(in Incoming segment, int window)
    {
        if (_records.Count == 0 || segment.SegmentLength > 0 || window != SndWnd || SndWnd == 0) return;
        _stack.Statistics.DuplicateAcks++;
        if (!_congestion.OnDuplicate(SndUna, SndNxt, SndNxt - SndUna) || _resendIndex < _resendEnd) return;
        _stack.Statistics.FastRetransmissions++;
        _resendFirst = true;
    }

    // RFC 9293 3.10.7.4: only a segment that is not older than the last one that did may move the window.
    private void UpdateSendWindow(in Incoming segment, SequenceNumber ack, int window, Instant now)
    {
        if (ack < SndUna) return;
        if (!(SndWl1 < segment.Sequence || (SndWl1 == segment.Sequence && SndWl2 <= ack))) return;
        bool wasClosed = SndWnd == 0;
        SndWnd = window;
        SndWl1 = segment.Sequence;
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
            if (_probedClosedWindow) (_resendIndex, _resendEnd) = (0, _records.Count);
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
