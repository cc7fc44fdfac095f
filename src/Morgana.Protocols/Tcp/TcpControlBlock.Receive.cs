using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// Text, FIN and the receive window.
public sealed partial class TcpControlBlock
{
    internal BlockChain ReceiveQueue;
    internal ReassemblyQueue OutOfOrder;

    /// <summary>RCV.NXT.</summary>
    internal SequenceNumber RcvNxt;

    /// <summary>The right edge that the peer was told of; it never goes back.</summary>
    internal SequenceNumber RcvAdv;

    /// <summary>IRS.</summary>
    internal SequenceNumber Irs;

    /// <summary>Last.ACK.sent of RFC 7323.</summary>
    internal SequenceNumber LastAckSent;

    /// <summary>TS.Recent of RFC 7323.</summary>
    internal uint TsRecent;

    /// <summary>Our window's shift count.</summary>
    internal byte RcvScale;

    private int _lentOctets;            // Handed over by TakeReceived, not yet consumed.
    private long _lentMemory;           // What their blocks take up.
    private int _receiveSegment;        // The payload of a full segment, as far as we have seen: for "every second segment".
    private bool _ackNow;
    private bool _hasSackNews;          // Something came out of order that no acknowledgement has reported yet.
    private int _duplicatesOwed;        // The same without SACK: acknowledgements that are owed, so that the sender can count them.
    private bool _hasDuplicate;         // Octets came twice,
    private SackBlock _duplicate;       // these (RFC 2883).
    private bool _finReceived;
    private bool _hasLaterFin;          // A FIN came out of order;
    private SequenceNumber _laterFin;   // this is its number.
    private Instant _tsRecentAt;
    private Instant _challengeAllowedAt;

    /// <summary>In-order octets that wait to be read.</summary>
    public int ReceivedLength => ReceiveQueue.Length;

    /// <summary>Whether the peer's FIN has come and everything before it was taken.</summary>
    public bool IsEndOfStream => _finReceived && ReceiveQueue.IsEmpty;

    internal bool IsFinReceived => _finReceived;

    internal bool IsAckOwed => _ackNow;

    private int ReceiveRoom => Math.Max(0, Options.ReceiveBuffer - ReceiveQueue.Length - _lentOctets);

    private void BeginReceive(int mtu)
    {
        RcvNxt = RcvAdv = Irs = LastAckSent = default;
        TsRecent = 0;
        _lentOctets = 0;
        _lentMemory = 0;
        _receiveSegment = Math.Min(mtu - (IsIpv4 ? 40 : 60), 1460);
        _ackNow = _finReceived = _hasLaterFin = _hasSackNews = _hasDuplicate = false;
        _duplicatesOwed = 0;
        _challengeAllowedAt = default;
        _tsRecentAt = default;
        // RFC 7323 2.3: the smallest shift with which the whole buffer can be said.
        RcvScale = 0;
        while (RcvScale < 14 && Options.ReceiveBuffer >> RcvScale > ushort.MaxValue) RcvScale++;
    }

    /// <summary>Copies the payload behind the receive queue, invisibly, if it is just what is expected next.</summary>
    internal bool TryStage(in Incoming segment, PacketBuffer packet, ref Staging staging, out ulong sum)
    {
        sum = 0;
        return segment.Length > 0 && segment.Sequence == RcvNxt && segment.Length <= RcvAdv - RcvNxt && OutOfOrder.Count == 0
            && (segment.Flags & (TcpFlags.Syn | TcpFlags.Rst | TcpFlags.Ack)) == TcpFlags.Ack
            && State is (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2) && !IsReleased
            && staging.TryStage(packet, segment.HeaderLength, ref ReceiveQueue, _stack.Pool, out sum);
    }

