using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;

namespace Morgana.Cli.Running;

/// <summary>What the environment of a guest says that knows nothing of us: where its network is, and where it serves, as containers are told.</summary>
internal static class PlainGuest
{
    /// <summary>How long such a program has to end, as containers have it: it does what it wants to do then. Who asks twice does not wait.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>For a guest that is to be sealed: it asks for no network by itself, and perhaps never.</summary>
    public const string SealAtStart = "MORGANA_SEAL=start";

    /// <summary>Variables for an image on whatever target, beside those of memory and devices.</summary>
    /// <param name="settings">What the command was told; its variables come last, and so prevail.</param>
    /// <param name="manifest">The image's: one that has parts of ours takes its settings from its own command line.</param>
    /// <param name="hasNetwork">Whether somebody outside could reach it.</param>
    /// <param name="content">The folder where its content may lie, if it is not in the image; null where the guest could not read it.</param>
    public static string[] Environment(RunSettings settings, Manifest? manifest, bool hasNetwork, string? content = null)
    {
        if (manifest is not null) return [.. settings.Environment];
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string variable in Served(manifest, hasNetwork)) Set(variables, variable);
        if (settings.Boot.Count > 0) variables["MORGANA_BOOT"] = string.Join(';', settings.Boot);
        if (content is not null && Directory.Exists(content)) variables["ASPNETCORE_CONTENTROOT"] = variables["DOTNET_CONTENTROOT"] = content;
        foreach (string variable in settings.Environment) Set(variables, variable);
        return [.. variables.Select(v => $"{v.Key}={v.Value}")];
    }

    /// <summary>What every such guest is told: else Kestrel serves this host's loopback alone, which nobody outside reaches.</summary>
    public static string[] Served(Manifest? manifest, bool hasNetwork) => manifest is null && hasNetwork ? ["ASPNETCORE_HTTP_PORTS=80"] : [];

    private static void Set(Dictionary<string, string> variables, string variable)
    {
        int equals = variable.IndexOf('=', StringComparison.Ordinal);
        variables[variable[..equals]] = variable[(equals + 1)..];
    }
}
