using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Running;

/// <summary>Runs the command itself. Programs of the system stand in for images where what matters is the runner.</summary>
public class RunTests
{
    private const int Interrupt = 2;

    [Fact]
    public async Task A_sample_is_built_and_its_exit_status_passed_on()
    {
        var first = await MorganaCommand.RunAsync("run", "samples/Noop", "--net", "none");
        Assert.Equal((0, ""), (first.Status, first.Output));

        var second = await MorganaCommand.RunAsync("run", "samples/Noop", "--net", "none", "--", "3");
        Assert.Equal((3, "", ""), second);          // No word of a build: the fingerprint has held.
    }

    [Fact]
    public async Task A_built_image_runs_for_an_unprivileged_user()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-run-").FullName;
        try
        {
            const UnixFileMode everyone = (UnixFileMode)0b111_101_101;
            File.SetUnixFileMode(folder, everyone);
            string image = Path.Combine(folder, "noop");
            Assert.Equal(0, (await MorganaCommand.RunAsync("build", "samples/Noop", "-o", image)).Status);

            using var command = MorganaCommand.Start(new CommandSettings { IsUnprivileged = true, Arguments = ["run", image, "--net", "none", "--", "7"] });
            Assert.Equal((7, "", ""), await command.EndAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("sleep 60", Interrupt)]
    [InlineData("sleep 60", Libc.Terminate)]
    [InlineData("trap '' TERM; while :; do sleep 60; done", Interrupt)]        // one that does not want to end
    public async Task Ctrl_C_ends_the_guest_and_all_it_started_with_status_0(string script, int signal)
    {
        using var command = MorganaCommand.Start("run", "/bin/sh", "--net", "none", "--", "-c", "echo up; " + script);
        await command.LineAsync("up");
        var all = ProcessTree.All(command.Id);
        Assert.True(all.Count > 1);

        command.SignalGroup(signal);
        var (status, _, error) = await command.EndAsync();

        Assert.Equal((0, ""), (status, error));
        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [Fact]
    public async Task The_guest_dies_with_a_runner_that_is_killed()
    {
        using var command = MorganaCommand.Start("run", "/bin/sh", "--net", "none", "--", "-c", "echo up; exec sleep 60");
        await command.LineAsync("up");
        var all = ProcessTree.All(command.Id);

        command.Signal(Libc.Kill);
        await command.EndAsync();               // Its output ends only when the guest, which has it too, has gone.

        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [Fact]
    public async Task A_guest_that_is_ended_by_a_signal_says_so()
    {
        var (status, _, error) = await MorganaCommand.RunAsync("run", "/bin/sh", "--net", "none", "--", "-c", "kill -SEGV $$");
        Assert.Equal(128 + 11, status);
        Assert.Contains("signal 11", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guest_gets_its_memory_and_nothing_of_the_runners_environment()
    {
        var (status, output, _) = await MorganaCommand.RunAsync("run", "/usr/bin/env", "--net", "none", "--memory", "32M");
        Assert.Equal(0, status);
        Assert.Equal(
            ["DOTNET_GCHeapHardLimit=1000000", "DOTNET_GCRegionRange=40000000", "MORGANA_DEVICES=", "MORGANA_MEMORY=33554432"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [CgroupFact]
    public async Task A_guest_that_needs_more_than_its_memory_is_ended_and_told_so()
    {
        var (status, _, error) = await MorganaCommand.RunAsync("run", "/usr/bin/tail", "--net", "none", "--memory", "16M", "--", "/dev/zero");
        Assert.Equal(128 + 9, status);
        Assert.Contains("more than its 16 MB", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guest_inherits_no_descriptor_but_its_own()
    {
        var (_, output, _) = await MorganaCommand.RunAsync("run", "/bin/ls", "--net", "none", "--", "/proc/self/fd");
        Assert.Equal(["0", "1", "2", "3"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));        // 3 is ls's own, the folder.
    }

    [Fact]
    public async Task Logs_of_the_guest_come_through_on_both_streams()
    {
        var (_, output, error) = await MorganaCommand.RunAsync("run", "/bin/sh", "--net", "none", "--", "-c", "echo out; echo err >&2");
        Assert.Equal(("out\n", "err\n"), (output, error));
    }
}
