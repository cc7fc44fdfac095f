using System.Text;
using Morgana.Devices;

namespace Morgana.Testing;

/// <summary>A console whose lines are given beforehand, and which keeps what was written. Any thread.</summary>
/// <param name="lines">What is typed, line by line; then its input ends.</param>
public sealed class ScriptedConsole(params string[] lines) : IConsole
{
    private readonly Queue<string> _lines = new(lines);
    private readonly StringBuilder _written = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];

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
        lock (_written)
        {
            _written.Append(text);
            if (_awaited.Count > 0) _awaited.RemoveAll(SeenAlready);
        }
    }

    /// <summary>Waits until <paramref name="text"/> has been written, in whatever pieces: what a test does instead of sleeping.</summary>
    /// <param name="text">What is waited for.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">It was not written in time.</exception>
    public async Task WaitForAsync(string text, CancellationToken cancel = default)
    {
        var awaited = (Text: text, Seen: new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_written)
        {
            if (!SeenAlready(awaited)) _awaited.Add(awaited);
        }

        await awaited.Seen.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<string?> ReadLineAsync(CancellationToken cancel = default)
    {
        lock (_lines) return new(_lines.TryDequeue(out string? line) ? line : null);
    }

    private bool SeenAlready((string Text, TaskCompletionSource Seen) awaited) =>
        _written.ToString().Contains(awaited.Text, StringComparison.Ordinal) && awaited.Seen.TrySetResult();
}
