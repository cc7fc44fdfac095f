namespace Morgana.Cli.Arguments;

/// <summary>What <c>--block</c> and <c>--device</c> say: a device, its driver, and a file for it.</summary>
/// <param name="Name">What the program calls it.</param>
/// <param name="Kind"><c>block</c>; null where the driver says it all.</param>
/// <param name="Driver">Which driver opens it.</param>
/// <param name="Path">The file that is opened and handed over; null if the driver needs none.</param>
internal sealed record DeviceAttachment(string Name, string? Kind, string Driver, string? Path)
{
    public const string BlockSyntax = "NAME=FILE[:SIZE][:ro], or NAME=memory[:SIZE]";
    public const string DeviceSyntax = "NAME=DRIVER[:FILE]";

    /// <summary>Of <c>--mount</c>: where the program finds it.</summary>
    public string? Mount { get; init; }

    /// <summary>Of <c>--mount</c>: what is there; <c>directory</c>, <c>disk</c> or <c>tar</c>.</summary>
    public string? Holds { get; init; }

    /// <summary>What the user has written, for messages.</summary>
    public string Spelling => Mount is not null ? $"--mount {Mount}={(Holds == "directory" ? "" : Holds + ":")}{Path}" : $"--{Kind ?? "device"} {Name}={(Kind is null ? Driver + ":" : "")}{Path}";

    /// <summary>How large the file is to be at least, and is made if it is not there.</summary>
    public long? Size { get; init; }

    /// <summary>Whether nothing is to be written.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Reads <see cref="BlockSyntax"/>.</summary>
    public static bool TryParseBlock(string text, out DeviceAttachment? attachment)
    {
        attachment = null;
        if (!TrySplit(text, out string name, out string rest)) return false;
        bool isReadOnly = rest.EndsWith(":ro", StringComparison.Ordinal);
        if (isReadOnly) rest = rest[..^3];
        long? size = null;
        int colon = rest.LastIndexOf(':');
        // A colon of the file's own is no size behind it.
        if (colon >= 0 && MemorySize.TryParse(rest[(colon + 1)..], out long octets) && rest.Length > colon + 1) (size, rest) = (octets, rest[..colon]);
        if (rest.Length == 0 || size is 0 || size % 512 != 0 && size is not null) return false;
        attachment = rest == "memory" ? new(name, "block", "memory", null) { Size = size } : new(name, "block", "file", rest) { Size = size, IsReadOnly = isReadOnly };
        return true;
    }

    /// <summary>Reads <see cref="DeviceSyntax"/>.</summary>
    public static bool TryParseDevice(string text, out DeviceAttachment? attachment)
    {
        attachment = null;
        if (!TrySplit(text, out string name, out string rest)) return false;
        int colon = rest.IndexOf(':');
        string driver = colon < 0 ? rest : rest[..colon];
        if (!IsWord(driver) || colon == rest.Length - 1) return false;
        attachment = new(name, null, driver, colon < 0 ? null : rest[(colon + 1)..]);
        return true;
    }

    internal static bool TrySplit(string text, out string name, out string rest)
    {
        int equals = text.IndexOf('=');
        (name, rest) = equals < 1 ? ("", "") : (text[..equals], text[(equals + 1)..]);
        return rest.Length > 0 && IsWord(name);
    }

    // What stands in MORGANA_DEVICES has no separators in it.
    private static bool IsWord(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}

/// <summary>What <c>--secret</c> says.</summary>
/// <param name="Name">What the program calls it.</param>
/// <param name="Path">The file that it is in; null for a variable.</param>
/// <param name="Variable">The runner's environment variable.</param>
internal sealed record SecretSource(string Name, string? Path, string? Variable)
{
    public const string Syntax = "NAME=FILE or NAME=env:VARIABLE";

    /// <summary>What stood in the variable, once it was taken out of the environment.</summary>
    public string? Value { get; init; }

    /// <summary>Takes secrets out of this process's environment: what it starts must not inherit them, and a compiler's server outlives the run.</summary>
    public static SecretSource[] Take(IReadOnlyList<SecretSource> secrets)
    {
        SecretSource[] taken = [.. secrets.Select(s => s.Variable is { } variable ? s with { Value = Environment.GetEnvironmentVariable(variable) } : s)];
        foreach (var secret in taken)
            if (secret.Variable is { } variable) Environment.SetEnvironmentVariable(variable, null);
        return taken;
    }

    /// <summary>Reads <see cref="Syntax"/>.</summary>
    public static bool TryParse(string text, out SecretSource? secret)
    {
        secret = null;
        if (!DeviceAttachment.TrySplit(text, out string name, out string rest) || rest == "env:") return false;
        secret = rest.StartsWith("env:", StringComparison.Ordinal) ? new(name, null, rest[4..]) : new(name, rest, null);
        return true;
    }
}
