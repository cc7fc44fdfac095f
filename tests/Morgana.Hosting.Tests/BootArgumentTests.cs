namespace Morgana.Hosting.Tests;

public class BootArgumentTests
{
    private static readonly BootArgument[] Declared = [new("port", "PORT", "Where it listens", "80"), new("name", "TEXT", "Whom it greets"), new("log", "LEVEL", "What is logged", "info")];

    [Fact]
    public void Values_come_behind_an_equals_sign_or_as_the_next_word()
    {
        var arguments = BootArguments.Parse(["--port=8080", "--name", "Ada"], Declared);
        Assert.Equal(((ushort)8080, "Ada", "info"), (arguments.Get<ushort>("port"), arguments.Find("name"), arguments.Find("log")));
        Assert.Equal("a=b", BootArguments.Parse(["--name=a=b"], Declared).Find("name"));
        Assert.Equal("--port", BootArguments.Parse(["--name", "--port"], Declared).Find("name"));
        Assert.Null(BootArguments.Parse([], Declared).Find("name"));
    }

    [Theory]
    [InlineData("no boot argument --nmae", "--nmae=Ada")]
    [InlineData("no boot argument --", "--=x")]
    [InlineData("'Ada' is no boot argument", "Ada")]
    [InlineData("'' is no boot argument", "")]
    [InlineData("'--' is no boot argument", "--")]
    [InlineData("'-p' is no boot argument", "-p")]
    [InlineData("--name needs a value: --name=TEXT", "--name")]
    [InlineData("--name is empty: expected TEXT", "--name=")]
    [InlineData("--name is empty: expected TEXT", "--name", "")]
    [InlineData("--port is given twice; it takes one value: --port=PORT", "--port=1", "--port=1")]
    public void A_wrong_argument_is_named_with_what_is_right(string message, params string[] arguments)
    {
        var e = Assert.Throws<BootException>(() => BootArguments.Parse(arguments, Declared));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_too_large_is_refused() => Assert.StartsWith(
        "--name is too large: 65537 characters", Assert.Throws<BootException>(() => BootArguments.Parse(["--name=" + new string('x', 65537)], Declared)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http")]
    [InlineData("-1")]
    [InlineData("65536")]
    [InlineData("8O")]
    public void A_value_of_the_wrong_kind_is_named_with_what_was_expected(string value)
    {
        var e = Assert.Throws<BootException>(() => BootArguments.Parse(["--port=" + value], Declared).Get<ushort>("port"));
        Assert.Equal($"--port={value}: expected PORT.", e.Message);
    }

    [Fact]
    public void A_value_that_is_needed_and_missing_is_asked_for() =>
        Assert.Equal("--name is needed: --name=TEXT.", Assert.Throws<BootException>(() => BootArguments.Parse([], Declared).Get<int>("name")).Message);

    [Fact]
    public void Help_lists_every_argument_with_its_default()
    {
        // Whatever else is wrong.
        var arguments = BootArguments.Parse(["--nmae=Ada", "--help"], [.. GuestNetwork.Arguments.Take(1), .. Declared]);
        Assert.True(arguments.IsHelpWanted);
        Assert.Equal("""
            NAME
                   hello

            SYNOPSIS
                   hello [--name=value ...]

            NETWORK
                   --ipv4=ADDRESS/PREFIX
                          The guest's IPv4 address; behind the gateway 10.0.2.15/24.

            APPLICATION
                   --port=PORT
                          Where it listens. (default: 80)
                   --name=TEXT
                          Whom it greets.
                   --log=LEVEL
                          What is logged. (default: info)

            EXIT STATUS
                   the unikernel's own; 64 if it was started wrongly

            """, arguments.Help("hello"));
    }

    [Theory]
    [InlineData(null, 64L << 20)]
    [InlineData("", 64L << 20)]
    [InlineData("33554432", 32L << 20)]
    public void Memory_is_what_the_runner_says(string? text, long total) => Assert.Equal(total, GuestMemory.Parse(text).Total);

    [Theory]
    [InlineData("32M")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public void Memory_that_is_no_number_is_refused(string text) =>
        Assert.Contains("expected a number of octets", Assert.Throws<BootException>(() => GuestMemory.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32L << 20)]
    [InlineData(long.MaxValue)]
    public void Every_amount_of_memory_gives_limits_that_can_be_kept(long total)
    {
        var memory = new GuestMemory(total);
        Assert.InRange(memory.Pool, 1 << 20, 256 << 20);
        Assert.InRange(memory.WebConnections, 64, 16384);
        Assert.InRange(memory.ConnectionBuffer, 16 << 10, 256 << 10);
    }

    [Theory, InlineData("EchoServer", "echo-server"), InlineData("Hello", "hello"), InlineData("My.App", "my.app"), InlineData("HTTPServer_v2", "http-server-v2"), InlineData("already-so", "already-so")]
    public void A_program_is_called_as_its_manifest_would_call_it(string file, string name) => Assert.Equal(name, Boot.Kebab(file));
}
