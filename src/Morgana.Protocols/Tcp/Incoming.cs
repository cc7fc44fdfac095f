using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

/// <summary>A segment that has come, its header read: the SEG variables of RFC 9293 3.3.1.</summary>
internal struct Incoming
{
    public SequenceNumber Sequence, Acknowledgment;
    public TcpFlags Flags;
    public int Window;              // SEG.WND as it stands on the wire.
    public int HeaderLength;
    public int Skip;                // Octets of payload at the front that are not to be looked at.
    public int Length;              // Octets of payload behind those.
    public TcpOptions Options;

    public readonly bool Has(TcpFlags flag) => (Flags & flag) != 0;

    /// <summary>SEG.LEN: the payload, and one each for SYN and FIN.</summary>
    public readonly int SegmentLength => Length + (Has(TcpFlags.Syn) ? 1 : 0) + (Has(TcpFlags.Fin) ? 1 : 0);

    /// <summary>The number behind the segment.</summary>
    public readonly SequenceNumber End => Sequence + SegmentLength;

    /// <summary>Takes a SYN, or octets that were seen before, off the front.</summary>
    public void TrimFront(int count)
    {
        if (Has(TcpFlags.Syn) && count > 0)
        {
            Flags &= ~TcpFlags.Syn;
            Sequence += 1;
            count--;
        }

        count = Math.Min(count, Length);
        Sequence += count;
        Skip += count;
        Length -= count;
    }
}
