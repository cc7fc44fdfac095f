using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Loss recovery, segment by segment: RFC 2018, 2883, 6582, 6937 and 8985.</summary>
public class SackTests
{
    private const int Mss = 536;

    private static Script Open(bool hasSack = true, int milliseconds = 20) =>
        new Script { HasSack = hasSack, RoundTrip = TimeSpan.FromMilliseconds(milliseconds) }.Given(TcpState.Established);

    private static int At(int segment) => 1 + (segment * Mss);

    // Ten segments are under way, and nothing of them is looked at any more.
    private static Script WithTenInFlight(bool hasSack = true)
    {
        var script = Open(hasSack).Write(10 * Mss);
        Assert.Equal(10, script.Sent.Count);
        script.Sent.Clear();
        return script;
    }

    [Fact]
    public void What_comes_out_of_order_is_reported_the_latest_first()
    {
        var script = Open();
        script.Inject(Ack, 101, 1, 100).ExpectSacks(1, (101, 201));
        script.Inject(Ack, 301, 1, 100).ExpectSacks(1, (301, 401), (101, 201));
        script.Inject(Ack, 201, 1, 50).ExpectSacks(1, (101, 251), (301, 401));
        script.Inject(Ack, 1, 1, 100).ExpectSacks(251, (301, 401));
        script.Inject(Ack, 251, 1, 50).Expect(Ack, 1, 401);
        Assert.Equal(400, script.Tcb.ReceivedLength);
    }

    [Fact]
    public void However_much_comes_in_one_batch_every_range_is_reported()
    {
        var script = Open();
        script.IsHeld = true;
        for (int i = 0; i < 10; i++) script.Inject(Ack, 101 + (200 * i), 1, 100);
        script.IsHeld = false;
        script.Do(_ => { });
        Assert.Equal(3, script.Sent.Count);
        Assert.Equal(10, script.Sent.SelectMany(s => s.Sacks).Distinct().Count());
    }

    [Fact]
    public void Without_SACK_each_segment_of_a_batch_out_of_order_gets_its_duplicate()
    {
        var script = Open(hasSack: false);
        script.IsHeld = true;
        for (int i = 0; i < 5; i++) script.Inject(Ack, 101 + (100 * i), 1, 100);
        script.IsHeld = false;
        script.Do(_ => { });
        for (int i = 0; i < 5; i++) script.ExpectSacks(1);
        script.ExpectNothing();
    }

    [Fact]
    public void What_comes_twice_is_reported_first()
    {
        var script = Open().Inject(Ack, 1, 1, 100).Inject(Ack, 201, 1, 100);
        script.Sent.Clear();
        script.Inject(Ack, 1, 1, 100).ExpectSacks(101, (1, 101), (201, 301));
        script.Inject(Ack, 201, 1, 100).ExpectSacks(101, (201, 301), (201, 301));
        script.Inject(Ack, 51, 1, 100).ExpectSacks(151, (51, 101), (201, 301));
    }

    [Fact]
    public void All_holes_are_filled_within_one_round_trip()
    {
        var script = WithTenInFlight();
        script.Inject(Ack, 1, 1, sacks: [(At(1), At(4)), (At(5), At(7)), (At(8), At(10))]);
        script.Expect(Ack, At(0), 1, Mss).Expect(Ack, At(4), 1, Mss).Expect(Ack, At(7), 1, Mss).ExpectNothing();
        Assert.Equal(1, script.Stack.Statistics.FastRetransmissions);
        script.Inject(Ack, 1, At(10));
        Assert.Equal(0, script.Tcb.SendQueueLength);
        Assert.Equal(0, script.Stack.Statistics.RetransmissionTimeouts);
    }

    [Fact]
    public void A_lost_retransmission_is_sent_again_without_a_timeout()
    {
        var script = WithTenInFlight().Inject(Ack, 1, 1, sacks: [(At(1), At(10))]).Expect(Ack, At(0), 1, Mss).ExpectNothing();
        script.After(TimeSpan.FromMilliseconds(20)).Write(Mss).Expect(Ack, At(10), 1, Mss).After(TimeSpan.FromMilliseconds(20));
        // What was sent after the retransmission has come, so the retransmission has not.
        script.Inject(Ack, 1, 1, sacks: [(At(1), At(11))]).Expect(Ack, At(0), 1, Mss).ExpectNothing();
        Assert.Equal(0, script.Stack.Statistics.RetransmissionTimeouts);
    }