    // RFC 9293 3.10.7.4, seventh and eighth.
    private DropReason TakeTextAndFin(ref Incoming segment, PacketBuffer packet, Instant now)
    {
        // In the other states the peer has sent its FIN: what comes now is not looked at.
        if (State is not (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2)) return DropReason.None;
        var reason = DropReason.None;
        if (segment.Length > 0)
        {
            if (IsReleased)
            {
                // RFC 9293 3.6.1, RFC 2525 2.17: nobody will read it, and the peer must hear so.
                _stack.SendReset(this, SndNxt, isAcknowledging: true);
                Terminate(TcpEvents.Reset, now);
                return DropReason.DataAfterClose;
            }

            // There is nothing behind a FIN, whatever the peer says now.
            if (_hasLaterFin && segment.Sequence + segment.Length > _laterFin) return DropReason.OutOfWindow;
            reason = segment.Sequence == RcvNxt ? TakeInOrder(ref segment, packet, now) : TakeOutOfOrder(segment, packet);
        }

        if (segment.Has(TcpFlags.Fin) && !_hasLaterFin && reason is (DropReason.None or DropReason.Duplicate))
        {
            var fin = segment.Sequence + segment.Length;
            // A FIN in front of octets that we have is a lie.
            if (OutOfOrder.Count == 0 || OutOfOrder.EndOf(OutOfOrder.Count - 1) <= fin) (_hasLaterFin, _laterFin) = (true, fin);
            _ackNow = true;
        }

        if (_hasLaterFin && _laterFin == RcvNxt) TakeFin(now);
        return reason;
    }

    private DropReason TakeInOrder(ref Incoming segment, PacketBuffer packet, Instant now)
    {
        int taken;
        ref var staging = ref _stack.Staged;
        if (staging.Length == segment.Length)
        {
            taken = staging.Length;
            staging.Commit(ref ReceiveQueue);
        }
        else
        {
            int offset = segment.HeaderLength + segment.Skip;
            taken = Payload.Append(ref ReceiveQueue, packet, offset, segment.Length, _stack.Pool);
            if (taken < segment.Length && OutOfOrder.Count > 0)
            {
                // What came early must not keep out what it waits for. SACK promises nothing either (RFC 2018 8): it is sent again.
                ClearReassembly();
                taken += Payload.Append(ref ReceiveQueue, packet, offset + taken, segment.Length - taken, _stack.Pool);
            }
        }

        RcvNxt += taken;
        if (taken > 0) _duplicatesOwed = 0;
        _stack.Statistics.OctetsReceived += taken;
        if (taken > 0) Raise(TcpEvents.Readable);
        if (taken < segment.Length)
        {
            // The pool is empty: the rest was never there, and will come again.
            segment.Flags &= ~TcpFlags.Fin;
            _ackNow = true;
            return DropReason.NoBuffer;
        }

        if (segment.Length > _receiveSegment) _receiveSegment = segment.Length;
        if (OutOfOrder.Count > 0)
        {
            // RFC 5681 4.2: what fills a gap is acknowledged at once.
            RcvNxt += OutOfOrder.Take(RcvNxt, ref ReceiveQueue, _stack);
            _ackNow = true;
            if (OutOfOrder.Count == 0) _hasSackNews = false;
        }

        // RFC 9293 3.8.6.3: at least every second full segment; otherwise the timer does it.
        if (RcvNxt - LastAckSent >= 2 * _receiveSegment) _ackNow = true;
        else if (_delayedAckAt == Instant.Never) _delayedAckAt = now + _stack.Options.DelayedAck;
        return DropReason.None;
    }

    private DropReason TakeOutOfOrder(in Incoming segment, PacketBuffer packet)
    {
        // RFC 5681 4.2: at once, so that the sender counts duplicates.
        _ackNow = true;
        if (!_stack.HasMemoryToSpare) return DropReason.OutOfOrderLimit;       // The last of the memory is for what comes in order.
        int blockLimit = (Options.ReceiveBuffer / 1024) + 64;
        var reason = OutOfOrder.Insert(segment.Sequence, packet, segment.HeaderLength + segment.Skip, segment.Length, blockLimit, _stack);
        if (reason == DropReason.None) _stack.Statistics.OutOfOrder++;
        if (HasSack)
        {
            _hasSackNews = true;
            if (reason == DropReason.Duplicate) NoteDuplicate(segment.Sequence, segment.Sequence + segment.Length);
        }
        else
        {
            _duplicatesOwed = Math.Min(_duplicatesOwed + 1, 64);
        }

        return reason;
    }

    // RFC 2883: the sender is told what it need not have sent.
    private void NoteDuplicate(SequenceNumber start, SequenceNumber end)
    {
        if (HasSack && start < end) (_hasDuplicate, _duplicate) = (true, new(start, end));
    }

