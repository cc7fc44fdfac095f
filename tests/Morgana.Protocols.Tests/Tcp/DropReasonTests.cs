using Morgana.Core;
using Morgana.Protocols.Tcp;
using static Morgana.Wire.Tcp.TcpFlags;

namespace Morgana.Protocols.Tests.Tcp;

/// <summary>Segments that are dropped under a name that no other test asks for.</summary>
public class DropReasonTests
{
    [Fact]
    public void A_segment_without_ACK_is_dropped_on_a_synchronised_connection() =>
        new Script().Given(TcpState.Established).Inject(Psh, 1, 0, 10).ExpectDrop(DropReason.NoAck);

    [Fact]
    public void SYN_with_RST_contradicts_itself() => new Script().Given(TcpState.Established).Inject(Syn | Rst, 1).ExpectDrop(DropReason.BadFlags);

    [Fact]
    public void Holes_without_end_hit_the_limit_of_the_out_of_order_queue()
    {
        var script = new Script().Given(TcpState.Established);
        for (int i = 0; i < 20_000 && script.Drops[DropReason.OutOfOrderLimit] == 0; i++)
        {
            script.Inject(Ack, 3 + (2 * i), 1, 1);
            script.Sent.Clear();
        }

        script.ExpectDrop(DropReason.OutOfOrderLimit);
    }

    [Fact]
    public void An_old_duplicate_by_its_timestamp_is_dropped_and_answered()
    {
        var script = new Script(connection: new() { WindowScaling = false, NoDelay = true }) { Timestamp = 1000 }.Given(TcpState.Established);
        script.Timestamp = 2000;
        script.Inject(Ack | Psh, 1, 1, 10).After(TimeSpan.FromSeconds(1));
        script.Sent.Clear();
        script.Timestamp = 1999;
        // RFC 7323 5.3 R1: not acceptable, although its numbers are, and an acknowledgement says so.
        script.Inject(Ack | Psh, 11, 1, 10);
        Assert.Equal((DropReason.Paws, 10), (script.LastReason, script.Tcb.ReceivedLength));
        Assert.Equal((Ack, 11), (script.Sent.Peek().Flags, script.Sent.Dequeue().Acknowledgment));
        script.Timestamp = 2000;
        script.Inject(Ack | Psh, 11, 1, 10);
        Assert.Equal((DropReason.None, 20), (script.LastReason, script.Tcb.ReceivedLength));
    }

    [Fact]
    public void A_router_whose_half_open_connections_are_all_held_takes_no_more()
    {
        var script = new Script(listen: new() { DeferHandshake = true, SynBacklog = 2 });
        for (ushort port = 1; port <= 3; port++)
        {
            script.PeerPort = port;
            script.Inject(Syn, 0);
        }

        Assert.Equal((DropReason.SynBacklogFull, 2, 0L), (script.LastReason, script.Listener.HalfOpenCount, script.Stack.Statistics.HalfOpenEvicted));
    }
}