    [Fact]
    public void A_single_overtaken_segment_has_time_to_come()
    {
        var script = Open(milliseconds: 100).Write(Mss).Expect(Ack, At(0)).After(TimeSpan.FromMilliseconds(100)).Inject(Ack, 1, At(1));
        script.Write(2 * Mss).Expect(Ack, At(1)).Expect(Ack, At(2)).After(TimeSpan.FromMilliseconds(100));
        // A quarter of the round trip (RFC 8985 6.2): 25 ms.
        script.Inject(Ack, 1, At(1), sacks: [(At(2), At(3))]).ExpectNothing().After(TimeSpan.FromMilliseconds(20)).ExpectNothing();
        script.After(TimeSpan.FromMilliseconds(10)).Expect(Ack, At(1), 1, Mss).ExpectNothing();
    }

    [Fact]
    public void The_last_segment_is_probed_for_and_the_repaired_loss_halves_the_window()
    {
        var script = Open().Write(Mss).Expect(Ack, At(0)).After(TimeSpan.FromMilliseconds(20)).Inject(Ack, 1, At(1));
        script.Write(2 * Mss).Expect(Ack, At(1)).Expect(Ack, At(2)).After(TimeSpan.FromMilliseconds(35)).ExpectNothing();
        int before = script.Tcb.CongestionWindow;
        script.After(TimeSpan.FromMilliseconds(15)).Expect(Ack, At(2), 1, Mss).ExpectNothing();
        script.Inject(Ack, 1, At(3));
        Assert.True(script.Tcb.CongestionWindow < before);
        Assert.Equal((1, 0), (script.Stack.Statistics.TailProbes, script.Stack.Statistics.RetransmissionTimeouts));
    }

    [Fact]
    public void A_tail_probe_that_was_not_needed_costs_nothing()
    {
        var script = Open().Write(Mss).Expect(Ack, At(0)).After(TimeSpan.FromMilliseconds(20)).Inject(Ack, 1, At(1));
        script.Write(2 * Mss).Expect(Ack, At(1)).Expect(Ack, At(2)).After(TimeSpan.FromMilliseconds(50)).Expect(Ack, At(2), 1, Mss);
        int before = script.Tcb.CongestionWindow;
        script.Inject(Ack, 1, At(3), sacks: [(At(2), At(3))]);
        Assert.True(script.Tcb.CongestionWindow >= before);
        Assert.Equal(1, script.Stack.Statistics.DuplicatesReported);
    }

    [Fact]
    public void A_peer_that_takes_its_SACKs_back_gets_everything_again_after_a_timeout()
    {
        var script = WithTenInFlight().Inject(Ack, 1, 1, sacks: [(At(1), At(10))]).Expect(Ack, At(0), 1, Mss);
        script.Inject(Ack, 1, At(1)).ExpectNothing();
        var seen = new SortedSet<int>();
        for (int round = 0; round < 30 && script.Tcb.SendQueueLength > 0; round++)
        {
            script.After(TimeSpan.FromMilliseconds(300));
            while (script.Sent.TryDequeue(out var sent)) seen.Add(sent.Sequence);
            int next = 1;
            while (seen.Contains(At(next))) next++;
            script.Inject(Ack, 1, At(next));
        }

        Assert.Equal(Enumerable.Range(1, 9).Select(At), seen);
        Assert.Equal(0, script.Tcb.SendQueueLength);
    }

    [Fact]
    public void NewReno_resends_one_hole_for_each_partial_acknowledgement()
    {
        var script = WithTenInFlight(hasSack: false);
        for (int i = 0; i < 2; i++) script.Inject(Ack, 1, 1).ExpectNothing();
        script.Inject(Ack, 1, 1).Expect(Ack, At(0), 1, Mss).ExpectNothing();
        script.Inject(Ack, 1, At(4)).Expect(Ack, At(4), 1, Mss).ExpectNothing();
        script.Inject(Ack, 1, At(7)).Expect(Ack, At(7), 1, Mss).ExpectNothing();
        script.Inject(Ack, 1, At(10)).ExpectNothing();
        Assert.Equal((1, 0), (script.Stack.Statistics.FastRetransmissions, script.Stack.Statistics.RetransmissionTimeouts));
    }

