using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Udp;

/// <summary>A UDP datagram (RFC 768), viewed in place; whoever lent the octets still owns them.</summary>
public readonly ref struct UdpDatagram
{
    private readonly ReadOnlySpan<byte> _bytes; // The header at least; of the payload, as much as was lent.

    private UdpDatagram(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The sender's port; 0 if it wants no answer.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>Octets of header and payload.</summary>
    public int Length => BinaryPrimitives.ReadUInt16BigEndian(_bytes[4..]);

    /// <summary>The checksum as it stands there; 0 if there is none.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]);

    /// <summary>As much of the payload as was lent.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[UdpHeader.Size..];

    /// <summary>The header's meaning.</summary>
    public UdpHeader Header => new(SourcePort, DestinationPort);

    /// <summary>Views a datagram of which <paramref name="bytes"/> are the first octets, and <paramref name="available"/> all that came.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, int available, out UdpDatagram datagram)
    {
        datagram = default;
        if (bytes.Length < UdpHeader.Size) return DropReason.Truncated;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length < UdpHeader.Size || length > available) return DropReason.BadLength;
        datagram = new(bytes.Length > length ? bytes[..length] : bytes); // Octets beyond the length are padding.
        return DropReason.None;
    }

    /// <summary>Views a whole datagram with whatever padding follows it.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out UdpDatagram datagram) => Parse(bytes, bytes.Length, out datagram);
}

/// <summary>A UDP header's fields; if it can be constructed, it can be written.</summary>
/// <param name="SourcePort">The sender's port.</param>
/// <param name="DestinationPort">The receiver's port.</param>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort)
{
    /// <summary>Octets on the wire.</summary>
    public const int Size = 8;

    /// <summary>The longest payload that fits into one IPv4 packet.</summary>
    public const int MaximumPayload = 65535 - 20 - Size;

    /// <summary>Writes the header with its checksum.</summary>
    /// <param name="bytes">Room for the header.</param>
    /// <param name="payloadLength">Octets behind it.</param>
    /// <param name="sum">The partial sum of pseudo-header and payload (<see cref="InternetChecksum"/>).</param>
    public void WriteTo(Span<byte> bytes, int payloadLength, ulong sum)
    {
        bytes = bytes[..Size];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(Size + payloadLength));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], 0);
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Sum(bytes, sum));
        // RFC 768: a computed checksum of zero is sent as all ones; zero means that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }

    /// <summary>Pushes the header in front of what <paramref name="packet"/> holds, with the checksum for these addresses.</summary>
    public void PushTo(PacketBuffer packet, IpAddress source, IpAddress destination)
    {
        int payload = packet.Length;
        ulong sum = packet.Sum(0, InternetChecksum.PseudoHeader(source, destination, 17, Size + payload));
        WriteTo(packet.Prepend(Size), payload, sum);
    }
}
