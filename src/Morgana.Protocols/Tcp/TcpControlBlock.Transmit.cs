using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// What is sent and when: SYN, data, FIN, retransmissions, probes and acknowledgements.
public sealed partial class TcpControlBlock
{
    internal BlockChain SendQueue;

    /// <summary>ISS.</summary>
    internal SequenceNumber Iss;

    /// <summary>SND.UNA.</summary>
    internal SequenceNumber SndUna;

    /// <summary>SND.NXT: behind the highest number that was ever sent.</summary>
    internal SequenceNumber SndNxt;

    /// <summary>SND.WND, scaled.</summary>
    internal int SndWnd;

    /// <summary>The largest window that the peer has offered.</summary>
    internal int MaxSndWnd;

    /// <summary>SND.WL1.</summary>
    internal SequenceNumber SndWl1;

    /// <summary>SND.WL2.</summary>
    internal SequenceNumber SndWl2;

    /// <summary>The peer's shift count.</summary>
    internal byte SndScale;

    /// <summary>Payload of a full segment: Eff.snd.MSS of RFC 9293 3.7.1.</summary>
    internal int Mss;

    internal bool HasTimestamps;
    internal bool IsFinAcknowledged;

    private SegmentRecords _records;
    private RttEstimator _rtt;
    private CongestionControl _congestion;
    private PoolBlock? _sendBlock;      // Where the octet at SND.NXT stands;
    private int _sendOffset;            // null while the queue is empty.
    private int _unsent;                // Octets in the queue that were never sent.
    private uint _order;                // Transmissions so far; see SegmentRecord.Order.
    private bool _resendFirst;          // A probe into a closed window with data in flight.
    private bool _synPending;
    private bool _finQueued;
    private bool _finSent;
    private bool _probePending;
    private bool _keepAlivePending;
    private bool _probedClosedWindow;
    private bool _wantsRoom;
    private bool _hasScale;
    private int _synRetransmissions;
    private Instant _synSentAt;
    private Instant _lastSentAt;
    private uint _timestampOffset;
    private int _pathMtu;

    /// <summary>Octets that were never sent.</summary>
    internal int Unsent => _unsent;

    internal bool IsFinQueued => _finQueued;

    internal bool IsFinSent => _finSent;

    private int HeaderOverhead => IsIpv4 ? 40 : 60;

    private void BeginTransmit(int mtu, SequenceNumber iss, uint timestampOffset)
    {
        Iss = SndUna = iss;
        SndNxt = iss;
        SndWnd = MaxSndWnd = 0;
        SndWl1 = SndWl2 = default;
        SndScale = 0;
        _pathMtu = mtu;
        Mss = IsIpv4 ? 536 : 1220;      // RFC 9293 3.7.1 until the peer says more.
        HasTimestamps = _hasScale = false;
        IsFinAcknowledged = _finQueued = _finSent = _synPending = _probePending = _keepAlivePending = false;
        _probedClosedWindow = _wantsRoom = _resendFirst = false;
        _sendBlock = null;
        _sendOffset = _unsent = _synRetransmissions = 0;
        _order = 0;
        _synSentAt = _lastSentAt = default;
        _timestampOffset = timestampOffset;
        _rtt = new(_stack.Options);
        _congestion = default;
        BeginRecovery();
    }

    // The options of the peer's SYN, and its number.
    private void TakeSyn(in Incoming segment)
    {
        Irs = segment.Sequence;
        RcvNxt = LastAckSent = Irs + 1;
        RcvAdv = RcvNxt + Math.Min(ReceiveRoom, ushort.MaxValue);
        ref readonly var options = ref segment.Options;
        HasTimestamps = Options.Timestamps && options.HasTimestamps;
        if (HasTimestamps) TsRecent = options.TimestampValue;
        HasSack = Options.SelectiveAcknowledgments && options.SackPermitted;
        _hasScale = Options.WindowScaling && options.HasWindowScale;
        // RFC 7323 2.3: a shift above 14 is taken as 14. Without the option on both sides nothing is scaled (2.2).
        SndScale = _hasScale ? Math.Min(options.WindowScale, (byte)14) : (byte)0;
        if (!_hasScale) RcvScale = 0;
        SndWnd = segment.Window;
        MaxSndWnd = Math.Max(MaxSndWnd, SndWnd);
        SndWl1 = segment.Sequence;
        SndWl2 = segment.Acknowledgment;
        // RFC 9293 3.7.1, with a floor: an MSS of one octet would turn every response into a flood (CVE-2019-11479).
        int peer = options.MaximumSegmentSize == 0 ? (IsIpv4 ? 536 : 1220) : options.MaximumSegmentSize;
        SetSegmentSize(Math.Min(Math.Max(peer, _stack.Options.MinimumSegmentSize), _pathMtu - HeaderOverhead));
    }

