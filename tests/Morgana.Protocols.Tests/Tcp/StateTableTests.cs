using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

public class StateTableTests
{
    public static TheoryData<TcpState> States => [.. Enum.GetValues<TcpState>().Where(s => s != TcpState.Closed)];

    public static TheoryData<TcpState> Synchronised =>
        [TcpState.Established, TcpState.FinWait1, TcpState.FinWait2, TcpState.CloseWait, TcpState.Closing, TcpState.LastAck, TcpState.TimeWait];

    [Theory, MemberData(nameof(States))]
    public void Every_combination_of_flags_is_survived_with_and_without_data_at_every_number(TcpState state)
    {
        var pool = new BufferPool(MemoryRegion.Pinned(128 << 10));
        for (int flags = 0; flags < 256; flags++)
        {
            foreach (long sequence in (ReadOnlySpan<long>)[0, 1, 2, 40_000, 65_535, 1L << 31])
                foreach (long acknowledgment in (ReadOnlySpan<long>)[1, 2, 1L << 31])
                {
                    var script = new Script(pool: pool).Given(state);
                    script.Sent.Clear();
                    script.Inject((TcpFlags)flags, sequence, acknowledgment, flags % 3 * 7);
                    Assert.DoesNotContain(script.Sent, s => ((TcpFlags)flags & Rst) != 0 && (s.Flags & Rst) != 0);
                    Assert.True(script.Sent.Count <= 1, $"{(TcpFlags)flags} in {state} was answered {script.Sent.Count} times");
                    // Whatever it was: when the application and the peer are gone, so is everything.
                    if (script.Tcb is { IsPooled: false } tcb) tcb.Abort(script.Now);
                    script.Listener.Close(script.Now);
                    script.After(TimeSpan.FromMinutes(5)).ExpectGone();
                }
        }
    }

    [Theory, MemberData(nameof(Synchronised))]
    public void A_RST_counts_only_at_exactly_the_next_number(TcpState state)
    {
        int next = state is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 ? 1 : 2;
        var script = new Script().Given(state);
        script.Inject(Rst, next + 100).ExpectDrop(DropReason.ResetChallenged).Expect(Ack, null, next).ExpectState(state);
        script.Inject(Rst, next + 100_000).ExpectDrop(DropReason.OutOfWindow).ExpectNothing().ExpectState(state);
        script.Inject(Rst, next).ExpectNothing().ExpectState(TcpState.Closed);
    }

    [Theory, MemberData(nameof(Synchronised))]
    public void A_SYN_is_challenged(TcpState state)
    {
        if (state == TcpState.TimeWait) return;
        new Script().Given(state).Inject(Syn, 500).ExpectDrop(DropReason.SynChallenged).Expect(Ack).ExpectState(state);
        new Script().Given(state).Inject(Syn | Ack, 500, 1).ExpectDrop(DropReason.SynChallenged).Expect(Ack).ExpectState(state);
    }

    [Fact]
    public void Challenges_are_limited()
    {
        var script = new Script().Given(TcpState.Established);
        for (int i = 0; i < 100; i++) script.Inject(Syn, 500);
        Assert.Single(script.Sent);
        Assert.Equal(99, script.Stack.Statistics.ChallengeAcksSuppressed);
    }

    [Theory, MemberData(nameof(Synchronised))]
    public void A_segment_from_the_future_is_acknowledged_and_changes_nothing(TcpState state)
    {
        var script = new Script().Given(state);
        script.Inject(Ack, 200_000, 1, 10).ExpectDrop(DropReason.OutOfWindow).Expect(Ack).ExpectState(state);
        Assert.Equal(0, script.Tcb.ReceivedLength);
    }

    [Theory, MemberData(nameof(Synchronised))]
    public void An_acknowledgement_of_the_future_is_challenged(TcpState state)
    {
        if (state == TcpState.TimeWait) return;
        int next = state is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 ? 1 : 2;
        new Script().Given(state).Inject(Ack, next, 5_000).ExpectDrop(DropReason.BadAck).Expect(Ack).ExpectState(state);
    }

    [Fact]
    public void Without_a_listener_a_SYN_is_answered_by_RST_that_acknowledges_it()
    {
        var script = new Script();
        script.Listener.Close(script.Now);
        script.Inject(Syn, 0).Expect(Rst | Ack, null, 1).ExpectDrop(DropReason.NoSocket);
        script.Inject(Fin | Psh, 0, 0, 10).Expect(Rst | Ack, null, 11);
        script.Inject(Rst, 0).ExpectNothing();
        script.Inject(Ack, 5, 77).Expect(Rst, 77);
    }

    [Fact]
    public void A_listener_answers_an_ACK_by_RST() => new Script().Inject(Ack, 5, 77).Expect(Rst, 77).ExpectDrop(DropReason.BadAck);

    [Fact]
    public void In_SYN_SENT_a_bad_ACK_is_reset_and_a_good_RST_refuses()
    {
        var script = new Script().Given(TcpState.SynSent);
        script.Inject(Syn | Ack, 0, 9).Expect(Rst, 9).ExpectState(TcpState.SynSent);
        script.Inject(Rst, 0).ExpectNothing().ExpectState(TcpState.SynSent);
        script.Inject(Rst | Ack, 0, 1).ExpectNothing().ExpectState(TcpState.Closed);
        Assert.Equal(TcpEvents.Refused | TcpEvents.Closed, script.Tcb.TakeEvents());
    }

    [Fact]
    public void A_simultaneous_open_ends_in_ESTABLISHED()
    {
        var script = new Script().Given(TcpState.SynSent);
        script.Inject(Syn, 0).Expect(Syn | Ack, 0, 1).ExpectState(TcpState.SynReceived);
        script.Inject(Syn | Ack, 0, 1).Expect(Ack, 1, 1).ExpectState(TcpState.Established);
    }

    [Fact]
    public void A_simultaneous_close_goes_through_CLOSING()
    {
        var script = new Script().Given(TcpState.Closing);
        script.Inject(Ack, 2, 2).ExpectState(TcpState.TimeWait);
        Assert.True((script.Tcb.TakeEvents() & TcpEvents.Closed) != 0);
        script.Tcb.Owner = null;
        script.After(TimeSpan.FromMinutes(2)).ExpectGone();
    }

    [Fact]
    public void In_TIME_WAIT_the_FIN_is_acknowledged_again_and_a_newer_SYN_begins_anew()
    {
        var script = new Script().Given(TcpState.TimeWait);
        script.Inject(Fin | Ack, 1, 2).Expect(Ack, 2, 2).ExpectState(TcpState.TimeWait);
        var old = script.Tcb.SndNxt;
        script.Inject(Syn, 1).ExpectState(TcpState.TimeWait).Expect(Ack);
        script.Inject(Syn, 50_000).Expect(Syn | Ack, 0, 50_001);
        Assert.True(new SequenceNumber(script.Iss) > old);
    }
}