    private void TakeFin(Instant now)
    {
        _duplicatesOwed = 0;
        _finReceived = true;
        _hasLaterFin = false;
        RcvNxt += 1;
        RcvAdv = SequenceNumber.Max(RcvAdv, RcvNxt);
        _ackNow = true;
        ClearReassembly();
        Raise(TcpEvents.EndOfStream);
        switch (State)
        {
            case TcpState.Established:
                SetState(TcpState.CloseWait, now);
                break;
            case TcpState.FinWait1:
                // Our FIN is not acknowledged, or the state would be FIN_WAIT_2 already.
                SetState(TcpState.Closing, now);
                break;
            case TcpState.FinWait2:
                EnterTimeWait(now);
                break;
        }
    }

    private void ClearReassembly() => OutOfOrder.Clear(_stack);

    /// <summary>Copies octets that wait, and opens the window.</summary>
    public int Read(Span<byte> destination, Instant now)
    {
        int read = ReceiveQueue.Read(destination);
        if (read > 0) WindowMayOpen(now);
        return read;
    }

    /// <summary>Hands over the blocks of what waits; the window opens with <see cref="Consumed"/>.</summary>
    /// <remarks>While blocks that are nearly empty pile up unconsumed, nothing is handed over: tiny segments must not tie up memory.
    /// <see cref="TcpEvents.Readable"/> comes again with <see cref="Consumed"/>.</remarks>
    public void TakeReceived(ref BlockChain into)
    {
        if (ReceiveQueue.IsEmpty || (_lentOctets > 0 && _lentMemory > 4L * Options.ReceiveBuffer)) return;
        _lentOctets += ReceiveQueue.Length;
        _lentMemory += (long)ReceiveQueue.BlockCount * PoolBlock.Size;
        into.Append(ref ReceiveQueue);
    }

    /// <summary>Says that the application has read octets of what <see cref="TakeReceived"/> handed over.</summary>
    public void Consumed(int count, Instant now)
    {
        if (count <= 0 || State == TcpState.Closed) return;
        count = Math.Min(count, _lentOctets);
        _lentMemory = count == _lentOctets ? 0 : _lentMemory - (_lentMemory * count / _lentOctets);
        _lentOctets -= count;
        if (!ReceiveQueue.IsEmpty) Raise(TcpEvents.Readable);
        WindowMayOpen(now);
    }

    /// <summary>Says that the application has copied blocks of what <see cref="TakeReceived"/> handed over together, and given these back: their
    /// octets take up less memory than was counted.</summary>
    public void Merged(int blocks) => _lentMemory = Math.Max(0, _lentMemory - ((long)blocks * PoolBlock.Size));

    private void WindowMayOpen(Instant now)
    {
        if (State is not (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2) || _ackNow) return;
        // RFC 9293 3.8.6.2.2: the peer hears of it once the edge can move by two segments or half of the buffer; at once by
        // one segment if the window was too small for one.
        int window = RcvAdv - RcvNxt;
        int gain = ReceiveRoom - window;
        int worth = Math.Min(Options.ReceiveBuffer / 2, window < _receiveSegment ? _receiveSegment : 2 * _receiveSegment);
        if (gain < worth || (_mayBeHere && TryTellOtherEnd(now))) return;
        _ackNow = true;
        Settle(now);
    }

    // The window field for an acknowledgement that is about to be sent; moves the edge.
    private ushort AdvertiseWindow()
    {
        int old = RcvAdv - RcvNxt;
        int room = ReceiveRoom;
        int window = room;
        // RFC 9293 3.8.6.2.2: the edge stays until it can move by a segment or half of the buffer, and it never goes back (3.8.6).
        if (room - old < Math.Min(Options.ReceiveBuffer / 2, _receiveSegment)) window = old;
        int field = Math.Min(window >> RcvScale, ushort.MaxValue);
        // Rounded up while there is room, so that the edge does not go back by a rounding either (RFC 7323 2.4).
        if (field << RcvScale < old && (field + 1) << RcvScale <= room + (1 << RcvScale) && field < ushort.MaxValue) field++;
        RcvAdv = SequenceNumber.Max(RcvAdv, RcvNxt + (field << RcvScale));
        return (ushort)field;
    }
}
