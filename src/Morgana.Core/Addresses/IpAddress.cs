using System.Buffers.Binary;

namespace Morgana.Core;

/// <summary>An address of either IP version, in sixteen octets: IPv4 is kept in its IPv4-mapped form (RFC 4291 2.5.5.2).</summary>
/// <remarks>The mapped form is ours alone: it never stands on the wire, and the default value is IPv6's <c>::</c>.</remarks>
public readonly record struct IpAddress
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    private IpAddress(ulong high, ulong low) => (High, Low) = (high, low);

    /// <summary>The first eight octets of the sixteen, in host order.</summary>
    public ulong High { get; }

    /// <summary>The last eight octets of the sixteen, in host order.</summary>
    public ulong Low { get; }

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsIpv4 => High == 0 && Low >> 32 == 0xFFFF;

    /// <summary>Octets on the wire: 4 or 16.</summary>
    public int Size => IsIpv4 ? 4 : 16;

    /// <summary>The IPv4 address; only meaningful if <see cref="IsIpv4"/>.</summary>
    public Ipv4Address Ipv4 => new((uint)Low);

    /// <summary>The IPv6 address; only meaningful if not <see cref="IsIpv4"/>.</summary>
    public Ipv6Address Ipv6 => new(High, Low);

    /// <summary>Whether this is 0.0.0.0 or ::.</summary>
    public bool IsAny => High == 0 && Low is 0 or MappedPrefix;

    /// <summary>Whether this is a multicast address of its version.</summary>
    public bool IsMulticast => IsIpv4 ? Ipv4.IsMulticast : Ipv6.IsMulticast;

    /// <summary>The address's part of a pseudo-header's partial sum (<see cref="InternetChecksum"/>), below 2^35.</summary>
    internal ulong ChecksumPart
    {
        get
        {
            if (IsIpv4) return Swap((uint)Low);
            return (ulong)Swap((uint)(High >> 32)) + Swap((uint)High) + Swap((uint)(Low >> 32)) + Swap((uint)Low);
            static uint Swap(uint word) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(word) : word;
        }
    }

    /// <summary>An IPv4 address is an IP address.</summary>
    public static implicit operator IpAddress(Ipv4Address address) => new(0, MappedPrefix | address.Value);

    /// <summary>An IPv6 address is an IP address.</summary>
    public static implicit operator IpAddress(Ipv6Address address) => new(address.High, address.Low);
}
