using System.Globalization;

namespace Morgana.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record RunOptions
{
    public const string Usage = "usage: bench/run [NAME...] [--quick] [--json] [--svg[=FILE]] [--rounds=N] [--sample=MILLISECONDS] [--list] [--jit]";

    public IReadOnlyList<string> Names { get; private init; } = [];

    /// <summary>Results as JSON lines instead of a table.</summary>
    public bool Json { get; private init; }

    /// <summary>Where the chart goes; null for no chart.</summary>
    public string? SvgFile { get; private init; }

    /// <summary>How often each benchmark is measured.</summary>
    public int Rounds { get; private init; } = 7;

    /// <summary>How long each measurement takes.</summary>
    public TimeSpan Sample { get; private init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>Whether only the names are asked for.</summary>
    public bool List { get; private init; }

    /// <summary>Null, and what is wrong, if it makes no sense.</summary>
    public static RunOptions? Parse(string[] args, out string? complaint)
    {
        var options = new RunOptions();
        var names = new List<string>();
        complaint = null;
        // First, so that what is said in numbers counts, wherever it stands.
        if (args.Contains("--quick")) options = options with { Rounds = 3, Sample = TimeSpan.FromMilliseconds(200) };
        foreach (string argument in args)
        {
            string[] parts = argument.Split('=', 2);
            switch (parts)
            {
                case ["--quick"]: break;
                case ["--json"]: options = options with { Json = true }; break;
                case ["--list"]: options = options with { List = true }; break;
                case ["--svg"]: options = options with { SvgFile = "bench.svg" }; break;
                case ["--svg", { Length: > 0 } file]: options = options with { SvgFile = file }; break;
                case ["--rounds", var text] when Number(text) is { } n: options = options with { Rounds = n }; break;
                case ["--sample", var text] when Number(text) is { } n: options = options with { Sample = TimeSpan.FromMilliseconds(n) }; break;
                case [['-', ..], ..]: complaint = $"'{argument}' is not understood. {Usage}"; return null;
                default: names.Add(argument); break;
            }
        }

        return options with { Names = names };
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is > 0 and <= 100_000 ? n : null;
}
