using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Morgana.Gateway;

/// <summary>A port of the guest that is reached through a port of the host.</summary>
/// <param name="Host">Where the host listens; loopback unless an address is named. Port 0 lets the host choose.</param>
/// <param name="GuestPort">The guest's port.</param>
/// <param name="IsUdp">Whether it is a UDP port; else TCP.</param>
public sealed record PublishedPort(IPEndPoint Host, ushort GuestPort, bool IsUdp)
{
    private const int WebPort = 80;

    /// <summary>What is published when nothing is said.</summary>
    public static PublishedPort Default { get; } = new(new(IPAddress.Loopback, 8080), 80, IsUdp: false);

    /// <summary>On which of a guest's networks, by its name; null where it has one alone.</summary>
    public string? Network { get; init; }

    /// <summary>Reads <c>[NETWORK=][ADDRESS:]HOST:GUEST[/udp|/tcp]</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PublishedPort? port)
    {
        port = null;
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals == 0) return false;
        string? network = equals < 0 ? null : text[..equals];
        text = text[(equals + 1)..];
        bool isUdp = text.EndsWith("/udp", StringComparison.Ordinal);
        if (isUdp || text.EndsWith("/tcp", StringComparison.Ordinal)) text = text[..^4];
        int last = text.LastIndexOf(':');
        if (last < 1 || !TryParsePort(text[(last + 1)..], out ushort guest) || guest == 0) return false;

        string host = text[..last];
        int first = host.LastIndexOf(':');
        var address = IPAddress.Loopback;
        if (first >= 0 && !TryParseAddress(host[..first], out address)) return false;
        if (!TryParsePort(host[(first + 1)..], out ushort hostPort)) return false;
        port = new(new(address, hostPort), guest, isUdp) { Network = network };
        return true;
    }

    /// <summary>Reads ports between <c>;</c>. Null or empty text is <see cref="Default"/>.</summary>
    public static bool TryParseList(string? text, out IReadOnlyList<PublishedPort> ports)
    {
        var read = new List<PublishedPort>();
        ports = read;
        if (string.IsNullOrEmpty(text)) read.Add(Default);
        else
        {
            foreach (string entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!TryParse(entry, out var port)) return false;
                read.Add(port);
            }
        }

        return true;
    }

    /// <summary>A line that says where it is reached: a web site's is its address, so that a terminal makes a link of it.</summary>
    public string Describe()
    {
        string host = IPAddress.IsLoopback(Host.Address) ? $"localhost:{Host.Port}" : Host.ToString();
        return this is { GuestPort: WebPort, IsUdp: false } ? $"http://{host}/" : $"{host} leads to the guest's {(IsUdp ? "UDP" : "TCP")} port {GuestPort}";
    }

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => $"{(Network is null ? "" : Network + "=")}{Host}:{GuestPort}/{(IsUdp ? "udp" : "tcp")}";

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
