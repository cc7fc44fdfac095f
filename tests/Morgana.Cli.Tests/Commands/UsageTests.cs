using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Commands;

/// <summary>What the command says about a command line that it cannot do: one line, and the status.</summary>
public class UsageTests
{
    [Theory]
    [InlineData("frob", "there is no command 'frob'")]
    [InlineData("run", "run needs a PROJECT|IMAGE")]
    [InlineData("run x --frob", "there is no option --frob")]
    [InlineData("run x y", "'y'")]
    [InlineData("run x --memory lots", "--memory lots: expected a size")]
    [InlineData("run x --memory 99999G", "a guest has at most 1024G")]
    [InlineData("run x --memory 1M", "a guest needs at least")]
    [InlineData("run x --memory 7M", "a guest that is a process needs at least 8M")]
    [InlineData("run x --publish 80", "--publish 80: expected HOST:GUEST")]
    [InlineData("run x --publish 8080:80 --publish 8080:81", "port 8080 twice")]
    [InlineData("run x --net bridge", "--net bridge: expected gateway, tap:NAME or none")]
    [InlineData("run x --target cloud", "there is no target 'cloud': there are process, ")]
    [InlineData("run x --net none --publish 1:1", "--publish needs --net gateway")]
    [InlineData("run x --net tap:t0 --capture f", "tcpdump -i t0")]
    [InlineData("run x --net none --target managed", "managed target")]
    [InlineData("run x --net a=gateway --net b=tap:t0 --target managed", "managed target")]
    [InlineData("run x --net a=bridge", "--net a=bridge: expected gateway, tap:NAME or none")]
    [InlineData("run x --target linux-vm --memory 64M", "Linux and the image need at least 88M")]
    [InlineData("run x --target linux-vm --gdb", "--gdb needs --target vm")]
    [InlineData("build x", "'--output' is required")]
    [InlineData("doctor -- x", "only run takes boot arguments")]
    public async Task A_wrong_command_line_is_status_64_and_one_line(string arguments, string expected)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(arguments.Split(' '));
        Assert.Equal((64, ""), (status, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("run nowhere", "nowhere: no such project or image")]
    [InlineData("run samples", "holds no project file")]
    [InlineData("run LICENSE", "LICENSE is not an image")]
    [InlineData("build nowhere -o /tmp/x", "no such project")]
    [InlineData("build samples/Noop -o /nowhere/x", "there is no folder /nowhere")]
    [InlineData("run samples/Noop --net tap:morgana-none", "morgana-none")]
    public async Task What_cannot_be_done_is_status_1_and_one_line(string arguments, string expected)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(arguments.Split(' '));
        Assert.Equal((1, ""), (status, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'), line => line.StartsWith("morgana: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--help", "run")]
    [InlineData("run --help", "--capture")]
    [InlineData("build --help", "--output")]
    [InlineData("doctor --help", "missing")]
    public async Task Help_is_everywhere(string arguments, string expected)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(arguments.Split(' '));
        Assert.Equal((0, ""), (status, error));
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_command_it_shows_help_with_status_64()
    {
        var (status, output, _) = await MorganaCommand.RunAsync();
        Assert.Equal(64, status);
        Assert.Contains("Commands:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_names_the_linker()
    {
        var (_, output, error) = await MorganaCommand.RunAsync("doctor");
        Assert.Contains("linker", output, StringComparison.Ordinal);
        Assert.Equal("", error);
    }
}
