using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// Which segments are lost, and what is sent to find out. With SACK after RFC 8985 (RACK-TLP); without it after RFC 6582 (NewReno).
public sealed partial class TcpControlBlock
{
    /// <summary>The least wait for a tail probe: two ticks of the timer wheel.</summary>
    private static readonly TimeSpan s_leastProbe = TimeSpan.FromMilliseconds(2);

    /// <summary>How long the peer may hold back its acknowledgement of a single segment (RFC 8985 7.2: TLP.max_ack_delay).</summary>
    private static readonly TimeSpan s_mostAckDelay = TimeSpan.FromMilliseconds(200);

    private const int DuplicateThreshold = 3;           // RFC 5681 3.2, RFC 6675 2

    internal bool HasSack;

    private Rack _rack;
    private SackedRanges _sacked;
    private Instant _earlyAt;           // A tail probe, or a segment that may be late, is due before the retransmission timer.
    private bool _isEarlyReordering;    // Which of the two.
    private int _duplicates;            // Without SACK: duplicate acknowledgements in a row,
    private int _duplicateOctets;       // and what they say has arrived beyond the hole.
    private bool _tailProbePending;
    private bool _isTailProbed;         // A tail probe is under way;
    private bool _isTailResent;         // it was a segment sent again;
    private SequenceNumber _tailEnd;    // and it is answered when this is acknowledged (TLP.end_seq).

    /// <summary>Octets under way: "pipe" of RFC 6675.</summary>
    internal int Pipe => Math.Max(0, _records.InFlight - _duplicateOctets);

    internal ref SegmentRecords Records => ref _records;

    internal ref SackedRanges Scoreboard => ref _sacked;

    internal ref CongestionControl Congestion => ref _congestion;

    private void BeginRecovery()
    {
        HasSack = false;
        _rack.Begin(Iss);
        _earlyAt = Instant.Never;
        _duplicates = _duplicateOctets = 0;
        _isEarlyReordering = _tailProbePending = _isTailProbed = _isTailResent = false;
    }

    // RFC 2018 5, RFC 6675 3: each block is believed only if it lies in what is in flight, and covers whole segments.
    private int TakeSacks(in Incoming segment, SequenceNumber ack, Instant now, out bool hasDuplicate)
    {
        hasDuplicate = false;
        int delivered = 0;
        for (int i = 0; i < segment.Options.SackCount; i++)
        {
            var block = segment.Options.Sacks[i];
            if (block.Start >= block.End || block.End > SndNxt || SndNxt - block.Start > int.MaxValue / 2)
            {
                _stack.Statistics.SacksIgnored++;
                continue;
            }

            if (i == 0 && IsDuplicateReport(segment, block, ack))
            {
                hasDuplicate = true;
                _stack.Statistics.DuplicatesReported++;
                _rack.OnDuplicateReported(ack, SndNxt);
                continue;
            }

            if (block.End > ack) delivered += TakeSack(SequenceNumber.Max(block.Start, ack), block.End, segment, now);
        }

        return delivered;
    }

    // RFC 2883 4: the first block lies below the ACK field, or inside the second block.
    private static bool IsDuplicateReport(in Incoming segment, in SackBlock first, SequenceNumber ack) =>
        first.End <= ack
        || (segment.Options.SackCount > 1 && first.Start >= segment.Options.Sacks[1].Start && first.End <= segment.Options.Sacks[1].End);

    private int TakeSack(SequenceNumber start, SequenceNumber end, in Incoming segment, Instant now)
    {
        // Inwards to the bounds of segments.
        int first = _records.Find(start), last = _records.Find(end) - 1;
        if (last >= 0 && _records[last].End > end) last--;
        if (first > last) return 0;
        start = _records[first].Start;
        end = _records[last].End;
        int delivered = 0;
        while (_sacked.TryFindGap(start, end, out var gap))
        {
            if (!_sacked.TryAdd(gap.Start, gap.End, _stack))
            {
                _stack.Statistics.SacksIgnored++;
                break;
            }

            for (int i = _records.Find(gap.Start); i < _records.Count && _records[i].Start < gap.End; i++)
            {
                ref var record = ref _records[i];
                delivered += record.SequenceLength;
                Delivered(record, segment, now);
                _records.SetFate(_records.PlaceOf(i), SegmentFate.Sacked);
            }

            start = gap.End;
        }

        return delivered;
    }

