using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Ip;

/// <summary>An IPv6 packet's fixed header (RFC 8200 3), viewed in place; whoever lent the octets still owns them.</summary>
public readonly ref struct Ipv6Packet
{
    /// <summary>Octets of the fixed header.</summary>
    public const int HeaderSize = 40;

    private readonly ReadOnlySpan<byte> _bytes;

    private Ipv6Packet(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The DS field and the ECN bits.</summary>
    public byte TrafficClass => (byte)(BinaryPrimitives.ReadUInt16BigEndian(_bytes) >> 4);

    /// <summary>The flow label (RFC 6437).</summary>
    public uint FlowLabel => BinaryPrimitives.ReadUInt32BigEndian(_bytes) & 0xF_FFFF;

    /// <summary>Octets behind the fixed header.</summary>
    public int PayloadLength => BinaryPrimitives.ReadUInt16BigEndian(_bytes[4..]);

    /// <summary>What follows: an extension header or a protocol.</summary>
    public byte NextHeader => _bytes[6];

    /// <summary>Hops that it may still go.</summary>
    public byte HopLimit => _bytes[7];

    /// <summary>The sender's address.</summary>
    public Ipv6Address Source => Ipv6Address.Read(_bytes[8..]);

    /// <summary>The receiver's address.</summary>
    public Ipv6Address Destination => Ipv6Address.Read(_bytes[24..]);

    /// <summary>As much of the payload as was lent.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderSize..];

    /// <summary>Views a packet of which <paramref name="bytes"/> are the first octets, and <paramref name="available"/> all that came.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, int available, out Ipv6Packet packet)
    {
        packet = default;
        if (bytes.Length < HeaderSize) return DropReason.Truncated;
        if (bytes[0] >> 4 != 6) return DropReason.BadVersion;
        int total = HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (total > available) return DropReason.BadLength;
        packet = new(bytes.Length > total ? bytes[..total] : bytes);
        return DropReason.None;
    }
}

/// <summary>An IPv6 fixed header's fields (RFC 8200 3).</summary>
/// <param name="Source">The sender's address.</param>
/// <param name="Destination">The receiver's address.</param>
/// <param name="NextHeader">What follows.</param>
public readonly record struct Ipv6Header(Ipv6Address Source, Ipv6Address Destination, byte NextHeader)
{
    /// <summary>The DS field and the ECN bits.</summary>
    public byte TrafficClass { get; init; }

    /// <summary>The flow label, 20 bits.</summary>
    public uint FlowLabel { get; init; }

    /// <summary>Hops that it may go.</summary>
    public byte HopLimit { get; init; } = 64;

    /// <summary>Writes the header to the front of <paramref name="bytes"/>.</summary>
    public void WriteTo(Span<byte> bytes, int payloadLength)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (6u << 28) | ((uint)TrafficClass << 20) | (FlowLabel & 0xF_FFFF));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)payloadLength);
        bytes[6] = NextHeader;
        bytes[7] = HopLimit;
        Source.WriteTo(bytes[8..]);
        Destination.WriteTo(bytes[24..]);
    }
}