    // RFC 6691: the MSS does not count options, so what every segment carries comes off.
    private void SetSegmentSize(int mss) => Mss = Math.Max(64, mss - (HasTimestamps ? TcpOptions.TimestampsLength : 0));

    private uint TimestampClock(Instant now) => (uint)(now.Nanoseconds >> 20) + _timestampOffset;

    private bool IsSynchronised => State >= TcpState.Established;

    /// <summary>Whether there is a segment to send now.</summary>
    internal bool HasOutput(Instant now)
    {
        if (State == TcpState.Closed || IsHandshakeHeld) return false;
        if (_synPending) return true;
        if (!IsSynchronised) return _ackNow && State == TcpState.SynReceived;
        return _ackNow || _resendFirst || _tailProbePending || _probePending || _keepAlivePending || CanResend() || CanSendNew(now, out _);
    }

    /// <summary>Appends the next segment to the packet.</summary>
    internal bool TryTransmit(PacketBuffer packet, Instant now)
    {
        if (State == TcpState.Closed || IsHandshakeHeld) return false;
        if (!IsSynchronised)
        {
            if (_synPending) TransmitSyn(packet, now);
            else if (_ackNow && State == TcpState.SynReceived) Emit(packet, SndNxt, TcpFlags.Ack, now);
            else return false;
        }
        else if (_resendFirst && _records.Count > 0)
        {
            _resendFirst = false;
            Retransmit(_records.PlaceOf(0), packet, now);
        }
        else if (CanResend())
        {
            Retransmit(_records.OldestLost, packet, now);
        }
        else if (_tailProbePending && _records.Count > 0)
        {
            TransmitTailProbe(packet, now);
        }
        else if (CanSendNew(now, out int length))
        {
            TransmitNew(packet, length, now);
        }
        else if (_probePending)
        {
            TransmitProbe(packet, now);
        }
        else if (_keepAlivePending)
        {
            // RFC 9293 3.8.4: one before the next number, so that the peer must answer.
            _keepAlivePending = false;
            _stack.Statistics.KeepAliveProbes++;
            Emit(packet, SndUna - 1, TcpFlags.Ack, now);
        }
        else if (_ackNow)
        {
            EmitAcknowledgment(packet, now);
        }
        else
        {
            return false;
        }

        return true;
    }

    // What is lost goes first (RFC 6675 5, NextSeg rule 1), as far as both windows allow; the first segment, or a lonely one, always.
    private bool CanResend()
    {
        if (_records.Lost == 0 || SndWnd == 0) return false;
        ref var record = ref _records.At(_records.OldestLost);
        int pipe = Pipe;
        if (record.Start == SndUna && pipe == 0) return true;
        return (pipe == 0 || pipe + record.Length <= _congestion.Window) && (record.Start == SndUna || record.End - SndUna <= SndWnd);
    }

    // Nagle, silly windows, the two windows: whether new data or a FIN may go, and how much.
    private bool CanSendNew(Instant now, out int length)
    {
        length = 0;
        bool isFinOwed = _finQueued && !_finSent;
        if ((_unsent == 0 && !isFinOwed) || _finSent || _records.Lost > 0 || _records.Count >= SegmentRecords.Limit - 1) return false;
        int flight = SndNxt - SndUna;
        int congestion = _congestion.Window;
        if (flight == 0 && now - _lastSentAt > _rtt.Timeout) congestion = Math.Min(congestion, CongestionControl.InitialWindow(Mss));
        int usable = Math.Min(SndWnd - flight, congestion - Pipe);
        length = Math.Min(Math.Min(_unsent, Mss), usable);
        // A FIN needs no window (it takes no buffer), only that all data before it has gone.
        if (length <= 0)
        {
            length = 0;
            return isFinOwed && _unsent == 0;
        }

        if (length == Mss) return true;
        // RFC 9293 3.8.6.2.1: a full segment; or all there is, if nothing is in flight or Nagle is off; or half of the largest window.
        if (length == _unsent && (flight == 0 || Options.NoDelay || isFinOwed)) return true;
        return length >= MaxSndWnd / 2 && length < _unsent && usable == SndWnd - flight;
    }