    // RFC 8985 6.2, steps 1 and 2.
    private void Delivered(in SegmentRecord record, in Incoming segment, Instant now)
    {
        var roundTrip = now - record.SentAt;
        if (record.Retransmissions > 0)
        {
            // Which transmission was it? Not the last one, if the echo is older, or if it would have been quicker than the path.
            ref readonly var options = ref segment.Options;
            if (HasTimestamps && options.HasTimestamps && unchecked((int)(options.TimestampEcho - TimestampClock(record.SentAt))) < 0) return;
            if (roundTrip < _rtt.Minimum) return;
        }

        _rack.OnDelivered(record, roundTrip);
    }

    private void FindLosses(int delivered, int advanced, int flight, Instant now)
    {
        int lost = _records.Lost;
        if (HasSack) FindOvertaken(now);
        else FindByDuplicates(advanced);
        bool hasNew = _records.Lost > lost;
        if (_records.SackedCount > 0 || _records.Lost > 0) StopTailProbe();
        if (hasNew && _congestion.OnLoss(SndNxt, flight))
        {
            _stack.Statistics.FastRetransmissions++;
            TraceWindow(now);
        }

        if (_congestion.State != RecoveryState.Fast || (delivered == 0 && !hasNew)) return;
        _congestion.OnRecoveryAck(delivered, Pipe, advanced > 0 && !hasNew, hasNew && !HasSack);
    }

    // RFC 8985 6.2, step 5. The list is in the order of sending: only what is lost, and one more, is ever looked at.
    private void FindOvertaken(Instant now)
    {
        if (_isEarlyReordering) (_isEarlyReordering, _earlyAt) = (false, Instant.Never);
        if (_records.InFlight == 0 || !_rack.IsOvertaken(_records.At(_records.OldestInFlight).Order)) return;
        bool isLossKnown = _congestion.State != RecoveryState.Open || _records.SackedCount >= DuplicateThreshold;
        var patience = _rack.RoundTrip + _rack.ReorderingWindow(isLossKnown, _rtt.Minimum, _rtt.Smoothed);
        while (_records.InFlight > 0)
        {
            int place = _records.OldestInFlight;
            ref var record = ref _records.At(place);
            if (!_rack.IsOvertaken(record.Order)) break;
            var due = record.SentAt + patience;
            if (due > now)
            {
                (_isEarlyReordering, _earlyAt) = (true, due);
                break;
            }

            _records.SetFate(place, SegmentFate.Lost);
        }
    }

    // RFC 5681 2: a duplicate acknowledges nothing new, carries nothing, leaves the window as it is, and something is in flight.
    private bool IsDuplicate(in Incoming segment, int window) => segment.SegmentLength == 0 && window == SndWnd && SndWnd > 0;

    // RFC 6582 3.2: each duplicate stands for a segment that has left the network. Before recovery the first two count (RFC 3042), lest
    // duplicates that mean something else let out a flood.
    private int CountDuplicate()
    {
        _stack.Statistics.DuplicateAcks++;
        _duplicates++;
        if (_congestion.State == RecoveryState.Timeout) return 0;
        if (_congestion.State == RecoveryState.Open && _duplicates > DuplicateThreshold) return 0;
        int room = SndNxt - SndUna - Mss - _duplicateOctets;
        int delivered = Math.Clamp(room, 0, Mss);
        _duplicateOctets += delivered;
        return delivered;
    }

    // New octets were acknowledged: one segment filled the hole, the others were counted before.
    private int CreditDuplicates(int acknowledged)
    {
        int counted = Math.Min(_duplicateOctets, Math.Max(0, acknowledged - Mss));
        _duplicates = 0;
        _duplicateOctets = _congestion.State == RecoveryState.Fast ? Math.Min(_duplicateOctets - counted, _records.InFlight) : 0;
        return acknowledged - counted;
    }

