using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Tcp;

/// <summary>A TCP segment's header (RFC 9293 3.1), viewed in place; whoever lent the octets still owns them.</summary>
/// <remarks>One length check in <see cref="Parse"/> covers every getter. The payload may go on in further blocks of the packet.</remarks>
public readonly ref struct TcpSegment
{
    private readonly ReadOnlySpan<byte> _bytes;     // At least HeaderLength octets, and that at least 20.
    private readonly int _headerLength;

    private TcpSegment(ReadOnlySpan<byte> bytes, int headerLength)
    {
        _bytes = bytes;
        _headerLength = headerLength;
    }

    /// <summary>The sender's port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>SEG.SEQ.</summary>
    public SequenceNumber Sequence => new(BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]));

    /// <summary>SEG.ACK; only meaningful with <see cref="TcpFlags.Ack"/>.</summary>
    public SequenceNumber Acknowledgment => new(BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]));

    /// <summary>Octets of header, options included.</summary>
    public int HeaderLength => _headerLength;

    /// <summary>The control bits.</summary>
    public TcpFlags Flags => (TcpFlags)_bytes[13];

    /// <summary>The window field, unscaled.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_bytes[14..]);

    /// <summary>The checksum field.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[16..]);

    /// <summary>The urgent pointer; only meaningful with <see cref="TcpFlags.Urg"/>.</summary>
    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_bytes[18..]);

    /// <summary>The options, padding included.</summary>
    public ReadOnlySpan<byte> Options => _bytes[TcpHeader.Size.._headerLength];

    /// <summary>The payload, as far as it lies in the octets that were parsed.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[_headerLength..];

    /// <summary>The header length which the data offset of a segment claims, from 0 to 60; the segment must have 20 octets.</summary>
    public static int ClaimedHeaderLength(ReadOnlySpan<byte> bytes) => (bytes[12] >> 4) * 4;

    /// <summary>Looks at a segment. The checksum is not verified here, since it needs the addresses.</summary>
    /// <returns><see cref="DropReason.Truncated"/> below 20 octets; <see cref="DropReason.BadLength"/> if the data offset is impossible.</returns>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out TcpSegment segment)
    {
        segment = default;
        if (bytes.Length < TcpHeader.Size) return DropReason.Truncated;
        int length = ClaimedHeaderLength(bytes);
        if (length < TcpHeader.Size || length > bytes.Length) return DropReason.BadLength;
        segment = new(bytes, length);
        return DropReason.None;
    }
}
