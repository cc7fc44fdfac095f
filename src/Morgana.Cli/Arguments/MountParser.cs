namespace Morgana.Cli.Arguments;

/// <summary>What <c>--mount</c> says: where a program that knows nothing of us finds files that are not in its image.</summary>
internal static class MountParser
{
    public const string Syntax = "PATH=FOLDER[:ro], PATH=disk:FILE[:SIZE] or PATH=tar:FILE, where PATH is such as /data";

    private const string Disk = "disk:", Tar = "tar:", ReadOnly = ":ro";

    // What the image has there itself.
    private static readonly string[] s_taken = ["/app", "/dev", "/proc", "/etc"];

    /// <summary>Reads <see cref="Syntax"/>.</summary>
    public static bool TryParse(string text, out DeviceAttachment? attachment)
    {
        attachment = null;
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || !IsPath(text[..equals])) return false;
        string path = text[..equals], rest = text[(equals + 1)..];
        attachment = rest.StartsWith(Disk, StringComparison.Ordinal) ? ParseDisk(rest[Disk.Length..])
            : rest.StartsWith(Tar, StringComparison.Ordinal) ? ParseTar(rest[Tar.Length..])
            : ParseFolder(rest);
        if (attachment is not null) attachment = attachment with { Mount = path };
        return attachment is not null;
    }

    private static DeviceAttachment? ParseDisk(string rest) =>
        DeviceAttachment.TryParseBlock("mount=" + rest, out var block) && block is { Path: not null } ? block with { Holds = "disk" } : null;

    // Nothing is ever written there, whether it is said or not.
    private static DeviceAttachment? ParseTar(string rest)
    {
        string file = rest.EndsWith(ReadOnly, StringComparison.Ordinal) ? rest[..^ReadOnly.Length] : rest;
        return file.Length == 0 ? null : new("mount", "block", "file", file) { Holds = "tar", IsReadOnly = true };
    }

    private static DeviceAttachment? ParseFolder(string rest)
    {
        bool isReadOnly = rest.EndsWith(ReadOnly, StringComparison.Ordinal);
        string folder = isReadOnly ? rest[..^ReadOnly.Length] : rest;
        return folder.Length == 0 ? null : new("mount", "directory", "directory", folder) { Holds = "directory", IsReadOnly = isReadOnly };
    }

    // It stands in MORGANA_DEVICES, which has separators of its own; and there is one spelling for each place.
    private static bool IsPath(string path) =>
        path.Length is > 1 and <= 255 && path[0] == '/' && path[1..].Split('/').All(p => p is not ("" or "." or "..") && p.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        && !s_taken.Any(t => path == t || (path.StartsWith(t + "/", StringComparison.Ordinal) && t != "/app"));
}
