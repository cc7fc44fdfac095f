using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Morgana.Hosting;

/// <summary>Logs to a writer, a line for each entry, without the console logger's weight of two megabytes.</summary>
/// <param name="levels">What is logged.</param>
/// <param name="clock">The time in front of each line is this clock's, since now.</param>
/// <param name="output">Where to; null for standard output.</param>
internal sealed class LineLoggerProvider(LogLevels levels, TimeProvider clock, TextWriter? output = null) : ILoggerProvider
{
    private readonly object _gate = new();
    private readonly long _origin = clock.GetTimestamp();
    private readonly TextWriter _output = output ?? Console.Out;

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
        line.Append(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(_origin).TotalSeconds,9:F3} {name,-5} {category}: ");
        // One entry is one line, whatever a peer got into it.
        line.AppendOneLine(message);
        // An exception goes on below; its lines are indented, so that none of them can pass for an entry.
        if (exception is not null)
            foreach (var part in exception.ToString().AsSpan().EnumerateLines()) line.Append("\n          | ").AppendOneLine(part);
        lock (_gate) _output.WriteLine(line);
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
