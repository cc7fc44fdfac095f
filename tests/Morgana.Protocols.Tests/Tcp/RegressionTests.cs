using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Each known defect of other stacks, by its name.</summary>
public class RegressionTests
{
    [Fact]
    public void FIN_WAIT_2_of_an_orphan_ends()
    {
        var script = new Script().Given(TcpState.FinWait2).Do(t => t.Close(Instant.FromOrigin(TimeSpan.FromSeconds(10))));
        script.ExpectState(TcpState.FinWait2).After(TimeSpan.FromMinutes(2)).ExpectGone();
    }

    [Fact]
    public void FIN_WAIT_2_with_a_reader_lasts()
    {
        var script = new Script().Given(TcpState.FinWait2).After(TimeSpan.FromHours(5)).ExpectState(TcpState.FinWait2);
        script.Inject(Ack, 1, 2, 100);
        Assert.Equal(100, script.Tcb.ReceivedLength);
    }

    [Fact]
    public void A_FIN_that_is_lost_in_CLOSE_WAIT_is_sent_again()
    {
        var script = new Script().Given(TcpState.CloseWait).Write(10).Expect(Ack, 1, 2, 10).Do(t => t.Shutdown(Instant.FromOrigin(TimeSpan.FromSeconds(10))));
        script.Expect(Fin | Ack, 11, 2, 0).After(TimeSpan.FromSeconds(1.5)).Expect(Ack, 1, 2, 10);
        script.Inject(Ack, 2, 11).Expect(Fin | Ack, 11, 2, 0).Inject(Ack, 2, 12).ExpectState(TcpState.Closed);
    }

    [Fact]
    public void LAST_ACK_is_gone_once_its_FIN_is_acknowledged()
    {
        var script = new Script().Given(TcpState.LastAck).Inject(Ack, 2, 2).ExpectNothing().ExpectState(TcpState.Closed);
        Assert.True((script.Tcb.TakeEvents() & TcpEvents.Closed) != 0);
        script.Tcb.Owner = null;
        script.ExpectGone();
    }

    [Theory, InlineData(TcpState.LastAck), InlineData(TcpState.FinWait1), InlineData(TcpState.Closing), InlineData(TcpState.SynSent), InlineData(TcpState.SynReceived)]
    public void A_peer_that_vanishes_is_given_up(TcpState state)
    {
        var script = new Script().Given(state).After(TimeSpan.FromHours(1)).ExpectState(TcpState.Closed);
        Assert.True(script.Sent.Count is > 3 and < 20);
        script.Do(t => t.Close(Instant.FromOrigin(TimeSpan.FromHours(1)))).ExpectGone();
    }

    [Fact]
    public void A_peer_that_does_not_answer_is_doubted_after_three_retransmissions()
    {
        var script = new Script().Given(TcpState.Established).Write(10).After(TimeSpan.FromSeconds(1));
        Assert.False(script.Stack.TryTakeSuspect(out _));
        script.After(TimeSpan.FromSeconds(5));
        Assert.True(script.Stack.TryTakeSuspect(out var peer));
        Assert.Equal(Script.Peer, peer);
    }

    [Fact]
    public void A_window_that_closes_is_probed_for_hours_and_reopens()
    {
        var script = new Script().Given(TcpState.Established).Inject(Ack, 1, 1, window: 0).Write(5000, 7).ExpectNothing();
        for (int i = 0; i < 400; i++)
        {
            while (script.Sent.Count == 0) script.After(TimeSpan.FromMilliseconds(150));
            script.Expect(Ack, 1, 1, 1).ExpectNothing().Inject(Ack, 1, 1, window: 0).ExpectNothing().ExpectState(TcpState.Established);
        }

        script.Inject(Ack, 1, 1, window: 65535);
        int total = 0, end = 1;
        for (int round = 0; round < 20 && end < 5001; round++)
        {
            while (script.Sent.TryDequeue(out var sent))
            {
                total += sent.Length;
                end = Math.Max(end, sent.Sequence + sent.Length);
                Assert.All(sent.Payload, b => Assert.Equal(7, b));
            }

            script.Inject(Ack, 1, end);
        }

        Assert.Equal(5001, end);
        Assert.Equal(0, script.Tcb.SendQueueLength);
    }

    [Fact]
    public void A_receiver_with_a_closed_window_answers_probes_and_opens_it_when_the_application_reads()
    {
        var script = new Script(connection: new() { ReceiveBuffer = 3000, Timestamps = false, WindowScaling = false }).Given(TcpState.Established);
        script.Inject(Ack, 1, 1, 1460).Inject(Ack, 1461, 1, 1460).Inject(Ack, 2921, 1, 80).After(TimeSpan.FromSeconds(1));
        script.Sent.Clear();
        for (int i = 0; i < 20; i++) script.Inject(Ack, 3001, 1, 1).Expect(Ack, 1, 3001, 0, 0).After(TimeSpan.FromSeconds(1));
        script.Do(t => Assert.Equal(3000, t.Read(new byte[5000], Instant.FromOrigin(TimeSpan.FromSeconds(40))))).Expect(Ack, 1, 3001, 0, 3000);
        script.Inject(Ack, 3001, 1, 1);
        Assert.Equal(1, script.Tcb.ReceivedLength);
    }

    [Fact]
    public void A_server_may_speak_first() => new Script().Given(TcpState.Established).Write(100).Expect(Ack, 1, 1, 100);