    private void TransmitNew(PacketBuffer packet, int length, Instant now)
    {
        if (SndNxt == SndUna && now - _lastSentAt > _rtt.Timeout) _congestion.OnIdle();
        // A record begins in the block that its first octet stands in: the one before goes back as soon as it is acknowledged.
        if (_sendBlock is { NextBlock: { } next } && _sendOffset == _sendBlock.End) (_sendBlock, _sendOffset) = (next, next.Start);
        var (block, offset) = (_sendBlock, _sendOffset);
        bool isFin = _finQueued && length == _unsent;
        var flags = TcpFlags.Ack | (length > 0 && length == _unsent ? TcpFlags.Psh : 0);
        int sent = EmitData(packet, SndNxt, ref _sendBlock, ref _sendOffset, length, flags, isFin, now);
        isFin &= sent == length;
        _unsent -= sent;
        ref var record = ref _records.Add(SndNxt, sent, isFin, _stack.Records);
        (record.Block, record.Offset) = (block, offset);
        record.SentAt = now;
        record.Order = _order++;
        SndNxt = record.End;
        _finSent |= isFin;
        _probePending = false;
        _congestion.OnSent(sent);
        _stack.Statistics.OctetsSent += sent;
        if (_retransmitAt == Instant.Never || _records.Count == 1) _retransmitAt = now + _rtt.Timeout;
        ScheduleTailProbe(now);
    }

    // RFC 9293 3.8.6.1: one octet beyond the closed window. It becomes a record like any other and is acknowledged or sent again.
    private void TransmitProbe(PacketBuffer packet, Instant now)
    {
        _probePending = false;
        if (_records.Count > 0 || _unsent == 0) return;
        _stack.Statistics.WindowProbes++;
        _probedClosedWindow = true;
        int length = Math.Max(1, Math.Min(Math.Min(_unsent, Mss), SndWnd));
        TransmitNew(packet, length, now);
    }

    private void Retransmit(int place, PacketBuffer packet, Instant now)
    {
        ref var record = ref _records.At(place);
        int length = record.Length;
        bool isFin = record.IsFin;
        if (SndWnd == 0)
        {
            // Into a closed window one octet is enough to be answered.
            if (length > 1) (length, isFin) = (1, false);
            _probedClosedWindow = true;
            _stack.Statistics.WindowProbes++;
        }
        else
        {
            _stack.Statistics.Retransmissions++;
        }

        record.Retransmissions++;
        record.SentAt = now;
        record.Order = _order++;
        _records.SetFate(place, SegmentFate.InFlight);
        _congestion.OnSent(length);
        _stack.Trace.Record(now, TraceKind.Retransmitted, (uint)Id, record.Start.Value, (ulong)length, (ulong)record.Retransmissions);
        var block = record.Block;
        int offset = record.Offset;
        EmitData(packet, record.Start, ref block, ref offset, length, TcpFlags.Ack | TcpFlags.Psh, isFin, now);
        if (_retransmitAt == Instant.Never) _retransmitAt = now + _rtt.Timeout;
    }

    private void TransmitSyn(PacketBuffer packet, Instant now)
    {
        _synPending = false;
        var options = new TcpOptions
        {
            // What we can take, from the link that the peer was reached by (RFC 9293 3.7.1).
            MaximumSegmentSize = (ushort)Math.Min(_pathMtu - HeaderOverhead, ushort.MaxValue),
        };
        bool isAnswer = State == TcpState.SynReceived;
        options.HasWindowScale = isAnswer ? _hasScale : Options.WindowScaling;
        options.WindowScale = RcvScale;
        options.HasTimestamps = isAnswer ? HasTimestamps : Options.Timestamps;
        options.TimestampValue = TimestampClock(now);
        options.TimestampEcho = TsRecent;
        options.SackPermitted = isAnswer ? HasSack : Options.SelectiveAcknowledgments;
        Span<byte> buffer = stackalloc byte[TcpOptions.MaxLength];
        int optionsLength = options.WriteTo(buffer);
        var header = packet.Append(TcpHeader.Size + optionsLength);
        buffer[..optionsLength].CopyTo(header[TcpHeader.Size..]);
        // RFC 7323 2.2: the window in a SYN is not scaled.
        int window = Math.Min(ReceiveRoom, ushort.MaxValue);
        if (isAnswer) RcvAdv = SequenceNumber.Max(RcvAdv, RcvNxt + window);
        new TcpHeader(Local.Port, Remote.Port, Iss, isAnswer ? RcvNxt : default, TcpFlags.Syn | (isAnswer ? TcpFlags.Ack : 0), (ushort)window).WriteTo(header);
        Finish(packet, header, 0, now);
        if (isAnswer) _ackNow = false;
        if (SndNxt == Iss) (SndNxt, _synSentAt) = (Iss + 1, now);
        else _synRetransmissions++;
        _retransmitAt = now + _rtt.Timeout;
    }

