using System.Runtime.InteropServices;
using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Watches all connections of two hosts, and every segment that they send. The numbers are those of docs/testing.md.</summary>
internal sealed class Checker(string run)
{
    private static readonly TimeSpan s_twoTicks = new((2 << 20) / 100);
    private readonly Dictionary<(TcpStack, int, SequenceNumber), Memory> _connections = [];

    /// <summary>What was once true of a connection and may not be taken back.</summary>
    private sealed class Memory
    {
        public readonly List<byte> Stream = [];     // Every octet that was sent, by its place.
        public SequenceNumber SndUna, RcvNxt, RcvAdv, SndWl1;
        public bool IsFinSent;
        public int FinAt;
        public bool IsKnown;
    }

    /// <summary>Nobody has anything to send.</summary>
    public void AfterDrain(TcpStack a, TcpStack b, Instant now)
    {
        foreach (var stack in (ReadOnlySpan<TcpStack>)[a, b])
            foreach (var tcb in stack.Slots)
            {
                if (tcb is null) continue;
                Invariants.CheckOne(tcb);
                True(ReferenceEquals(stack.Find(tcb.Local, tcb.Remote), tcb), "17: each four-tuple has one connection", tcb);
                if (!stack.HasOutput && tcb.Deadlines.DelayedAck != Instant.Never)
                    True(tcb.RcvNxt > tcb.LastAckSent && !tcb.IsAckOwed, "26: an acknowledgement waits only for what is not acknowledged, and not if it is owed", tcb);
                CheckDirection(stack, tcb);
            }
    }

    /// <summary>Timers have run.</summary>
    public void AfterTimeouts(TcpStack a, TcpStack b, Instant now)
    {
        foreach (var stack in (ReadOnlySpan<TcpStack>)[a, b])
            foreach (var tcb in stack.Slots)
            {
                if (tcb is null || tcb.Deadline == Instant.Never) continue;
                True(tcb.Deadline + s_twoTicks > now, "27: no deadline stays past its tick", tcb);
                True(stack.NextTimeout <= tcb.Deadline + s_twoTicks, "27: whoever asks hears of each deadline", tcb);
            }
    }

    /// <summary>Nothing is on the wires and no timer runs.</summary>
    public void AtRest(TcpStack a, TcpStack b)
    {
        foreach (var stack in (ReadOnlySpan<TcpStack>)[a, b])
            foreach (var tcb in stack.Slots)
            {
                if (tcb is null) continue;
                True(tcb.SndUna == tcb.SndNxt && tcb.Unsent == 0, "31: at rest nothing is unacknowledged or unsent", tcb);
                True(!tcb.IsFinQueued || tcb.IsFinSent, "31: at rest no FIN is owed", tcb);
                True(!tcb.IsReleased, "31: at rest no connection is left that nobody has", tcb);
            }
    }

    /// <summary>A segment goes out.</summary>
    public void Sent(TcpStack stack, PacketBuffer packet, IpAddress from, IpAddress to)
    {
        byte[] bytes = new byte[packet.Length];
        packet.CopyTo(0, bytes);
        Assert.Equal(DropReason.None, TcpSegment.Parse(bytes, out var segment));
        if ((segment.Flags & TcpFlags.Rst) != 0) return;
        var tcb = stack.Find(new(from, segment.SourcePort), new(to, segment.DestinationPort));
        Assert.NotNull(tcb);
        if ((segment.Flags & TcpFlags.Syn) != 0)
        {
            True(tcb.State is TcpState.SynSent or TcpState.SynReceived, "29: SYN comes from SYN_SENT and SYN_RECEIVED alone", tcb);
            True(segment.Sequence == tcb.Iss, "29: SYN has the number ISS", tcb);
            return;
        }

        True((segment.Flags & TcpFlags.Ack) != 0, "29: everything after the handshake acknowledges", tcb);
        True(segment.Acknowledgment == tcb.RcvNxt && tcb.LastAckSent == tcb.RcvNxt, "6: ACK = RCV.NXT", tcb);
        var edge = segment.Acknowledgment + (segment.Window << tcb.RcvScale);
        True(edge <= tcb.RcvAdv && tcb.RcvAdv - edge < 1 << tcb.RcvScale, "6: ACK + window is the edge", tcb);
        CheckSacks(tcb, segment);
        CheckPayload(Recall(stack, tcb), tcb, segment);
    }

