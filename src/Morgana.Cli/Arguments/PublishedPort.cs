using System.Globalization;
using System.Net;

namespace Morgana.Cli.Arguments;

/// <summary>A port of the guest that is reached through a port of the host.</summary>
/// <param name="Host">Where the host listens; loopback unless an address is named. Port 0 lets the host choose.</param>
/// <param name="GuestPort">The guest's port.</param>
/// <param name="IsUdp">Whether it is a UDP port; else TCP.</param>
internal sealed record PublishedPort(IPEndPoint Host, ushort GuestPort, bool IsUdp)
{
    /// <summary>What is published when nothing is said.</summary>
    public static PublishedPort Default { get; } = new(new(IPAddress.Loopback, 8080), 80, IsUdp: false);

    /// <summary>Reads <c>[ADDRESS:]HOST:GUEST[/udp|/tcp]</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string text, out PublishedPort? port)
    {
        port = null;
        bool isUdp = text.EndsWith("/udp", StringComparison.Ordinal);
        if (isUdp || text.EndsWith("/tcp", StringComparison.Ordinal)) text = text[..^4];
        int last = text.LastIndexOf(':');
        if (last < 1 || !TryParsePort(text[(last + 1)..], out ushort guest) || guest == 0) return false;

        string host = text[..last];
        int first = host.LastIndexOf(':');
        var address = IPAddress.Loopback;
        if (first >= 0 && !TryParseAddress(host[..first], out address)) return false;
        if (!TryParsePort(host[(first + 1)..], out ushort hostPort)) return false;
        port = new(new(address, hostPort), guest, isUdp);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{GuestPort}/{(IsUdp ? "udp" : "tcp")}";

    private static bool TryParseAddress(string text, out IPAddress address)
    {
        bool bracketed = text.StartsWith('[') && text.EndsWith(']');
        address = IPAddress.None;
        // "1" and "0x7f000001" are addresses to IPAddress, but typing errors here.
        if (!IPAddress.TryParse(bracketed ? text[1..^1] : text, out var parsed) || (!bracketed && text.Count(c => c == '.') != 3)) return false;
        address = parsed;
        return bracketed == (parsed.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6);
    }

    private static bool TryParsePort(string text, out ushort port) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);
}
