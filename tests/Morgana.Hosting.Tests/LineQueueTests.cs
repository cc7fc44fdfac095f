using System.IO.Pipelines;

namespace Morgana.Hosting.Tests;

public sealed class LineQueueTests
{
    private readonly Pipe _pipe = new();
    private readonly LineQueue _lines;

    public LineQueueTests() => _lines = new(() => new StreamReader(_pipe.Reader.AsStream()));

    [Fact]
    public async Task Lines_come_in_order_and_then_the_end()
    {
        await WriteAsync("one\ntwo\n\nfour");
        await _pipe.Writer.CompleteAsync();
        foreach (string? line in (string?[])["one", "two", "", "four", null, null]) Assert.Equal(line, await ReadAsync());
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_the_line_to_the_next()
    {
        using var stop = new CancellationTokenSource();
        var given = _lines.ReadLineAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await WriteAsync("late\n");
        Assert.Equal("late", await ReadAsync());
    }

    [Fact]
    public async Task More_than_is_wanted_waits_in_the_reader()
    {
        var writing = Task.Run(async () =>
        {
            for (int i = 0; i < 10_000; i++) await WriteAsync($"line {i}\n");
            await _pipe.Writer.CompleteAsync();
        });
        for (int i = 0; i < 10_000; i++) Assert.Equal($"line {i}", await ReadAsync());
        Assert.Null(await ReadAsync());
        await writing;
    }

    [Fact]
    public async Task A_reader_that_fails_has_ended()
    {
        await _pipe.Writer.CompleteAsync(new IOException("the terminal has gone"));
        Assert.Null(await ReadAsync());
    }

    private ValueTask<string?> ReadAsync() => _lines.ReadLineAsync(CancellationToken.None);

    private async Task WriteAsync(string text) => await _pipe.Writer.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text));
}
