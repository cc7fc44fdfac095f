namespace Morgana.Devices;

/// <summary>Lines to and from whoever watches the program. Any thread.</summary>
public interface IConsole
{
    /// <summary>Writes text as it is.</summary>
    void Write(ReadOnlySpan<char> text);

    /// <summary>Writes a line, in one piece.</summary>
    void WriteLine(string line) => Write(line + "\n");

    /// <summary>The next line, without its end; null when there are no more.</summary>
    ValueTask<string?> ReadLineAsync(CancellationToken cancel = default);
}