    private void Emit(PacketBuffer packet, SequenceNumber sequence, TcpFlags flags, Instant now)
    {
        PoolBlock? none = null;
        int offset = 0;
        EmitData(packet, sequence, ref none, ref offset, 0, flags, false, now);
    }

    // An acknowledgement without data. Only those carry SACK blocks, since data fills its segments.
    private void EmitAcknowledgment(PacketBuffer packet, Instant now)
    {
        if (_duplicatesOwed > 0) _duplicatesOwed--;
        if (!HasSack || (OutOfOrder.Count == 0 && !_hasDuplicate))
        {
            _hasSackNews = false;
            Emit(packet, SndNxt, TcpFlags.Ack, now);
            return;
        }

        var options = new TcpOptions { HasTimestamps = HasTimestamps, TimestampValue = TimestampClock(now), TimestampEcho = TsRecent };
        if (_hasDuplicate) options.Sacks[options.SackCount++] = _duplicate;     // RFC 2883 4: the duplicate comes first.
        _hasDuplicate = false;
        _hasSackNews = OutOfOrder.TakeNews(ref options, HasTimestamps ? 3 : 4);
        Span<byte> buffer = stackalloc byte[TcpOptions.MaxLength];
        int optionsLength = options.WriteTo(buffer);
        var header = packet.Append(TcpHeader.Size + optionsLength);
        buffer[..optionsLength].CopyTo(header[TcpHeader.Size..]);
        new TcpHeader(Local.Port, Remote.Port, SndNxt, RcvNxt, TcpFlags.Ack, AdvertiseWindow()).WriteTo(header);
        Finish(packet, header, 0, now);
        Acknowledged();
        _stack.Trace.Record(now, TraceKind.SegmentSent, (uint)Id, SndNxt.Value, 0, (ulong)TcpFlags.Ack);
    }

    // A segment of ours has just told the peer of RCV.NXT.
    private void Acknowledged()
    {
        LastAckSent = RcvNxt;
        // Without SACK each segment out of order is owed a duplicate of its own; with it, what is not reported yet is.
        _ackNow = _hasSackNews || _duplicatesOwed > 0;
        _delayedAckAt = Instant.Never;
    }

    // Header and payload of a segment of a synchronised connection. Returns the payload that there was memory for.
    private int EmitData(PacketBuffer packet, SequenceNumber sequence, ref PoolBlock? block, ref int offset, int length, TcpFlags flags, bool isFin, Instant now)
    {
        int headerLength = TcpHeader.Size + (HasTimestamps ? TcpOptions.TimestampsLength : 0);
        var header = packet.Append(headerLength);
        ulong sum = 0;
        int sent = length == 0 ? 0 : Payload.CopyOut(ref block, ref offset, length, packet, ref sum);
        if (isFin && sent == length) flags |= TcpFlags.Fin;
        if (sent < length) flags &= ~TcpFlags.Psh;
        ushort window = AdvertiseWindow();
        if (HasTimestamps) TcpOptions.WriteTimestamps(header[TcpHeader.Size..], TimestampClock(now), TsRecent);
        new TcpHeader(Local.Port, Remote.Port, sequence, RcvNxt, flags, window).WriteTo(header);
        Finish(packet, header, sum, now);
        Acknowledged();
        if (length > 0 || isFin) _lastSentAt = now;
        if (length > 0) _handedOver = 0;
        _stack.Trace.Record(now, TraceKind.SegmentSent, (uint)Id, sequence.Value, (ulong)sent, (ulong)flags);
        return sent;
    }

    // The payload's sum begins at an even offset, since headers are multiples of four.
    private void Finish(PacketBuffer packet, Span<byte> header, ulong payload, Instant now)
    {
        ulong sum = InternetChecksum.Combine(PseudoSum + TcpStack.LengthPart(packet.Length), payload, 0);
        TcpHeader.WriteChecksum(header, sum);
        _stack.Statistics.SegmentsSent++;
    }

    private void ClearTransmit()
    {
        _records.Clear(_stack.Records);
        SendQueue.Clear();
        _sendBlock = null;
        _sacked.Clear(_stack);
        _unsent = _duplicatesOwed = _duplicateOctets = 0;
        _earlyAt = Instant.Never;
        _synPending = _probePending = _tailProbePending = _keepAlivePending = _resendFirst = _ackNow = _hasSackNews = _hasDuplicate = false;
    }
}
