namespace Morgana.Composition;

/// <summary>A command line, taken apart: which boot arguments were given, as text.</summary>
/// <remarks>Written by hand, since a library for command lines costs an image two megabytes.</remarks>
public sealed class BootLine
{
    /// <summary>The longest value, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);

    private BootLine()
    {
    }

    /// <summary>Whether help was asked for; then nothing else was looked at.</summary>
    public bool IsHelpWanted { get; private init; }

    /// <summary>Takes <paramref name="arguments"/> apart.</summary>
    /// <exception cref="BootException">One is unknown, repeated, empty, too large, or lacks its value.</exception>
    public static BootLine Parse(IReadOnlyList<string> arguments, IReadOnlyList<ArgumentDescription> declared)
    {
        if (arguments.Any(a => a is "--help" or "-h")) return new() { IsHelpWanted = true };
        var line = new BootLine();
        for (int i = 0; i < arguments.Count; i++)
        {
            string text = arguments[i];
            if (!text.StartsWith("--", StringComparison.Ordinal) || text.Length == 2) throw new BootException($"'{Shorten(text)}' is no boot argument; they look like --name=value. See --help.");
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? text[2..] : text[2..equals];
            var description = declared.FirstOrDefault(d => d.Name == name) ?? throw Unknown(name, declared);
            bool hasNext = equals < 0 && !description.IsFlag && i + 1 < arguments.Count;
            string value = equals >= 0 ? text[(equals + 1)..]
                : description.IsFlag ? "true"
                : hasNext ? arguments[++i] : throw new BootException($"--{name} needs a value: --{name}={description.Value}.");
            if (value.Length == 0) throw new BootException($"--{name} is empty: expected {description.Expected}.");
            if (value.Length > MaxLength) throw new BootException($"--{name} is too large: {value.Length} characters, and at most {MaxLength} are taken.");
            if (!line._given.TryAdd(name, value)) throw new BootException($"--{name} is given twice.");
        }

        return line;
    }

    /// <summary>The text of an argument that must be given.</summary>
    /// <exception cref="BootException">It was not.</exception>
    public string Require(ArgumentDescription argument) =>
        Find(argument) ?? throw new BootException($"--{argument.Name} is needed: --{argument.Name}={argument.Value}{(argument.Help.Length > 0 ? ", " + argument.Help : "")}");

    /// <summary>The text of an argument, or null if it was not given.</summary>
    public string? Find(ArgumentDescription argument) => _given.GetValueOrDefault(argument.Name);

    private static BootException Unknown(string name, IReadOnlyList<ArgumentDescription> declared)
    {
        var near = declared.Select(d => (d.Name, Distance: Distance(name, d.Name))).Where(d => d.Distance <= 2).OrderBy(d => d.Distance).FirstOrDefault();
        return new($"there is no boot argument --{Shorten(name)}{(near.Name is null ? "." : $"; did you mean --{near.Name}?")} See --help.");
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "...";

    /// <summary>How many letters differ, after Levenshtein; only small numbers are of interest.</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2) return int.MaxValue;
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
