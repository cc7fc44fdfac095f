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
}
