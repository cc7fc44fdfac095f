using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>What must hold of a connection after every step, after RFC 9293 and a formal model of TCP.</summary>
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

    private static void CheckOne(TcpControlBlock tcb)
    {
        if (tcb.State is TcpState.Closed or TcpState.SynSent) return;
        Assert.True(tcb.Iss <= tcb.SndUna && tcb.SndUna <= tcb.SndNxt, "ISS <= SND.UNA <= SND.NXT");
        Assert.True(tcb.SndNxt - tcb.SndUna <= tcb.SendQueue.Length + 1 || tcb.State is TcpState.SynReceived or TcpState.TimeWait, "in flight <= queued + 1");
        Assert.True(tcb.RcvNxt > tcb.Irs, "RCV.NXT > IRS");
        Assert.True(tcb.RcvNxt <= tcb.RcvAdv, "RCV.NXT <= the edge advertised");
        Assert.True(tcb.RcvAdv - tcb.RcvNxt + tcb.ReceivedLength <= tcb.Options.ReceiveBuffer + (1 << tcb.RcvScale) + 1, "window + queue <= buffer");
        Assert.True(tcb.SegmentSize > 0 && (tcb.State <= TcpState.SynReceived || tcb.CongestionWindow >= tcb.SegmentSize), "cwnd >= 1 MSS");
        for (int i = 0; i < tcb.OutOfOrder.Count; i++)
        {
            Assert.True(tcb.OutOfOrder.StartOf(i) > (i == 0 ? tcb.RcvNxt : tcb.OutOfOrder.EndOf(i - 1)), "ranges are sorted, disjoint, beyond RCV.NXT");
            Assert.True(tcb.OutOfOrder.EndOf(i) <= tcb.RcvAdv, "ranges are inside the window");
        }

        bool isFinState = tcb.State is TcpState.CloseWait or TcpState.Closing or TcpState.LastAck or TcpState.TimeWait;
        Assert.True(tcb.IsFinReceived == isFinState, "FIN received iff CLOSE_WAIT, CLOSING, LAST_ACK or TIME_WAIT");
        if (tcb.State == TcpState.TimeWait) return;
        if (tcb.SndNxt > tcb.SndUna) Assert.True(tcb.IsRetransmissionTimerOn, "in flight: a timer runs");
        Assert.True(tcb.SndNxt > tcb.SndUna || tcb.SendQueue.IsEmpty || tcb.IsRetransmissionTimerOn || tcb.HasOutput(default), "unsent and stuck: the persist timer runs");
    }

    private static void CheckPair(TcpControlBlock from, TcpControlBlock to)
    {
        if (from.State < TcpState.Established || to.State < TcpState.Established) return;
        Assert.True(from.SndUna <= to.RcvNxt && to.RcvNxt <= from.SndNxt, "SND.UNA(A) <= RCV.NXT(B) <= SND.NXT(A)");
    }
}
