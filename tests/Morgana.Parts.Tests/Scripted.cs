using System.Text;
using Morgana.Devices;

namespace Morgana.Parts.Tests;

/// <summary>A console whose lines are given, and which keeps what was written.</summary>
internal sealed class ScriptedConsole(params string[] lines) : IConsole
{
    private readonly Queue<string> _lines = new(lines);
    private readonly StringBuilder _written = new();

    public string Written
    {
        get
        {
            lock (_written) return _written.ToString();
        }
    }

    public void Write(ReadOnlySpan<char> text)
    {
        lock (_written) _written.Append(text);
    }

    public ValueTask<string?> ReadLineAsync(CancellationToken cancel = default) => new(_lines.TryDequeue(out string? line) ? line : null);
}

/// <summary>Octets that count.</summary>
internal sealed class CountingEntropy : IEntropy
{
    private byte _next;

    public void Fill(Span<byte> destination)
    {
        foreach (ref byte octet in destination) octet = _next++;
    }
}
