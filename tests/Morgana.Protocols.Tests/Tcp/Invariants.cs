using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>What must hold of a connection after every step, after RFC 9293 and a formal model of TCP. docs/testing.md has the whole list.</summary>
internal static class Invariants
{
    public static void Check(TcpControlBlock client, TcpControlBlock? server)
    {
        CheckOne(client);
        if (server is null) return;
        CheckOne(server);
        CheckPair(client, server);
        CheckPair(server, client);
    }

    public static void CheckOne(TcpControlBlock tcb)
    {
        if (tcb.State == TcpState.Closed) return;
        CheckTimers(tcb);
        Assert.True(tcb.Local.Port != 0 && tcb.Remote.Port != 0 && !tcb.Local.Address.IsAny && !tcb.Remote.Address.IsAny, "17: the four-tuple is full");
        if (tcb.State == TcpState.SynSent) return;
        Assert.True(tcb.Iss <= tcb.SndUna && tcb.SndUna <= tcb.SndNxt, "1: ISS <= SND.UNA <= SND.NXT");
        Assert.True(tcb.SndNxt - tcb.SndUna <= tcb.SendQueue.Length + 1 || tcb.State is TcpState.SynReceived or TcpState.TimeWait, "2: in flight <= queued + 1");
        Assert.True(!tcb.IsFinSent || tcb.IsFinQueued, "3: a FIN that was sent was asked for");
        Assert.True(tcb.RcvNxt > tcb.Irs, "4: RCV.NXT > IRS");
        Assert.True(tcb.RcvNxt <= tcb.RcvAdv, "5: RCV.NXT <= the edge advertised");
        Assert.True(tcb.RcvAdv - tcb.RcvNxt + tcb.ReceivedLength <= tcb.Options.ReceiveBuffer + (1 << tcb.RcvScale) + 1, "5: window + queue <= buffer");
        Assert.True(tcb.SegmentSize > 0 && (tcb.State <= TcpState.SynReceived || tcb.CongestionWindow >= tcb.SegmentSize), "9: cwnd >= 1 MSS");
        Assert.True(tcb.State <= TcpState.SynReceived || tcb.Congestion.Threshold >= 2 * tcb.SegmentSize, "9: ssthresh >= 2 MSS");
        CheckReassembly(tcb);
        bool isFinState = tcb.State is TcpState.CloseWait or TcpState.Closing or TcpState.LastAck or TcpState.TimeWait;
        Assert.True(tcb.IsFinReceived == isFinState, "18: FIN received iff CLOSE_WAIT, CLOSING, LAST_ACK or TIME_WAIT");
        bool isShut = tcb.State is TcpState.FinWait1 or TcpState.FinWait2 or TcpState.Closing or TcpState.LastAck or TcpState.TimeWait;
        Assert.True(!isShut || tcb.IsFinQueued, "18: we have closed in FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK and TIME_WAIT");
        if (tcb.State is TcpState.TimeWait or TcpState.SynReceived) return;
        CheckRecords(tcb);
        Assert.True(tcb.SndNxt > tcb.SndUna || tcb.SendQueue.IsEmpty || tcb.IsRetransmissionTimerOn || tcb.HasOutput(default), "25: unsent and stuck: the persist timer runs");
    }

