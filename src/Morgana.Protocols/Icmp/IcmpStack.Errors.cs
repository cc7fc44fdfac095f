using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Ip;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;

namespace Morgana.Protocols.Icmp;

// Errors: when we may send one, and what we believe of one that came.
public sealed partial class IcmpStack
{
    // RFC 1812 4.3.2.3: as much of the packet as fits without the error exceeding 576 octets.
    private const int QuoteLimit = 576 - Ipv4Header.Size - IcmpHeader.Size;

    /// <summary>Sends an error about a packet, unless RFC 1122 3.2.2 forbids one or the rate limit is reached.</summary>
    /// <param name="type">What to say.</param>
    /// <param name="code">Why.</param>
    /// <param name="rest">The word behind the checksum, such as the next hop's MTU.</param>
    /// <param name="from">The address of ours to say it from.</param>
    /// <param name="offending">The packet from its IP header on. It stays the caller's.</param>
    /// <param name="isGroupFrame">Whether it came in a broadcast or multicast frame.</param>
    /// <param name="now">The time.</param>
    public DropReason SendError(IcmpType type, byte code, uint rest, IpAddress from, PacketBuffer offending, bool isGroupFrame, Instant now)
    {
        if (isGroupFrame || Ipv4Packet.ParseQuoted(offending.Span, out var packet) != DropReason.None || !MayComplain(packet, offending)) return DropReason.None;
        if (!_errorLimiter.TryTake(now)) return _drops.Count(DropReason.RateLimited);
        if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var error)) return _drops.Count(DropReason.NoBuffer);
        var quote = error.Append(Math.Min(offending.Length, QuoteLimit));
        offending.CopyTo(0, quote);
        new IcmpHeader(type, code, rest).PushTo(error);
        ErrorsSent++;
        return Send(new(from, packet.Source, IpProtocol.Icmp), (byte)type, error, now);
    }

    private bool MayComplain(in Ipv4Packet packet, PacketBuffer offending)
    {
        // RFC 1122 3.2.2: no error about a later fragment, ...
        if (packet.FragmentOffset != 0) return false;
        // ... about what was sent to a broadcast or multicast address, ...
        if (packet.Destination.IsMulticast || packet.Destination == Ipv4Address.Broadcast || _output.IsBroadcast(packet.Destination)) return false;
        // ... to a source that is not a single host, ...
        var source = packet.Source;
        // (The host itself is one, from loopback to loopback; from a link no such packet comes in.)
        if (source.Value >> 24 == 0 || (source.IsLoopback && !packet.Destination.IsLoopback) || source.Value >> 28 >= 0xE || _output.IsBroadcast(source)) return false;
        // ... or about an ICMP error.
        if (packet.Protocol != IpProtocol.Icmp) return true;
        if (offending.Length <= packet.HeaderLength) return false;
        Span<byte> type = stackalloc byte[1];
        offending.CopyTo(packet.HeaderLength, type);
        return !IcmpPacket.IsErrorType((IcmpType)type[0]);
    }

    private static DropReason ReadError(IpAddress destination, in IcmpHeader header, PacketBuffer message, out PathError error)
    {
        error = default;
        if (!TryKind(header, out var kind)) return DropReason.UnknownIcmpType;
        // RFC 792: the IP header and at least 8 octets; with options the header takes up to 60.
        int wanted = Math.Min(message.Length, IcmpHeader.Size + Ipv4Header.MaximumSize + 8);
        if (!message.TryPullUp(wanted)) return DropReason.Truncated;
        var reason = Ipv4Packet.ParseQuoted(message.Span[IcmpHeader.Size..], out var quoted);
        if (reason != DropReason.None) return reason;
        var payload = quoted.Payload;
        // RFC 5927 4.1: the quoted packet is one that we could have sent; more is for its protocol to check.
        if ((IpAddress)quoted.Source != destination || quoted.FragmentOffset != 0) return DropReason.UnmatchedError;
        ushort local = 0, remote = 0;
        uint sequence = 0;
        if (quoted.Protocol is IpProtocol.Tcp or IpProtocol.Udp)
        {
            if (payload.Length < 8) return DropReason.Truncated;
            local = BinaryPrimitives.ReadUInt16BigEndian(payload);
            remote = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
            sequence = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        }

        error = new(kind, quoted.Protocol, new(quoted.Source, local), new(quoted.Destination, remote))
        {
            Sequence = new(sequence),
            Mtu = kind == PathErrorKind.FragmentationNeeded ? (ushort)header.Rest : 0,
            PacketLength = quoted.TotalLength,
        };
        return DropReason.None;
    }

    private static bool TryKind(in IcmpHeader header, out PathErrorKind kind)
    {
        kind = header.Type switch
        {
            IcmpType.TimeExceeded => PathErrorKind.TimeExceeded,
            IcmpType.ParameterProblem => PathErrorKind.ParameterProblem,
            _ => header.Code switch
            {
                IcmpCode.ProtocolUnreachable => PathErrorKind.ProtocolUnreachable,
                IcmpCode.PortUnreachable => PathErrorKind.PortUnreachable,
                IcmpCode.FragmentationNeeded => PathErrorKind.FragmentationNeeded,
                IcmpCode.HostUnreachable or 5 or 7 or 12 => PathErrorKind.HostUnreachable,
                9 or 10 or IcmpCode.AdministrativelyProhibited => PathErrorKind.Prohibited,
                _ => PathErrorKind.NetworkUnreachable,
            },
        };
        // RFC 1812 5.2.7.1 knows codes to 15; what is beyond says nothing to us.
        return header.Type != IcmpType.Unreachable || header.Code <= 15;
    }
}
