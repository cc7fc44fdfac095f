using System.Buffers.Binary;

namespace Morgana.Core;

/// <summary>An IPv6 address (RFC 4291).</summary>
/// <param name="High">The first eight octets, in host order.</param>
/// <param name="Low">The last eight octets, in host order.</param>
public readonly record struct Ipv6Address(ulong High, ulong Low)
{
    /// <summary>Octets on the wire.</summary>
    public const int Size = 16;

    /// <summary>::, the unspecified address.</summary>
    public static Ipv6Address Any => default;

    /// <summary>::1.</summary>
    public static Ipv6Address Loopback => new(0, 1);

    /// <summary>Whether it lies in ff00::/8.</summary>
    public bool IsMulticast => High >> 56 == 0xFF;

    /// <summary>Whether it lies in fe80::/10.</summary>
    public bool IsLinkLocal => High >> 54 == 0x3FA;

    /// <summary>Reads the first sixteen octets.</summary>
    public static Ipv6Address Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes sixteen octets.</summary>
    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }
}
