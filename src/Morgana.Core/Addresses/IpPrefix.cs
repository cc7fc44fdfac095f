using System.Globalization;

namespace Morgana.Core;

/// <summary>A block of addresses of either version: a network and how many of its leading bits count (RFC 4632 3.1, RFC 4291 2.3).</summary>
public readonly record struct IpPrefix : ITextValue<IpPrefix>
{
    /// <summary>The block that <paramref name="address"/> lies in; its host bits are cleared.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is not 0 to 32, or to 128 for IPv6.</exception>
    public IpPrefix(IpAddress address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 8 * address.Size);
        Length = length;
        Network = address.IsIpv4 ? new Ipv4Address(address.Ipv4.Value & Mask32(length)) : Mask(address.Ipv6, length);
    }

    /// <summary>The block's first address.</summary>
    public IpAddress Network { get; }

    /// <summary>How many leading bits count.</summary>
    public int Length { get; }

    /// <inheritdoc/>
    public static string Expected => "a network and the length of its prefix, such as 10.0.2.0/24";

    /// <summary>The block's last address; for IPv4 that is its directed broadcast (RFC 1122 3.2.1.3).</summary>
    public IpAddress Last
    {
        get
        {
            if (Network.IsIpv4) return new Ipv4Address(Network.Ipv4.Value | ~Mask32(Length));
            var host = Mask(new(ulong.MaxValue, ulong.MaxValue), Length);
            return new Ipv6Address(Network.High | ~host.High, Network.Low | ~host.Low);
        }
    }

    /// <summary>Whether the address lies in the block. An address of the other version never does.</summary>
    public bool Contains(IpAddress address)
    {
        if (address.IsIpv4 != Network.IsIpv4) return false;
        if (address.IsIpv4) return ((address.Ipv4.Value ^ Network.Ipv4.Value) & Mask32(Length)) == 0;
        var masked = Mask(address.Ipv6, Length);
        return masked.High == Network.High && masked.Low == Network.Low;
    }

    /// <summary>Whether every address of <paramref name="other"/> lies in the block.</summary>
    public bool Contains(IpPrefix other) => other.Length >= Length && Contains(other.Network);

    /// <summary>Parses a network, a slash and a length. Host bits that are set are refused: they are mostly a slip.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpPrefix prefix)
    {
        if (TryParse(text, out prefix, out var address) && address == prefix.Network) return true;
        prefix = default;
        return false;
    }

    /// <summary>Parses an interface's address with its network, as in 10.0.2.15/24.</summary>
    /// <param name="text">An address, a slash and a length.</param>
    /// <param name="prefix">The network that the address lies in.</param>
    /// <param name="address">The address, with its host bits.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out IpPrefix prefix, out IpAddress address)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        address = default;
        if (slash < 0 || !IpAddress.TryParse(text[..slash], out address)) return false;
        var digits = text[(slash + 1)..];
        if (digits.Length is 0 or > 3 || (digits.Length > 1 && digits[0] == '0')) return false;
        if (!byte.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out byte length) || length > 8 * address.Size) return false;
        prefix = new(address, length);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out IpPrefix)"/>.</summary>
    /// <exception cref="FormatException">It is no prefix.</exception>
    public static IpPrefix Parse(string text) => TextValue.Parse<IpPrefix>(text);

    /// <summary>Network, slash and length.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network}/{Length}");

    private static uint Mask32(int length) => length == 0 ? 0 : uint.MaxValue << (32 - length);

    private static Ipv6Address Mask(Ipv6Address address, int length) => new(
        length == 0 ? 0 : address.High & (ulong.MaxValue << (64 - Math.Min(length, 64))),
        length <= 64 ? 0 : address.Low & (ulong.MaxValue << (128 - length)));
}