    private static void CheckTimers(TcpControlBlock tcb)
    {
        var (retransmit, early, delayedAck, life, room, keepAlive) = tcb.Deadlines;
        var never = Instant.Never;
        if (tcb.State <= TcpState.SynReceived)
            Assert.True(early == never && delayedAck == never && keepAlive == never, "20: before the handshake is over only SYN has a timer");
        if (tcb.State == TcpState.TimeWait)
            Assert.True(life != never && retransmit == never && early == never && delayedAck == never && room == never && keepAlive == never, "21: TIME_WAIT has its timer, and no other");
        bool mayEnd = tcb.State == TcpState.TimeWait || tcb.IsHandshakeHeld || (tcb.State == TcpState.FinWait2 && tcb.IsReleased);
        Assert.True(life != never == mayEnd, "22: FIN_WAIT_2 ends by itself iff nobody reads, TIME_WAIT always");
        if (tcb.SndNxt > tcb.SndUna && tcb.State != TcpState.TimeWait) Assert.True(retransmit != never || (tcb.State <= TcpState.SynReceived && tcb.HasOutput(default)), $"23: in flight: a timer runs ({tcb.State})");
        bool isSynOwed = tcb.State <= TcpState.SynReceived;
        if (tcb.SndNxt == tcb.SndUna && tcb.Unsent == 0 && !isSynOwed) Assert.True(retransmit == never, "24: nothing in flight, nothing unsent: no retransmission timer");
        if (tcb.State is TcpState.FinWait2) Assert.True(retransmit == never, "24: FIN_WAIT_2 has nothing to send again");
        Assert.True(early == never || (tcb.HasSack && tcb.SndNxt > tcb.SndUna), "24: probes and late segments need something in flight");
        Assert.True(tcb.Unanswered <= 15, "28: what is not answered ends");
    }

    private static void CheckReassembly(TcpControlBlock tcb)
    {
        Assert.True(tcb.OutOfOrder.Count == 0 || !tcb.IsFinReceived, "14: nothing waits behind a FIN");
        for (int i = 0; i < tcb.OutOfOrder.Count; i++)
        {
            Assert.True(tcb.OutOfOrder.StartOf(i) > (i == 0 ? tcb.RcvNxt : tcb.OutOfOrder.EndOf(i - 1)), "14: ranges are sorted, disjoint, beyond RCV.NXT");
            Assert.True(tcb.OutOfOrder.EndOf(i) <= tcb.RcvAdv, "14: ranges are inside the window");
        }
    }

    // The records of segments cover SND.UNA to SND.NXT without a gap, and agree with the ranges that are SACKed.
    private static void CheckRecords(TcpControlBlock tcb)
    {
        ref var records = ref tcb.Records;
        var next = tcb.SndUna;
        int sacked = 0;
        for (int i = 0; i < records.Count; i++)
        {
            ref var record = ref records[i];
            Assert.True(record.Start == next && record.SequenceLength > 0, "records follow each other");
            Assert.True(!record.IsFin || i == records.Count - 1, "3: nothing comes behind a FIN");
            if (record.Fate == SegmentFate.Sacked) sacked += record.SequenceLength;
            bool isInRange = !tcb.Scoreboard.TryFindGap(record.Start, record.End, out _);
            Assert.True(isInRange == (record.Fate == SegmentFate.Sacked), $"segments in SACKed ranges are SACKed: {i} of {records.Count}, {record.Start - tcb.SndUna} to {record.End - tcb.SndUna}, {record.Fate}, sent again {record.Retransmissions} times, {Describe(ref tcb.Scoreboard, tcb.SndUna)}, window {tcb.SndWnd}");
            next = record.End;
        }

        Assert.True(next == tcb.SndNxt, "records reach from SND.UNA to SND.NXT");
        Assert.Equal(tcb.SndNxt - tcb.SndUna, records.InFlight + records.Lost + sacked);
    }

    private static string Describe(ref SackedRanges ranges, SequenceNumber una)
    {
        string text = "SACKed";
        for (int i = 0; i < ranges.Count; i++) text += $" {ranges[i].Start - una}-{ranges[i].End - una}";
        return text;
    }

    private static void CheckPair(TcpControlBlock from, TcpControlBlock to)
    {
        if (from.State < TcpState.Established || to.State < TcpState.Established) return;
        Assert.True(from.SndUna <= to.RcvNxt && to.RcvNxt <= from.SndNxt, "11: SND.UNA(A) <= RCV.NXT(B) <= SND.NXT(A)");
    }
}
