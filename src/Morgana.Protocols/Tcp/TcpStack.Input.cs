using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Protocols.Tcp;

// Demultiplexing: to a connection, to a listener, or to nobody.
public sealed partial class TcpStack
{
    /// <summary>Handles a segment and takes it over.</summary>
    /// <param name="source">Where it came from.</param>
    /// <param name="destination">Whom it is for: unicast, ours.</param>
    /// <param name="mtu">The MTU of the link that it came over.</param>
    /// <param name="segment">Begins at the TCP header and ends with the payload.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it went no further, already counted.</returns>
    public DropReason HandleSegment(IpAddress source, IpAddress destination, int mtu, PacketBuffer segment, Instant now)
    {
        Statistics.SegmentsReceived++;
        var reason = Dispatch(source, destination, mtu, segment, now);
        if (Staged.Length > 0) Staged.Discard();
        segment.Release();
        return reason == DropReason.None ? reason : _drops.Count(reason);
    }

    private DropReason Dispatch(IpAddress source, IpAddress destination, int mtu, PacketBuffer packet, Instant now)
    {
        if (packet.Length < TcpHeader.Size || !packet.TryPullUp(TcpHeader.Size)) return DropReason.Truncated;
        int claimed = TcpSegment.ClaimedHeaderLength(packet.Span);
        if (claimed > packet.Length || !packet.TryPullUp(claimed)) return DropReason.BadLength;
        var reason = TcpSegment.Parse(packet.Span, out var view);
        if (reason != DropReason.None) return reason;
        ushort sourcePort = view.SourcePort, destinationPort = view.DestinationPort;
        if (sourcePort == 0 || destinationPort == 0) return DropReason.BadPort;
        if (source.IsMulticast || source.IsAny || source.IsIpv4 != destination.IsIpv4) return DropReason.BadSource;
        Incoming segment;
        segment.Sequence = view.Sequence;
        segment.Acknowledgment = view.Acknowledgment;
        segment.Flags = view.Flags;
        segment.Window = view.Window;
        segment.HeaderLength = view.HeaderLength;
        segment.Skip = 0;
        segment.Length = packet.Length - view.HeaderLength;
        bool areOptionsSound = TcpOptions.Parse(view.Options, out segment.Options);

        var tuple = new TcpTuple(destination, destinationPort, source, sourcePort);
        // Segments of one connection come in trains: the last one is looked at before the table is.
        uint hash;
        TcpControlBlock? block;
        if (_lastFound is { } last && last.Tuple.Matches(tuple)) (hash, block) = (last.TupleHash, last);
        else _lastFound = block = _table.Find(tuple, hash = _table.Hash(tuple));
        if (!VerifyChecksum(block, segment, packet, source, destination))
        {
            Statistics.BadChecksums++;
            return DropReason.BadChecksum;
        }

        if (!areOptionsSound) return DropReason.BadOption;
        // RFC 9293 leaves contradictions to the order of its checks; SYN with RST or FIN has no honest sender.
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Rst)) == (TcpFlags.Syn | TcpFlags.Rst)) return DropReason.BadFlags;
        if (block is { State: TcpState.TimeWait } && IsReincarnation(block, segment))
        {
            var local = block.Local;
            if (FindListener(local) is { } next)
            {
                // RFC 9293 3.10.7.4, RFC 6191: a newer SYN may take the place of what is over.
                var old = block.SndNxt;
                Statistics.TimeWaitRecycled++;
                block.Terminate(TcpEvents.Closed, now);
                return HandleSyn(next, tuple, hash, local, block.Remote, mtu, segment, old, now);
            }
        }

        if (block is not null) return block.Arrives(ref segment, packet, now);
        return ArrivesForNobody(tuple, hash, new(destination, destinationPort), new(source, sourcePort), mtu, segment, now);
    }

    // Payload that is just what a connection expects next is copied while it is summed; everything else is summed in place.
    private bool VerifyChecksum(TcpControlBlock? block, in Incoming segment, PacketBuffer packet, IpAddress source, IpAddress destination)
    {
        if (packet.Offload.ChecksumVerified) return true;
        ulong sum = (block?.PseudoSum ?? InternetChecksum.PseudoHeader(source, destination, 6, 0)) + LengthPart(packet.Length);
        if (block is not null && block.TryStage(segment, packet, ref Staged, out ulong payload))
        {
            // A header is a multiple of four octets: the payload begins at an even offset.
            sum = InternetChecksum.Combine(InternetChecksum.Sum(packet.Span[..segment.HeaderLength], sum), payload, 0);
        }
        else
        {
            sum = packet.Sum(0, sum);
        }

        return InternetChecksum.Fold(sum) == 0xFFFF;
    }

    // RFC 9293 3.10.7.4, TIME-WAIT; RFC 6191 2: a SYN with a later number, or a later timestamp.
    private static bool IsReincarnation(TcpControlBlock block, in Incoming segment)
    {
        if ((segment.Flags & (TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst)) != TcpFlags.Syn) return false;
        if (block.HasTimestamps && segment.Options.HasTimestamps)
        {
            int newer = (int)(segment.Options.TimestampValue - block.TsRecent);
            return newer > 0 || (newer == 0 && segment.Sequence > block.RcvNxt);
        }

        return segment.Sequence > block.RcvNxt;
    }

    // RFC 9293 3.10.7.1 and 3.10.7.2
    private DropReason ArrivesForNobody(in TcpTuple tuple, uint hash, IpEndpoint local, IpEndpoint remote, int mtu, in Incoming segment, Instant now)
    {
        // A RST is never answered.
        if (segment.Has(TcpFlags.Rst)) return DropReason.NoSocket;
        var listener = FindListener(local);
        if (listener is null || segment.Has(TcpFlags.Ack))
        {
            ReplyReset(local, remote, segment, now);
            return listener is null ? DropReason.NoSocket : DropReason.BadAck;
        }

        if (!segment.Has(TcpFlags.Syn)) return DropReason.BadFlags;
        // A SYN from the listener's own endpoint would talk to itself for ever ("land").
        if (local == remote) return DropReason.BadSource;
        return HandleSyn(listener, tuple, hash, local, remote, mtu, segment, null, now);
    }

    private DropReason HandleSyn(TcpListenSocket listener, in TcpTuple tuple, uint hash, IpEndpoint local, IpEndpoint remote, int mtu, in Incoming segment, SequenceNumber? after, Instant now)
    {
        if (segment.Has(TcpFlags.Fin)) return DropReason.BadFlags;
        if (listener.Acceptable.Count >= listener.Options.Backlog) return DropReason.AcceptQueueFull;
        if (listener.Sources is { } sources && !sources.TryAdd(remote.Address)) return DropReason.SourceLimit;
        var reason = Open(listener, tuple, hash, local, remote, mtu, segment, after, now);
        if (reason != DropReason.None) listener.Sources?.Remove(remote.Address);
        return reason;
    }

    private DropReason Open(TcpListenSocket listener, in TcpTuple tuple, uint hash, IpEndpoint local, IpEndpoint remote, int mtu, in Incoming segment, SequenceNumber? after, Instant now)
    {
        if (listener.HalfOpen.Count >= Math.Max(1, listener.Options.SynBacklog))
        {
            // The oldest has had the most time to answer. One that our application was asked about is not taken away under its hands.
            var oldest = listener.HalfOpen.First!;
            if (oldest.IsAppOwned) return DropReason.SynBacklogFull;
            Statistics.HalfOpenEvicted++;
            oldest.Terminate(TcpEvents.Closed, now);
        }

        var block = Allocate(tuple, hash, local, remote, mtu, listener.Options.Connection, after, now);
        if (block is null) return DropReason.ConnectionLimit;
        Statistics.PassiveOpens++;
        block.Sources = listener.Sources;
        block.OpenPassive(segment, listener, now);
        return DropReason.None;
    }

    /// <summary>Hears of an ICMP error that quotes a segment of ours (RFC 5927). What quotes nothing that is in flight changes nothing.</summary>
    /// <param name="local">Our end, as quoted.</param>
    /// <param name="remote">The peer's end, as quoted.</param>
    /// <param name="sequence">SEG.SEQ, as quoted.</param>
    /// <param name="error">What is said.</param>
    /// <param name="mtu">With <see cref="TcpPathError.TooBig"/> the MTU of the next hop.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether it is about a segment in flight and was heeded; otherwise it was counted as unmatched.</returns>
    public bool HandlePathError(IpEndpoint local, IpEndpoint remote, SequenceNumber sequence, TcpPathError error, int mtu, Instant now)
    {
        if (Find(local, remote) is { } block && block.HandlePathError(sequence, error, mtu, now))
        {
            Statistics.PathErrors++;
            return true;
        }

        _drops.Count(DropReason.UnmatchedError);
        return false;
    }
}
