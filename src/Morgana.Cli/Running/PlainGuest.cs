using Morgana.Cli.Arguments;

namespace Morgana.Cli.Running;

/// <summary>What the environment of a guest says that knows nothing of us: where its network is, and where it serves, as containers are told.</summary>
internal static class PlainGuest
{
    /// <param name="settings">What the command was told; its variables come last, and so prevail.</param>
    /// <param name="image">The image, in the folder of whose build its content may lie.</param>
    /// <param name="hasNetwork">Whether somebody outside could reach it.</param>
    public static string[] Environment(RunSettings settings, string image, bool hasNetwork)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        // Else Kestrel serves this host's loopback alone, which nobody outside reaches.
        if (hasNetwork) variables["ASPNETCORE_HTTP_PORTS"] = "80";
        if (settings.Boot.Count > 0) variables["MORGANA_BOOT"] = string.Join(';', settings.Boot);
        string content = Path.Combine(Path.GetDirectoryName(image)!, "publish");
        if (Directory.Exists(content)) variables["ASPNETCORE_CONTENTROOT"] = variables["DOTNET_CONTENTROOT"] = content;
        foreach (string variable in settings.Environment) variables[variable[..variable.IndexOf('=', StringComparison.Ordinal)]] = variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..];
        return [.. variables.Select(v => $"{v.Key}={v.Value}")];
    }
}
