using Morgana.Core;
using Morgana.Protocols.Tcp;
using Morgana.Wire.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Known defects of other stacks in numbers, timestamps and small segments, each by its name.</summary>
public class SendingRegressionTests
{
    // The ISS follows from the time and a secret that is the same in every script: the time is moved until it is the wanted one.
    private static Script WithIss(uint iss)
    {
        uint at = new Script().Given(TcpState.SynReceived).Iss;
        var script = new Script();
        script.Now += new TimeSpan((long)unchecked(iss - at) * 4096 / 100);
        for (int i = 0; i < 50 && new Script { Now = script.Now }.Given(TcpState.SynReceived).Iss is var found && found != iss; i++)
            script.Now += new TimeSpan((long)unchecked((int)(iss - found)) * 41);
        script.Given(TcpState.Established);
        Assert.Equal(iss, script.Iss);
        return script;
    }

    [Theory]
    [InlineData(0xFFFF_FFFFu), InlineData(0xFFFF_FE00u), InlineData(0x7FFF_FFFFu), InlineData(0x7FFF_FE00u), InlineData(0u)]
    public void Our_own_numbers_wrap(uint iss)
    {
        var script = WithIss(iss);
        script.Write(3 * 536, 9);
        for (int i = 0; i < 3; i++) script.Expect(Ack, 1 + (536 * i), 1, 536);
        // The first is lost: three duplicates, and it comes again.
        for (int i = 0; i < 3; i++) script.Inject(Ack, 1, 1);
        script.Expect(Ack, 1, 1, 536).Inject(Ack, 1, 1 + (3 * 536)).ExpectNothing();
        Assert.Equal(0, script.Tcb.SendQueueLength);
        script.Do(t => t.Close(script.Now)).Expect(Fin | Ack, 1 + (3 * 536)).Inject(Ack, 1, 2 + (3 * 536)).ExpectState(TcpState.FinWait2);
    }

    private static Script WithTimestamps(uint value)
    {
        var script = new Script(connection: new() { WindowScaling = false, NoDelay = true }) { Timestamp = value };
        return script.Given(TcpState.Established);
    }

    [Theory, InlineData(5000u), InlineData(100u), InlineData(0xFFFF_FFF0u)]
    public void PAWS_drops_what_is_older_than_what_was_seen(uint value)
    {
        var script = WithTimestamps(value);
        script.Timestamp = unchecked(value + 20);
        script.Inject(Ack, 1, 1, 100).Inject(Ack, 101, 1, 100).ExpectNothing();
        script.Timestamp = unchecked(value + 10);
        script.Inject(Ack, 201, 1, 100).ExpectDrop(DropReason.Paws).Expect(Ack, 1, 201);
        script.Timestamp = unchecked(value + 30);
        script.Inject(Ack, 201, 1, 100);
        Assert.Equal(300, script.Tcb.ReceivedLength);
        script.Timestamp = null;
        script.Inject(Ack, 301, 1, 100).ExpectDrop(DropReason.Paws);
    }

    [Fact]
    public void A_RST_is_not_tested_by_PAWS() => WithTimestamps(5000).Also(s => s.Timestamp = 1).Inject(Rst, 1).ExpectState(TcpState.Closed);

    [Fact]
    public void After_24_days_of_silence_any_timestamp_is_taken()
    {
        var script = WithTimestamps(5000).After(TimeSpan.FromDays(25));
        script.Timestamp = 17;
        script.Inject(Ack, 1, 1, 100);
        Assert.Equal(100, script.Tcb.ReceivedLength);
    }

    [Fact]
    public void In_TIME_WAIT_a_later_timestamp_begins_anew_and_an_earlier_one_does_not()
    {
        // RFC 6191 2: even with a sequence number below the old connection's.
        foreach (bool isLater in (ReadOnlySpan<bool>)[true, false])
        {
            var script = new Script(connection: new() { WindowScaling = false }) { Timestamp = 5000 }.Given(TcpState.TimeWait);
            script.Timestamp = isLater ? 5001u : 4999u;
            script.PeerIss -= 10_000;
            script.Inject(Syn, 0);
            if (isLater) script.Expect(Syn | Ack, 0, 1);
            else script.ExpectState(TcpState.TimeWait);
        }
    }

    [Fact]
    public void Nagle_holds_a_small_segment_while_something_is_in_flight()
    {
        var script = new Script(connection: new() { Timestamps = false, WindowScaling = false }).Given(TcpState.Established);
        script.Write(10).Expect(Ack, 1, 1, 10).Write(10).ExpectNothing().Write(20).ExpectNothing();
        script.Inject(Ack, 1, 11).Expect(Ack, 11, 1, 30).ExpectNothing();
        script.Write(536).Expect(Ack, 41, 1, 536);
        script = new Script().Given(TcpState.Established).Write(10).Expect(Ack, 1, 1, 10).Write(10).Expect(Ack, 11, 1, 10);
    }

    [Fact]
    public void The_sender_keeps_out_of_a_silly_window()
    {
        var script = new Script().Given(TcpState.Established).Inject(Ack, 1, 1, window: 2000).Write(5000);
        for (int i = 0; i < 3; i++) script.Expect(Ack, 1 + (536 * i), 1, 536);
        script.ExpectNothing();
        // 392 octets of the window are left: less than a segment, and less than half of the largest window.
        script.Inject(Ack, 1, 1 + (3 * 536), window: 392).ExpectNothing();
        script.Inject(Ack, 1, 1 + (3 * 536), window: 600).Expect(Ack, 1 + (3 * 536), 1, 536);
    }

    [Fact]
    public void The_receiver_offers_no_silly_window()
    {
        var script = new Script(connection: new() { ReceiveBuffer = 4000, Timestamps = false, WindowScaling = false }).Given(TcpState.Established);
        script.Inject(Ack, 1, 1, 1460).Inject(Ack, 1461, 1, 1460).Inject(Ack, 2921, 1, 1080).After(TimeSpan.FromSeconds(1));
        script.Sent.Clear();
        byte[] octets = new byte[100];
        int read = 0;
        while (script.Sent.Count == 0 && read < 4000) script.Do(t => read += t.Read(octets, script.Now));
        Assert.InRange(read, 1400, 2000);
        script.Expect(Ack, 1, 4001, 0, read);
    }
}