    // RFC 6582 3.2, steps 2 and 3: the third duplicate, and later each partial acknowledgement, says that the first segment is lost.
    private void FindByDuplicates(int advanced)
    {
        if (_records.Count == 0) return;
        bool isLost = _congestion.State switch
        {
            RecoveryState.Open => _duplicates == DuplicateThreshold,
            RecoveryState.Fast => advanced > 0,
            _ => false,
        };
        if (isLost && _records[0].Fate == SegmentFate.InFlight) _records.SetFate(_records.PlaceOf(0), SegmentFate.Lost);
    }

    private void Recovered(RecoveryState from, Instant now)
    {
        _duplicateOctets = 0;
        if (from == RecoveryState.Fast) _rack.OnRecovered();
        TraceWindow(now);
    }

    // A timeout, or something that makes all that is under way worthless. RFC 2018 8: SACKs are forgotten too, as the peer may take them back.
    private void LoseAll()
    {
        _sacked.Clear(_stack);
        _records.LoseAll();
        _duplicates = _duplicateOctets = 0;
        _isTailProbed = _tailProbePending = _isEarlyReordering = false;
        _earlyAt = Instant.Never;
    }

    // RFC 8985 7.2: while nothing is known to be missing, the last segment is followed by a probe, earlier than the retransmission timer.
    private void ScheduleTailProbe(Instant now)
    {
        if (!HasSack || _isTailProbed || _isEarlyReordering) return;
        _earlyAt = Instant.Never;
        if (_congestion.State != RecoveryState.Open || _records.SackedCount > 0 || _records.InFlight == 0 || _records.Lost > 0 || SndWnd == 0) return;
        var smoothed = _rtt.Smoothed;
        var wait = smoothed == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : smoothed + smoothed;
        if (_records.Count == 1) wait += s_mostAckDelay;
        var at = now + (wait < s_leastProbe ? s_leastProbe : wait);
        if (at < _retransmitAt) _earlyAt = at;
    }

    // Once something is known to be missing, nobody needs to probe for it.
    private void StopTailProbe()
    {
        _tailProbePending = false;
        if (!_isEarlyReordering) _earlyAt = Instant.Never;
    }

    // RFC 8985 7.4: whether the answer to a tail probe tells that there was a loss, which it has repaired.
    private void FollowTailProbe(SequenceNumber ack, int advanced, bool hasDuplicate, int flight, Instant now)
    {
        if (_isTailProbed && ack >= _tailEnd)
        {
            // Both arrived: it was only late. With a resent segment and no report of a duplicate, the first one was lost.
            _isTailProbed = false;
            if (_isTailResent && !hasDuplicate && advanced > 0)
            {
                _congestion.OnRepairedLoss(flight);
                TraceWindow(now);
            }
        }

        if (advanced > 0) ScheduleTailProbe(now);
    }

    // The early timer is due.
    private void HandleEarlyTimeout(Instant now)
    {
        _earlyAt = Instant.Never;
        if (_records.Count == 0) return;
        if (_isEarlyReordering)
        {
            FindLosses(0, 0, SndNxt - SndUna, now);
            return;
        }

        if (_isTailProbed || SndWnd == 0) return;
        _stack.Trace.Record(now, TraceKind.TimerFired, (uint)Id, (ulong)TcpTimer.TailProbe);
        _tailProbePending = true;
    }

    // RFC 8985 7.3: new data if there is any, whatever cwnd says; else the last segment again.
    private void TransmitTailProbe(PacketBuffer packet, Instant now)
    {
        _tailProbePending = false;
        _stack.Statistics.TailProbes++;
        int room = SndWnd - (SndNxt - SndUna);
        int length = Math.Min(Math.Min(_unsent, Mss), room);
        _isTailResent = length <= 0 || _records.Count >= SegmentRecords.Limit - 1;
        if (_isTailResent) Retransmit(_records.PlaceOf(_records.Count - 1), packet, now);
        else TransmitNew(packet, length, now);
        _isTailProbed = true;
        _tailEnd = SndNxt;
        _earlyAt = Instant.Never;
        _retransmitAt = now + _rtt.Timeout;
    }

    private void TraceWindow(Instant now) =>
        _stack.Trace.Record(now, TraceKind.CongestionWindow, (uint)Id, (ulong)_congestion.Window, (ulong)_congestion.Threshold, (ulong)(SndNxt - SndUna));
}
