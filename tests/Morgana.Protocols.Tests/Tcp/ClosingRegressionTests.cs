using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Known defects of other stacks around the end of a connection and its timers, each by its name.</summary>
public class ClosingRegressionTests
{
    private static readonly TcpEvents s_end = TcpEvents.Readable | TcpEvents.EndOfStream;

    [Theory]
    [InlineData(TcpState.FinWait1, 1, 2), InlineData(TcpState.Closing, 1, 2), InlineData(TcpState.LastAck, 1, 2)]
    public void The_FIN_has_its_number_and_its_timer_in_every_state_that_waits_for_its_acknowledgement(TcpState state, int una, int next)
    {
        var script = new Script().Given(state);
        Assert.Equal((una, next), (script.Tcb.SndUna - new SequenceNumber(script.Iss), script.Tcb.SndNxt - new SequenceNumber(script.Iss)));
        Assert.True(script.Tcb.IsRetransmissionTimerOn);
        script.After(TimeSpan.FromSeconds(0.3)).Expect(Fin | Ack, 1).ExpectState(state);
        Assert.Equal(next, script.Tcb.SndNxt - new SequenceNumber(script.Iss));
        Assert.True(script.Tcb.IsRetransmissionTimerOn);
    }

    [Fact]
    public void Timeouts_double_from_what_was_measured_and_never_pass_a_minute()
    {
        var script = new Script { RoundTrip = TimeSpan.FromMilliseconds(100) }.Given(TcpState.Established).Write(10).Expect(Ack, 1);
        var last = script.Now;
        var gaps = new List<double>();
        while (script.Tcb.State != TcpState.Closed)
        {
            script.After(TimeSpan.FromMilliseconds(5));
            if (script.Sent.Count == 0) continue;
            gaps.Add((script.Now - last).TotalSeconds);
            last = script.Now;
            script.Sent.Clear();
        }

        Assert.InRange(gaps[0], 0.2, 0.4);
        for (int i = 1; i < gaps.Count; i++) Assert.True(gaps[i] < 60.1 && (gaps[i] > 59.9 || Math.Abs(gaps[i] - (2 * gaps[i - 1])) < 0.05), $"{gaps[i - 1]} s, then {gaps[i]} s");
        Assert.Equal(14, gaps.Count);
    }

    [Fact]
    public void Probes_that_nobody_answers_end_the_connection_and_until_then_the_timer_never_stops()
    {
        var script = new Script().Given(TcpState.Established).Inject(Ack, 1, 1, window: 0).Write(5000);
        for (int probes = 0; script.Tcb.State != TcpState.Closed; probes++)
        {
            Assert.True(probes < 20 && script.Tcb.IsRetransmissionTimerOn);
            script.After(TimeSpan.FromSeconds(61));
        }

        Assert.True((script.Tcb.TakeEvents() & TcpEvents.TimedOut) != 0);
        script.Tcb.Owner = null;
        script.ExpectGone();
    }

    [Fact]
    public void A_stale_retransmission_timer_hides_neither_TIME_WAIT_nor_FIN_WAIT_2()
    {
        // The FIN is sent again before its acknowledgement comes, so that the timer has run in between.
        var script = new Script().Given(TcpState.FinWait1).After(TimeSpan.FromSeconds(0.3)).Expect(Fin | Ack, 1).Inject(Ack, 1, 2);
        script.ExpectState(TcpState.FinWait2);
        Assert.False(script.Tcb.IsRetransmissionTimerOn);
        script.Inject(Fin | Ack, 1, 2).Expect(Ack, 2, 2).ExpectState(TcpState.TimeWait);
        Assert.Equal(script.Now + TimeSpan.FromSeconds(60), script.Tcb.Deadline);
        script.Do(t => t.Owner = null).After(TimeSpan.FromSeconds(61)).ExpectGone();

        script = new Script().Given(TcpState.FinWait1).After(TimeSpan.FromSeconds(0.3)).Expect(Fin | Ack, 1).Inject(Ack, 1, 2).Do(t => t.Close(Instant.FromOrigin(TimeSpan.FromSeconds(12))));
        script.ExpectState(TcpState.FinWait2).After(TimeSpan.FromSeconds(63)).ExpectGone();
    }

    [Fact]
    public void A_FIN_wakes_the_reader_with_and_without_data_before_it()
    {
        foreach (var state in (ReadOnlySpan<TcpState>)[TcpState.Established, TcpState.FinWait1, TcpState.FinWait2])
        {
            var script = new Script().Given(state).Inject(Fin | Ack, 1, 1);
            Assert.Equal(TcpEvents.EndOfStream, script.Tcb.TakeEvents() & s_end);
            Assert.True(script.Stack.TryTakeReady(out _));
            Assert.True(script.Tcb.IsEndOfStream);
            script = new Script().Given(state).Inject(Fin | Ack, 1, 1, 20);
            Assert.Equal(s_end, script.Tcb.TakeEvents() & s_end);
            Assert.False(script.Tcb.IsEndOfStream);
            Assert.Equal(20, script.Tcb.Read(new byte[50], script.Now));
            Assert.True(script.Tcb.IsEndOfStream);
        }
    }

    [Fact]
    public void Every_end_wakes_who_has_the_connection()
    {
        var script = new Script().Given(TcpState.Established).Inject(Rst, 1);
        Assert.Equal(TcpEvents.Reset | TcpEvents.Closed, script.Tcb.TakeEvents());
        Assert.True(script.Stack.TryTakeReady(out var woken));
        Assert.Same(script.Tcb, woken);
        script = new Script().Given(TcpState.SynSent).After(TimeSpan.FromMinutes(10));
        Assert.Equal(TcpEvents.TimedOut | TcpEvents.Closed, script.Tcb.TakeEvents());
        script = new Script().Given(TcpState.Closing).Inject(Ack, 2, 2);
        Assert.True((script.Tcb.TakeEvents() & TcpEvents.Closed) != 0);
    }

    [Fact]
    public void CLOSE_WAIT_lasts_as_long_as_the_application_wants_and_then_ends()
    {
        var script = new Script().Given(TcpState.CloseWait).After(TimeSpan.FromHours(3)).ExpectNothing().ExpectState(TcpState.CloseWait);
        script.Write(5).Expect(Ack, 1, 2, 5).Do(t => t.Close(Instant.FromOrigin(TimeSpan.FromHours(4)))).Expect(Fin | Ack, 6);
        script.Inject(Ack, 2, 7).ExpectGone();
    }

    [Theory, InlineData(TcpState.CloseWait), InlineData(TcpState.Established)]
    public void Who_aborts_before_the_FIN_is_out_says_so_with_a_RST(TcpState state)
    {
        var script = new Script().Given(state);
        script.Do(t =>
        {
            // In one batch: nothing is sent in between, and the peer, which waits for our data, knows of no FIN.
            t.Shutdown(script.Now);
            t.Abort(script.Now);
        });
        script.Expect(Rst | Ack, 1, state == TcpState.CloseWait ? 2 : 1);
    }
}
