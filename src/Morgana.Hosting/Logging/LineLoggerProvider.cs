using System.Text;
using Microsoft.Extensions.Logging;

namespace Morgana.Hosting;

/// <summary>Logs to standard output, a line for each entry, without the console logger's weight of two megabytes.</summary>
internal sealed class LineLoggerProvider(LogLevels levels, TimeProvider clock) : ILoggerProvider
{
    private readonly object _gate = new();
    private readonly long _origin = clock.GetTimestamp();

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName, levels.For(categoryName));

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        string name = level switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "error",
            _ => "critical",
        };
        var line = new StringBuilder();
        line.Append(System.Globalization.CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(_origin).TotalSeconds,9:F3} {name,-5} {category}: ");
        // One entry is one line, whatever a peer got into it.
        foreach (char c in message) line.Append(c is '\n' or '\r' ? ' ' : char.IsControl(c) ? '?' : c);
        if (exception is not null) line.Append('\n').Append(exception);
        lock (_gate) Console.Out.WriteLine(line);
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category, LogLevel least) : ILogger
    {
        private readonly string _shortCategory = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) provider.Write(logLevel, _shortCategory, formatter(state, exception), exception);
        }
    }
}

/// <summary>What <c>--log</c> says: a level for all, and levels for categories.</summary>
internal sealed class LogLevels
{
    private readonly List<(string Category, LogLevel Level)> _categories = [];
    private LogLevel _level = LogLevel.Information;

    /// <summary>Parses <c>info,Kestrel:debug</c>.</summary>
    public static LogLevels Parse(string text)
    {
        var levels = new LogLevels();
        foreach (string entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = entry.IndexOf(':', StringComparison.Ordinal);
            string name = entry[(colon + 1)..];
            LogLevel level = name switch
            {
                "trace" => LogLevel.Trace,
                "debug" => LogLevel.Debug,
                "info" => LogLevel.Information,
                "warn" => LogLevel.Warning,
                "error" => LogLevel.Error,
                "none" => LogLevel.None,
                _ => throw new BootException($"--log={text}: '{name}' is not trace, debug, info, warn, error or none."),
            };
            if (colon < 0) levels._level = level;
            else levels._categories.Add((entry[..colon], level));
        }

        return levels;
    }

    /// <summary>The level of a category: the last entry that names a part of it, else the level for all.</summary>
    public LogLevel For(string category)
    {
        var level = _level;
        foreach (var (part, partLevel) in _categories)
            if (category.Contains(part, StringComparison.OrdinalIgnoreCase)) level = partLevel;
        return level;
    }
}
