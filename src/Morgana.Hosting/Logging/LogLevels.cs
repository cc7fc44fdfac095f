using Microsoft.Extensions.Logging;

namespace Morgana.Hosting;

/// <summary>What <c>--log</c> says: a level for all, and levels for categories.</summary>
/// <remarks>The framework's own categories say no more than warnings unless they are named: they would write four lines for each request.</remarks>
internal sealed class LogLevels
{
    private const string Names = "trace, debug, info, warn, error or none";

    private readonly List<(string Category, LogLevel Level)> _categories = [];
    private LogLevel _level = LogLevel.Information;

    /// <summary>Parses <c>info,Kestrel:debug</c>.</summary>
    /// <exception cref="BootException">There is no such level, or a category without a name.</exception>
    public static LogLevels Parse(string text)
    {
        var levels = new LogLevels();
        string[] entries = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (entries.Length == 0) throw new BootException($"--log={text}: expected {Names}.");
        foreach (string entry in entries)
        {
            int colon = entry.LastIndexOf(':');
            string name = entry[(colon + 1)..].Trim();
            var level = Level(name) ?? throw new BootException($"--log={text}: '{name}' is not {Names}.");
            string category = colon < 0 ? "" : entry[..colon].Trim();
            if (colon < 0) levels._level = level;
            else if (category.Length > 0) levels._categories.Add((category, level));
            else throw new BootException($"--log={text}: '{entry}' is not of the form CATEGORY:LEVEL.");
        }

        return levels;
    }

    /// <summary>The level of a category: the last entry that names a part of it, else the level for all.</summary>
    public LogLevel For(string category)
    {
        var level = IsFramework(category) && _level < LogLevel.Warning ? LogLevel.Warning : _level;
        foreach (var (part, partLevel) in _categories)
            if (category.Contains(part, StringComparison.OrdinalIgnoreCase)) level = partLevel;
        return level;
    }

    private static bool IsFramework(string category) =>
        category.StartsWith("Microsoft.", StringComparison.Ordinal) || category.StartsWith("System.", StringComparison.Ordinal);

    private static LogLevel? Level(string name) => name switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "none" => LogLevel.None,
        _ => null,
    };
}
