using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Devices;

namespace Morgana.Hosting;

/// <summary>The inner loop: a unikernel under the JIT (<c>dotnet run</c>), with the gateway in its own process.</summary>
/// <remarks>
/// Hosting does not know the gateway. What starts it is set by a module initializer, which the Sdk compiles into the project when it is
/// not compiled ahead of time; in an image the switch is false and the branch is trimmed.
/// </remarks>
public static class ManagedTarget
{
    /// <summary>Whether this program may start a gateway of its own; a constant in an image.</summary>
    [FeatureSwitchDefinition("Morgana.ManagedTarget")]
    public static bool IsSupported => !AppContext.TryGetSwitch("Morgana.ManagedTarget", out bool enabled) || enabled;

    /// <summary>Starts a gateway in this process and gives the guest's end of its link. Null where none was compiled in.</summary>
    public static Func<ManagedTargetRequest, ManagedTargetNetwork>? StartGateway { get; set; }
}

/// <summary>What a unikernel asks of the gateway in its process.</summary>
/// <param name="GuestPool">The guest's pool: what its device receives is rented from it.</param>
/// <param name="Publish">The ports to publish on the host, from <c>MORGANA_PUBLISH</c>.</param>
/// <param name="Log">Takes a line for the person who started the program. Any thread.</param>
public sealed record ManagedTargetRequest(BufferPool GuestPool, IReadOnlyList<PublishedPort> Publish, Action<string> Log);

/// <summary>The guest's end of a link to a gateway in this process.</summary>
/// <param name="GuestDevice">The guest's device; its loop disposes of it.</param>
/// <param name="Gateway">Stops the gateway; disposed of after the guest's loop has stopped.</param>
public sealed record ManagedTargetNetwork(INetworkDevice GuestDevice, IAsyncDisposable Gateway);

/// <summary>One port of the guest that is reached through a port of the host.</summary>
/// <param name="HostAddress">The host's address, as text: <c>127.0.0.1</c> unless it says otherwise.</param>
/// <param name="HostPort">The port on the host; 0 for a free one.</param>
/// <param name="GuestPort">The port of the guest.</param>
/// <param name="IsUdp">Whether it is a UDP port; else TCP.</param>
public sealed record PublishedPort(string HostAddress, ushort HostPort, ushort GuestPort, bool IsUdp)
{
    /// <summary>Parses <c>[ADDRESS:]HOST:GUEST[/udp|/tcp]</c>, as <c>--publish</c> takes it.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PublishedPort? published)
    {
        published = null;
        bool isUdp = text.EndsWith("/udp", StringComparison.Ordinal);
        if (isUdp || text.EndsWith("/tcp", StringComparison.Ordinal)) text = text[..^4];
        int last = text.LastIndexOf(':');
        if (last < 1 || !TryParsePort(text[(last + 1)..], out ushort guest) || guest == 0) return false;
        text = text[..last];
        int first = text.LastIndexOf(':');
        string address = first < 0 ? "127.0.0.1" : text[..first].ToString();
        if (!System.Net.IPAddress.TryParse(address, out _) || !TryParsePort(text[(first + 1)..], out ushort host)) return false;
        published = new(address, host, guest, isUdp);
        return true;
    }

    /// <summary>Parses entries between <c>;</c>. Null or empty text is the default: port 80 on the host's port 8080.</summary>
    public static bool TryParseList(string? text, out IReadOnlyList<PublishedPort> published)
    {
        var list = new List<PublishedPort>();
        published = list;
        foreach (string entry in (string.IsNullOrEmpty(text) ? "8080:80" : text).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryParse(entry, out var port)) return false;
            list.Add(port);
        }

        return true;
    }

    private static bool TryParsePort(ReadOnlySpan<char> text, out ushort port) =>
        ushort.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out port);
}