    [Fact]
    public void Odd_SACK_blocks_mark_nothing_and_are_counted()
    {
        var script = WithTenInFlight();
        (long, long)[] odd = [(At(3), At(2)), (At(2), At(2)), (At(9), At(11)), (At(20), At(30)), (1L << 31, (1L << 31) + 10), (-5000, At(2) + (1L << 31))];
        foreach (var block in odd) script.Inject(Ack, 1, 1, sacks: [block]).ExpectNothing();
        Assert.Equal(odd.Length, script.Stack.Statistics.SacksIgnored);
        // Parts of segments are not worth anything, and old ones are reports of duplicates.
        script.Inject(Ack, 1, 1, sacks: [(At(2) + 1, At(3) - 1)]).Inject(Ack, 1, 1, sacks: [(-500, 1)]).ExpectNothing();
        Assert.Equal((0, 0), (script.Tcb.Scoreboard.Count, script.Tcb.Records.SackedCount));
        Assert.Equal(10 * Mss, script.Tcb.Pipe);
    }

    [Fact]
    public void A_storm_of_hostile_SACK_blocks_stays_bounded_and_looks_at_each_segment_once()
    {
        var connection = new TcpConnectionOptions { Timestamps = false, NoDelay = true, SendBuffer = 1 << 20 };
        var script = new Script(connection: connection, pool: new(MemoryRegion.Pinned(4 << 20))) { HasSack = true }.Given(TcpState.Established);
        script.Write(500 * Mss);
        for (int i = 0; i < 4; i++) script.Inject(Ack, 1, script.Tcb.SndNxt - new SequenceNumber(script.Iss));
        int first = script.Tcb.SndUna - new SequenceNumber(script.Iss), last = script.Tcb.SndNxt - new SequenceNumber(script.Iss);
        Assert.True(last - first > 50 * Mss);
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            script.IsHeld = true;
            var blocks = Enumerable.Range(0, 4).Select(_ => (long)random.Next(first - 10, last + 10)).Select(s => (s, s + random.Next(3 * Mss))).ToArray();
            script.Inject(Ack, 1, first, sacks: blocks);
            ref var records = ref script.Tcb.Records;
            Assert.True(script.Tcb.Scoreboard.Count <= SackedRanges.Limit);
            Assert.True(records.SackedCount <= records.Count);
        }

        script.IsHeld = false;
        script.Do(t => t.Abort(script.Now));
        script.ExpectGone();
    }

    [Fact]
    public void The_trace_tells_of_timers_retransmissions_and_the_window()
    {
        var script = Open();
        script.Write(3 * Mss).Trace.Enable(64);
        script.After(TimeSpan.FromSeconds(1));
        var events = script.Trace.Snapshot();
        Assert.Equal([(ulong)TcpTimer.TailProbe, (ulong)TcpTimer.Retransmission], events.Where(e => e.Kind == TraceKind.TimerFired).Select(e => e.A).Take(2));
        Assert.Contains(events, e => e.Kind == TraceKind.Retransmitted && e.A == script.Iss + 1 && e.B == Mss);
        Assert.Contains(events, e => e.Kind == TraceKind.CongestionWindow && e is { A: Mss, C: 3 * Mss });
    }

    [Fact]
    public void A_smaller_MTU_cuts_what_is_in_flight_and_resends_every_octet()
    {
        var script = WithTenInFlight();
        IpEndpoint us = new(Script.Us, 80), peer = new(Script.Peer, script.PeerPort);
        script.Stack.HandlePathError(us, peer, new SequenceNumber(script.Iss + 1), TcpPathError.TooBig, 300, script.Now);
        int next = 1;
        for (int round = 0; round < 50 && next < At(10); round++)
        {
            script.Do(_ => { });
            while (script.Sent.TryDequeue(out var sent))
            {
                Assert.True(sent.Length <= 260);
                Assert.True(sent.Sequence <= next);
                next = Math.Max(next, sent.Sequence + sent.Length);
            }

            script.Inject(Ack, 1, next);
        }

        Assert.Equal(At(10), next);
        Assert.Equal(0, script.Tcb.SendQueueLength);
    }
}
