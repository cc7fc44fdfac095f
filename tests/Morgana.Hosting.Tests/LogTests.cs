using Microsoft.Extensions.Logging;

namespace Morgana.Hosting.Tests;

public class LogTests
{
    [Theory]
    [InlineData("info", "App", LogLevel.Information)]
    [InlineData("info", "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning)]
    [InlineData("trace", "Microsoft.Hosting.Lifetime", LogLevel.Warning)]
    [InlineData("error", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error)]
    [InlineData("none", "Microsoft.AspNetCore.Server.Kestrel", LogLevel.None)]
    [InlineData("Microsoft.AspNetCore:info", "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information)]
    [InlineData("warn,kestrel:debug", "Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.Debug)]
    [InlineData("warn,kestrel:debug", "App", LogLevel.Warning)]
    [InlineData(" debug , App : none ", "My.App", LogLevel.None)]
    [InlineData("kestrel:debug,kestrel:error", "Kestrel", LogLevel.Error)]
    [InlineData("trace", "App", LogLevel.Trace)]
    public void A_category_has_the_level_that_the_last_entry_gives_it(string text, string category, LogLevel level) =>
        Assert.Equal(level, LogLevels.Parse(text).For(category));

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("loud")]
    [InlineData("INFO")]
    [InlineData("3")]
    [InlineData("info,Kestrel")]
    [InlineData("Kestrel:")]
    [InlineData(":info")]
    [InlineData("Kestrel:debug:")]
    public void A_level_that_is_none_is_refused_with_those_that_there_are(string text)
    {
        var e = Assert.Throws<BootException>(() => LogLevels.Parse(text));
        Assert.StartsWith($"--log={text}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_is_one_line_whatever_is_in_it()
    {
        string line = Logged(log => log.LogWarning("GET /{Path}", "a\r\n   0.000 info  App: forged\u2028\u202e\u001b[2J\u0085\u0007\t\u00e9"));
        Assert.Equal("    0.000 warn  App: GET /a     0.000 info  App: forged???[2J?? \u00e9\n", line);
    }

    [Fact]
    public void An_exceptions_lines_are_indented_so_that_none_looks_like_an_entry()
    {
        string text = Logged(log => log.LogError(new InvalidOperationException("bad\n    0.000 info  App: forged"), "it failed"));
        string[] lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal("    0.000 error App: it failed", lines[0]);
        Assert.Equal(3, lines.Length);
        Assert.All(lines[1..], l => Assert.StartsWith("          | ", l, StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_of_many_threads_do_not_mix()
    {
        var output = new StringWriter();
        using var provider = new LineLoggerProvider(LogLevels.Parse("info"), new StillClock(), output);
        var log = provider.CreateLogger("App");
        Parallel.For(0, 1000, i => log.LogInformation("{Number}", new string((char)('a' + (i % 26)), 50)));
        string[] lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(1000, lines.Length);
        Assert.All(lines, l => Assert.Single(l[^50..].Distinct()));
    }

    [Fact]
    public void What_is_below_the_level_is_not_even_put_together()
    {
        Assert.Equal("", Logged(log =>
        {
            Assert.False(log.IsEnabled(LogLevel.Debug));
            Assert.False(log.IsEnabled(LogLevel.None));
            log.Log(LogLevel.Debug, default, 0, null, (_, _) => throw new InvalidOperationException("formatted"));
        }));
    }

    private static string Logged(Action<ILogger> write)
    {
        var output = new StringWriter();
        using var provider = new LineLoggerProvider(LogLevels.Parse("info"), new StillClock(), output);
        write(provider.CreateLogger("My.App"));
        return output.ToString();
    }

    private sealed class StillClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
