using System.Globalization;

namespace Morgana.Composition;

/// <summary>A device that a graph needs: what a runner attaches.</summary>
/// <param name="Name">What the graph calls it: <c>disk</c>.</param>
/// <param name="Kind">What it is: <c>block</c>.</param>
public sealed record DeviceDescription(string Name, string Kind);

/// <summary>A device as the runner hands it over: an entry of <c>MORGANA_DEVICES</c>.</summary>
/// <param name="Name">What the graph calls it: <c>disk</c>.</param>
/// <param name="Driver">Which driver opens it: <c>file</c>.</param>
/// <param name="Settings">The driver's settings.</param>
public sealed record DeviceHandle(string Name, string Driver, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>Where the runner names the devices.</summary>
    public const string Variable = "MORGANA_DEVICES";

    /// <summary>The driver of a network that this very process brings with it (under the JIT), which no runner hands over.</summary>
    public const string InProcess = "in-process";

    /// <summary>Which of the graph's devices of its kind it is: 0 is the first.</summary>
    public int Index { get; init; }

    /// <summary>How many devices of its kind the graph has, which share what there is for them.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The descriptor that it is open at; in a virtual machine the number of its UIO device.</summary>
    /// <exception cref="BootException">There is none.</exception>
    public int Descriptor => Number("fd", 0, int.MaxValue) ?? Number("uio", 0, int.MaxValue) ?? throw new BootException($"{Variable}: {Name} has no fd=N or uio=N.");

    /// <summary>Parses entries between <c>;</c>, such as <c>net0=frame-socket,fd=3,mtu=65520;disk=file,fd=4</c>.</summary>
    /// <exception cref="BootException">The text is not of that form.</exception>
    public static IReadOnlyList<DeviceHandle> ParseList(string text) =>
        [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];

    /// <summary>A setting as text, or null.</summary>
    public string? Find(string setting) => Settings.GetValueOrDefault(setting);

    /// <summary>A setting as a number, or null if it is not there.</summary>
    /// <exception cref="BootException">It is none, or out of bounds.</exception>
    public int? Number(string setting, int least, int most)
    {
        if (Find(setting) is not { } text) return null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < least || value > most)
            throw new BootException($"{Variable}: {setting}={text} of {Name}: expected a number from {least} to {most}.");
        return value;
    }

    private static DeviceHandle Parse(string entry)
    {
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        string[] settings = equals < 1 ? [] : entry[(equals + 1)..].Split(',');
        if (settings.Length == 0 || settings[0].Length == 0) throw new BootException($"{Variable}: '{entry}' is not of the form NAME=DRIVER,SETTING=VALUE.");
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string setting in settings.Skip(1))
        {
            // A flag, as in "readonly", stands for itself.
            int at = setting.IndexOf('=', StringComparison.Ordinal);
            string name = at < 0 ? setting : setting[..at];
            if (name.Length == 0 || !values.TryAdd(name, at < 0 ? "" : setting[(at + 1)..])) throw new BootException($"{Variable}: '{setting}' of {entry[..equals]} has no name, or stands there twice.");
        }

        return new(entry[..equals], settings[0], values);
    }
}
