using System.Globalization;

namespace Morgana.Core;

/// <summary>An IP address and a port.</summary>
/// <param name="Address">The address; <c>0.0.0.0</c> or <c>::</c> where any of the host's own is meant.</param>
/// <param name="Port">The port, 0 where the stack is to choose.</param>
public readonly record struct IpEndpoint(IpAddress Address, ushort Port) : ITextValue<IpEndpoint>
{
    /// <inheritdoc/>
    public static string Expected => "an address and a port, such as 10.0.2.15:80 or [fd00::15]:80";

    /// <summary>Parses an IPv4 address, or an IPv6 address in brackets (RFC 3986 3.2.2), then a colon and a decimal port.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpEndpoint endpoint)
    {
        endpoint = default;
        int colon = text.LastIndexOf(':');
        if (colon < 0) return false;
        var digits = text[(colon + 1)..];
        if (digits.Length is 0 or > 5 || !ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) return false;
        var address = text[..colon];
        if (address.Length > 2 && address[0] == '[' && address[^1] == ']')
        {
            if (!Ipv6Address.TryParse(address[1..^1], out var ipv6)) return false;
            endpoint = new(ipv6, port);
            return true;
        }

        if (!Ipv4Address.TryParse(address, out var ipv4)) return false;
        endpoint = new(ipv4, port);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out IpEndpoint)"/>.</summary>
    /// <exception cref="FormatException">It is no endpoint.</exception>
    public static IpEndpoint Parse(string text) => TextValue.Parse<IpEndpoint>(text);

    /// <summary>Address, colon and port; an IPv6 address stands in brackets.</summary>
    public override string ToString() =>
        Address.IsIpv4
            ? string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{Port}");
}
