using System.Text;
using Morgana.Devices;

namespace Morgana.Testing;

/// <summary>A console whose lines are given beforehand, and which keeps what was written. Any thread.</summary>
/// <param name="lines">What is typed, line by line; then its input ends.</param>
public sealed class ScriptedConsole(params string[] lines) : IConsole
{
    private readonly Queue<string> _lines = new(lines);
    private readonly StringBuilder _written = new();

    /// <summary>All that was written so far.</summary>
    public string Written
    {
        get
        {
            lock (_written) return _written.ToString();
        }
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<char> text)
    {
        lock (_written) _written.Append(text);
    }

    /// <inheritdoc/>
    public ValueTask<string?> ReadLineAsync(CancellationToken cancel = default)
    {
        lock (_lines) return new(_lines.TryDequeue(out string? line) ? line : null);
    }
}