    private void CheckSacks(TcpControlBlock tcb, in TcpSegment segment)
    {
        Assert.True(TcpOptions.Parse(segment.Options, out var options));
        True(options.SackCount == 0 || tcb.HasSack, "SACK only if both want it", tcb);
        for (int i = 0; i < options.SackCount; i++)
        {
            var block = options.Sacks[i];
            bool isHeld = block.End <= tcb.RcvNxt && i == 0;
            for (int r = 0; r < tcb.OutOfOrder.Count; r++) isHeld |= block.Start >= tcb.OutOfOrder.StartOf(r) && block.End <= tcb.OutOfOrder.EndOf(r);
            True(block.Start < block.End && isHeld, "what is SACKed was received", tcb);
        }
    }

    private void CheckPayload(Memory memory, TcpControlBlock tcb, in TcpSegment segment)
    {
        var payload = segment.Payload;
        int at = segment.Sequence - (tcb.Iss + 1);
        bool isFin = (segment.Flags & TcpFlags.Fin) != 0;
        if (payload.IsEmpty && !isFin) return;
        True(payload.Length <= tcb.SegmentSize, "9: a segment is not longer than the MSS", tcb);
        True(at >= 0 && at <= memory.Stream.Count, "what is sent follows what was sent", tcb);
        if (isFin)
        {
            True(!memory.IsFinSent || memory.FinAt == at + payload.Length, "3: a FIN has one number", tcb);
            (memory.IsFinSent, memory.FinAt) = (true, at + payload.Length);
        }

        True(!memory.IsFinSent || at + payload.Length <= memory.FinAt, "3: nothing comes behind a FIN", tcb);
        int known = Math.Min(memory.Stream.Count - at, payload.Length);
        True(CollectionsMarshal.AsSpan(memory.Stream).Slice(at, known).SequenceEqual(payload[..known]), "10: an octet that is sent again is the same", tcb);
        if (known == payload.Length) return;
        memory.Stream.AddRange(payload[known..]);
        True(payload.Length == 1 || segment.Sequence + payload.Length <= tcb.SndUna + tcb.SndWnd, "7: new data lies inside the window, or is one octet", tcb);
        True(payload.Length == 1 || tcb.Pipe <= tcb.CongestionWindow + tcb.SegmentSize, "7: new data lies inside cwnd, but for one probe", tcb);
    }

    private void CheckDirection(TcpStack stack, TcpControlBlock tcb)
    {
        if (tcb.State <= TcpState.SynReceived) return;
        var memory = Recall(stack, tcb);
        if (memory.IsKnown)
        {
            True(memory.SndUna <= tcb.SndUna, "SND.UNA never goes back", tcb);
            True(memory.RcvNxt <= tcb.RcvNxt, "4: RCV.NXT never goes back", tcb);
            True(memory.RcvAdv <= tcb.RcvAdv, "5: the edge advertised never goes back", tcb);
            True(memory.SndWl1 <= tcb.SndWl1, "8: SND.WL1 never goes back", tcb);
        }

        memory.IsKnown = true;
        (memory.SndUna, memory.RcvNxt, memory.RcvAdv, memory.SndWl1) = (tcb.SndUna, tcb.RcvNxt, tcb.RcvAdv, tcb.SndWl1);
    }

    private Memory Recall(TcpStack stack, TcpControlBlock tcb)
    {
        var key = (stack, tcb.Id, tcb.Iss);
        if (!_connections.TryGetValue(key, out var memory)) _connections[key] = memory = new();
        return memory;
    }

    private void True(bool holds, string what, TcpControlBlock tcb)
    {
        if (!holds) Assert.Fail($"{run}: {what}. {tcb.Local} to {tcb.Remote}, {tcb.State}, UNA {tcb.SndUna}, NXT {tcb.SndNxt}, RCV.NXT {tcb.RcvNxt}");
    }
}
