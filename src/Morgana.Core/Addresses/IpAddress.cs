using System.Buffers.Binary;

namespace Morgana.Core;

/// <summary>An address of either IP version, in sixteen octets: IPv4 is kept in its IPv4-mapped form (RFC 4291 2.5.5.2).</summary>
/// <remarks>The mapped form is ours alone: it never stands on the wire, and the default value is IPv6's <c>::</c>.</remarks>
public readonly record struct IpAddress : ITextValue<IpAddress>
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

    /// <inheritdoc/>
    public static string Expected => "an IP address, such as 10.0.2.15 or fd00::15";

    /// <summary>Parses an address of either version. The IPv4-mapped form of IPv6 is the IPv4 address that it stands for.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        if (Ipv4Address.TryParse(text, out var ipv4))
        {
            address = ipv4;
            return true;
        }

        bool parsed = Ipv6Address.TryParse(text, out var ipv6);
        address = ipv6;
        return parsed;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out IpAddress)"/>.</summary>
    /// <exception cref="FormatException">It is no IP address.</exception>
    public static IpAddress Parse(string text) => TextValue.Parse<IpAddress>(text);

    /// <summary>Whether it is one of the host's own, 127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback => IsIpv4 ? Ipv4.IsLoopback : Ipv6.IsLoopback;

    /// <summary>Whether it is link-local, 169.254.0.0/16 or fe80::/10.</summary>
    public bool IsLinkLocal => IsIpv4 ? Ipv4.IsLinkLocal : Ipv6.IsLinkLocal;

    /// <summary>The address as its version is written.</summary>
    public override string ToString() => IsIpv4 ? Ipv4.ToString() : Ipv6.ToString();
}
