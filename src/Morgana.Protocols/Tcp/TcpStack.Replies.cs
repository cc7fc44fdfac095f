using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// RSTs: a bounded queue of their own, since there may be no connection behind them.
public sealed partial class TcpStack
{
    private const int ReplyCapacity = 256;
    private readonly Reply[] _replies = new Reply[ReplyCapacity];
    private int _replyHead;
    private int _replyCount;
    private int _resetTokens;
    private Instant _resetRefillAt;

    // RFC 9293 3.5.2, group 1: the RST takes its number from the segment's ACK, or else acknowledges all of the segment.
    private void ReplyReset(IpEndpoint local, IpEndpoint remote, in Incoming segment, Instant now)
    {
        if (now >= _resetRefillAt)
        {
            _resetTokens = Options.ResetsPerSecond;
            _resetRefillAt = now + TimeSpan.FromSeconds(1);
        }

        if (_resetTokens <= 0)
        {
            Statistics.ResetsSuppressed++;
            return;
        }

        _resetTokens--;
        if (segment.Has(TcpFlags.Ack)) Enqueue(new(local, remote, segment.Acknowledgment, default, TcpFlags.Rst));
        else Enqueue(new(local, remote, default, segment.End, TcpFlags.Rst | TcpFlags.Ack));
    }

    /// <summary>Queues a RST of a connection.</summary>
    internal void SendReset(TcpControlBlock block, SequenceNumber sequence, bool isAcknowledging) =>
        Enqueue(isAcknowledging
            ? new(block.Local, block.Remote, sequence, block.RcvNxt, TcpFlags.Rst | TcpFlags.Ack)
            : new(block.Local, block.Remote, sequence, default, TcpFlags.Rst));

    private void Enqueue(in Reply reply)
    {
        if (_replyCount == ReplyCapacity)
        {
            Statistics.ResetsSuppressed++;
            return;
        }

        _replies[(_replyHead + _replyCount++) & (ReplyCapacity - 1)] = reply;
    }

    private void TransmitReply(PacketBuffer packet, out IpAddress source, out IpAddress destination)
    {
        ref readonly var reply = ref _replies[_replyHead];
        _replyHead = (_replyHead + 1) & (ReplyCapacity - 1);
        _replyCount--;
        source = reply.Local.Address;
        destination = reply.Remote.Address;
        var header = packet.Append(TcpHeader.Size);
        new TcpHeader(reply.Local.Port, reply.Remote.Port, reply.Sequence, reply.Acknowledgment, reply.Flags, 0).WriteTo(header);
        TcpHeader.WriteChecksum(header, InternetChecksum.PseudoHeader(source, destination, 6, TcpHeader.Size));
        Statistics.SegmentsSent++;
        Statistics.ResetsSent++;
    }

    private readonly record struct Reply(IpEndpoint Local, IpEndpoint Remote, SequenceNumber Sequence, SequenceNumber Acknowledgment, TcpFlags Flags);
}