    [Fact]
    public void A_FIN_out_of_order_waits_for_what_is_missing()
    {
        var script = new Script().Given(TcpState.Established).Inject(Fin | Ack, 11, 1, 5).Expect(Ack, 1, 1).ExpectState(TcpState.Established);
        script.Inject(Ack, 1, 1, 10).Expect(Ack, 1, 17).ExpectState(TcpState.CloseWait);
        Assert.Equal(15, script.Tcb.ReceivedLength);
        Assert.False(script.Tcb.IsEndOfStream);
        script.Tcb.Read(new byte[20], script.Now);
        Assert.True(script.Tcb.IsEndOfStream);
        Assert.True((script.Tcb.TakeEvents() & (TcpEvents.Readable | TcpEvents.EndOfStream)) == (TcpEvents.Readable | TcpEvents.EndOfStream));
    }

    [Fact]
    public void A_FIN_needs_no_window()
    {
        var script = new Script(connection: new() { ReceiveBuffer = 1000, Timestamps = false }).Given(TcpState.Established);
        script.Inject(Ack, 1, 1, 1000).Inject(Fin | Ack, 1001, 1).ExpectState(TcpState.CloseWait);
        new Script().Given(TcpState.Established).Inject(Ack, 1, 1, window: 0).Do(t => t.Shutdown(Instant.FromOrigin(TimeSpan.FromSeconds(10)))).Expect(Fin | Ack, 1);
    }

    [Fact]
    public void Keepalive_gives_up_after_its_probes_and_holds_no_memory()
    {
        var script = new Script(connection: new() { KeepAlive = TimeSpan.FromMinutes(1), KeepAliveInterval = TimeSpan.FromSeconds(10), KeepAliveProbes = 3, Timestamps = false })
            .Given(TcpState.Established);
        for (int i = 0; i < 50; i++)
        {
            script.After(TimeSpan.FromSeconds(61)).Expect(Ack, 0, 1, 0).Inject(Ack, 1, 1).ExpectNothing();
            Assert.Equal(0, script.Pool.InUse);
        }

        script.After(TimeSpan.FromSeconds(120)).Expect(Ack, 0).Expect(Ack, 0).Expect(Ack, 0).Expect(Rst | Ack).ExpectState(TcpState.Closed);
        Assert.True((script.Tcb.TakeEvents() & TcpEvents.TimedOut) != 0);
    }

    [Fact]
    public void Data_after_close_is_answered_by_RST_and_unread_data_turns_a_close_into_one()
    {
        var script = new Script().Given(TcpState.Established).Do(t => t.Close(Instant.FromOrigin(TimeSpan.FromSeconds(10)))).Expect(Fin | Ack, 1);
        script.Inject(Ack, 1, 2, 10).Expect(Rst | Ack).ExpectDrop(DropReason.DataAfterClose).ExpectGone();
        script = new Script().Given(TcpState.Established).Inject(Ack, 1, 1, 10);
        script.Sent.Clear();
        script.Do(t => t.Close(script.Now)).Expect(Rst | Ack, 1).ExpectGone();
    }

    [Theory]
    [InlineData(0x7FFF_FF00u), InlineData(0xFFFF_FF00u), InlineData(0xFFFF_FFFFu), InlineData(0x7FFF_FFFFu), InlineData(0x8000_0000u)]
    public void Numbers_wrap(uint iss)
    {
        var script = new Script { PeerIss = iss }.Given(TcpState.Established);
        for (int i = 0; i < 10; i++) script.Inject(Ack, 1 + (i * 100), 1, 100);
        script.Inject(Ack, 1101, 1, 100).Inject(Ack, 1001, 1, 100).Inject(Fin | Ack, 1201, 1);
        Assert.Equal(1200, script.Tcb.ReceivedLength);
        script.ExpectState(TcpState.CloseWait);
    }

    [Fact]
    public void Hostile_order_of_tiny_segments_is_bounded()
    {
        var script = new Script(connection: new() { ReceiveBuffer = 60_000, Timestamps = false, WindowScaling = false }).Given(TcpState.Established);
        for (int i = 0; i < 20_000; i++) script.Inject(Ack, 2 + (i * 2 * 7919 % 59_000), 1, 1);
        Assert.True(script.Tcb.OutOfOrder.Count <= ReassemblyQueue.Limit);
        Assert.True(script.Pool.InUse < 2 * ReassemblyQueue.Limit + 64);
        script.Do(t => t.Abort(script.Now)).ExpectGone();
    }

    [Fact]
    public void Three_duplicates_resend_the_first_segment_once()
    {
        var script = new Script().Given(TcpState.Established).Write(14600);
        script.Sent.Clear();
        // Limited transmit (RFC 3042) sends new data for the first two.
        script.Inject(Ack, 1, 1).Expect(Ack, 5361).Inject(Ack, 1, 1).Expect(Ack, 5897).Inject(Ack, 1, 1).Expect(Ack, 1, 1, 536).ExpectNothing();
        Assert.Equal(1, script.Stack.Statistics.FastRetransmissions);
    }

    [Fact]
    public void Need_fragmentation_is_believed_only_about_what_is_in_flight_and_not_below_a_floor()
    {
        var script = new Script().Given(TcpState.Established).Write(500);
        IpEndpoint us = new(Script.Us, 80), peer = new(Script.Peer, script.PeerPort);
        script.Stack.HandlePathError(us, peer, new SequenceNumber(script.Iss + 5000), TcpPathError.TooBig, 300, script.Now);
        Assert.Equal(536, script.Tcb.SegmentSize);
        script.Stack.HandlePathError(us, peer, new SequenceNumber(script.Iss + 1), TcpPathError.TooBig, 1, script.Now);
        Assert.Equal(216, script.Tcb.SegmentSize);
        script.Stack.HandlePathError(us, peer, new SequenceNumber(script.Iss + 1), TcpPathError.Refused, 0, script.Now);
        script.ExpectState(TcpState.Established);
    }
}
