using System.Buffers.Binary;

namespace Morgana.Core;

/// <summary>An IPv6 address (RFC 4291).</summary>
/// <param name="High">The first eight octets, in host order.</param>
/// <param name="Low">The last eight octets, in host order.</param>
public readonly partial record struct Ipv6Address(ulong High, ulong Low) : ITextValue<Ipv6Address>
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

    /// <summary>Whether it is ::1.</summary>
    public bool IsLoopback => High == 0 && Low == 1;

    /// <summary>Whether it lies in ::ffff:0:0/96, which stands for IPv4 addresses and belongs on no wire (RFC 4291 2.5.5.2).</summary>
    public bool IsIpv4Mapped => High == 0 && Low >> 32 == 0xFFFF;

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
