using System.Text.RegularExpressions;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Samples;

/// <summary>The samples do what they say. Those of them that tests make images of are in <see cref="Images.ImageTests"/>.</summary>
public partial class SampleTests
{
    private const int Interrupt = 2;

    [Theory]
    [InlineData("Hello, World!\n")]
    [InlineData("Hello, Ada!\n", "--name=Ada")]
    [InlineData("Hello, Ada Lovelace!\n", "--name", "Ada Lovelace")]
    public async Task Hello_greets_by_its_boot_argument(string expected, params string[] arguments) =>
        Assert.Equal((0, expected, ""), await Sample.RunAsync("Hello", arguments));

    [Fact]
    public async Task Help_names_a_samples_own_arguments_and_their_defaults()
    {
        var (status, output, _) = await Sample.RunAsync("Hello", "--help");
        Assert.Equal(0, status);
        Assert.Matches("--name=NAME\n +Who is greeted\\. \\(default: World\\)", output);
    }

    [Theory]
    [InlineData("Hello", "--greet=Ada", "there is no boot argument --greet")]
    [InlineData("Hello", "--name", "--name needs a value: --name=NAME")]
    [InlineData("Hello", "Ada", "'Ada' is no boot argument")]
    [InlineData("Clock", "--ticks=many", "--ticks=many: expected COUNT")]
    [InlineData("Clock", "--every=00:00:00", "a millisecond at least")]
    [InlineData("Ping", "--ipv4=ten", "--ipv4=ten: expected ADDRESS/PREFIX")]
    public async Task A_wrong_boot_argument_is_one_line_and_status_64(string sample, string argument, string expected)
    {
        var (status, output, error) = await Sample.RunAsync(sample, argument);
        Assert.Equal((64, ""), (status, output));
        Assert.StartsWith(sample.ToLowerInvariant() + ": ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("notes=memory,size=512", 1, "notebook: IKeyValueStore 'notes' did not start: A log store needs 64 sectors; the device has 1.\n")]
    [InlineData("notes=memory,size=much", 64, "notebook: MORGANA_DEVICES: size=much of notes: expected a size such as 16M.\n")]
    [InlineData("nots=memory", 64, "notebook: MORGANA_DEVICES: notebook has no device 'nots'; it needs notes.\n")]
    public async Task A_device_that_does_not_serve_is_one_line(string devices, int status, string error) =>
        Assert.Equal((status, "", error), await Sample.RunOnAsync(devices, "Notebook"));

    [Fact]
    public async Task Clock_tells_both_times_as_often_as_it_is_asked_to()
    {
        var (status, output, _) = await Sample.RunAsync("Clock", "--ticks=3", "--every=00:00:00.01");
        Assert.Equal(0, status);
        var ticks = Tick().Matches(output);
        Assert.Equal(3, ticks.Count);
        var up = ticks.Select(t => double.Parse(t.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(up.Order(), up);
        Assert.True(up[^1] >= 0.01);
    }

    [Fact]
    public async Task Clock_goes_on_until_it_is_stopped()
    {
        using var clock = Sample.Start("Clock", "--ticks=0", "--every=00:00:00.01");
        await clock.LineAsync("2");
        clock.Signal(Interrupt);
        Assert.Equal((0, ""), await clock.EndAsync() is var (status, _, error) ? (status, error) : default);
    }

    [Theory]
    [InlineData("1.00:00:00", "00:00:00.01", "gave up, and the work goes on", "the work was stopped", "runner 2 is done")]
    [InlineData("00:00:00", "1.00:00:00", "work is done", "work is done", "runner 1 is done")]
    public async Task Timeouts_tell_who_was_first(string work, string limit, string patience, string limited, string race)
    {
        var (status, output, error) = await Sample.RunAsync("Timeouts", "--work=" + work, "--limit=" + limit);
        Assert.Equal((0, ""), (status, error));
        Assert.Equal([$"patience: {patience}", $"limit:    {limited}", $"race:     {race}, and nobody runs any more"], output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Ping_hears_the_router_and_sums_up()
    {
        var (status, output, error) = await Sample.RunAsync("Ping", "--to=10.0.2.2", "--count=3", "--interval=00:00:00.01", "--timeout=00:01:00");
        Assert.Equal((0, ""), (status, error));
        for (int sequence = 1; sequence <= 3; sequence++) Assert.Matches($"64 octets from 10\\.0\\.2\\.2: seq={sequence} time=[0-9.]+ ms", output);
        Assert.Contains("3 sent, 3 received, 0 % lost", output, StringComparison.Ordinal);
        Assert.Matches("round trip min/avg/max = [0-9.]+/[0-9.]+/[0-9.]+ ms", output);
    }

    [Fact]
    public async Task Ping_says_when_nobody_answers()
    {
        // An address on the guest's own link that nobody has: no frame leaves this process for it.
        var (status, output, _) = await Sample.RunAsync("Ping", "--to=10.0.2.99", "--count=1", "--timeout=00:00:00.01");
        Assert.Equal(1, status);
        Assert.Contains("no reply: seq=1", output, StringComparison.Ordinal);
        Assert.Contains("1 sent, 0 received, 100 % lost", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ping_knows_no_name_that_is_none()
    {
        Assert.Equal((2, "", "ping: no..name: the name is not known\n"), await Sample.RunAsync("Ping", "--to=no..name"));
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z, up for (\d+\.\d{3}) s$", RegexOptions.Multiline)]
    private static partial Regex Tick();
}
