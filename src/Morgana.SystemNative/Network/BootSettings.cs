using Morgana.Composition;
using Morgana.Core;
using Morgana.Network;

namespace Morgana.SystemNative;

/// <summary>The settings of the network that do not come from the program's command line.</summary>
/// <param name="Address">The host's address, or null for the gateway's default.</param>
/// <param name="Gateway">The default route, or null.</param>
/// <param name="NameServers">Name servers, or null.</param>
internal sealed record BootSettings(InterfaceAddress? Address, Ipv4Address? Gateway, Ipv4Address[]? NameServers)
{
    /// <summary>Parses <c>NAME=VALUE</c> entries between <c>;</c>: <c>ipv4</c>, <c>ipv4-gateway</c> and <c>dns</c>, with commas between servers.</summary>
    /// <exception cref="BootException">The text is not of that form.</exception>
    public static BootSettings Parse(string text)
    {
        InterfaceAddress? address = null;
        Ipv4Address? gateway = null;
        Ipv4Address[]? servers = null;
        foreach (string entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            switch (entry.Split('=', 2))
            {
                case ["ipv4", var value] when InterfaceAddress.TryParse(value, out var parsed):
                    address = parsed;
                    break;
                case ["ipv4-gateway", var value] when Ipv4Address.TryParse(value, out var parsed):
                    gateway = parsed;
                    break;
                case ["dns", var value] when TryParseAll(value, out var parsed):
                    servers = parsed;
                    break;
                default:
                    throw new BootException($"MORGANA_BOOT: '{entry}' is not ipv4=ADDRESS/PREFIX, ipv4-gateway=ADDRESS or dns=ADDRESS,ADDRESS.");
            }
        }

        return new(address, gateway, servers);
    }

    private static bool TryParseAll(string text, out Ipv4Address[] addresses)
    {
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        addresses = new Ipv4Address[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!Ipv4Address.TryParse(parts[i], out addresses[i])) return false;
        return true;
    }
}
