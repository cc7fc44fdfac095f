using DeviceProbe;

namespace Morgana.Vm.Tests;

/// <summary>What a user types reaches the guest, on every target that is an image.</summary>
public sealed class ConsoleTests
{
    [VmTheory, InlineData("vm"), InlineData("process"), InlineData("sandbox")]
    public async Task The_parrot_says_what_it_hears_until_there_is_nothing_more_to_hear(string target)
    {
        if (target == "sandbox" && Sandbox.Landlock.Version == 0) return;
        using var command = Start(target, "--loud");
        command.Say("first\n");
        Assert.Equal("FIRST", await command.LineAsync("FIRST"));
        // Keys of a terminal are content in a pipe.
        command.Say("a\u0003b\u0004c\u0016d\u001ce\nlast without an end");
        command.CloseInput();
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Equal("FIRST\nA\u0003B\u0004C\u0016D\u001cE\nLAST WITHOUT AN END\n", output);
    }

    [VmTheory, InlineData("vm"), InlineData("process")]
    public Task More_than_any_buffer_on_the_way_holds_arrives_whole(string target) => ArrivesWholeAsync(target, lines: 3000);

    // Some seconds; half a minute where the machine is busy.
    [LongVmTheory, Trait("Category", "Long"), InlineData("vm"), InlineData("process")]
    public Task A_megabyte_arrives_whole(string target) => ArrivesWholeAsync(target, lines: 110_000);

    private static async Task ArrivesWholeAsync(string target, int lines)
    {
        using var command = Start(target);
        string text = string.Concat(Enumerable.Range(0, lines).Select(i => $"{i} {new string('x', i % 7)}\n"));
        command.Say(text);
        command.CloseInput();
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Equal(text, output);
    }

    [VmTheory, InlineData("vm"), InlineData("process")]
    public async Task A_guest_that_waits_for_input_ends_when_it_is_told_to(string target)
    {
        using var command = Start(target);
        command.Say("here\n");
        await command.LineAsync("here");
        command.SignalGroup(2);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, $"{output}\n{error}");
    }

    // What nobody reads stands in nobody's way.
    [VmFact]
    public async Task A_guest_that_reads_nothing_ends_in_order_whatever_was_typed()
    {
        using var command = MorganaCommand.Start("run", "tests/Unikernels/DeviceProbe", "--target", "vm", "--accel", "tcg", "--secret", "password=/dev/null", "--", "--wait");
        command.Say(new string('x', 50_000));
        await command.LineAsync("waiting");
        command.SignalGroup(2);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Contains("ended in order", output, StringComparison.Ordinal);
    }

    // Long before its end it goes by the virtio console, and its beginning by the serial line: all of it in order.
    [VmTheory, InlineData("microvm", 1), InlineData("q35", 2)]
    public async Task A_burst_of_a_megabyte_of_lines_arrives_whole(string machine, int processors)
    {
        const int lines = 16 << 10;
        var (status, output, error) = await MorganaCommand.RunAsync("run", "tests/Unikernels/DeviceProbe", "--target", "vm", "--accel", "tcg", "--machine", machine,
            "--cpus", $"{processors}", "--secret", "password=/dev/null", "--", $"--burst={lines}");
        Assert.True(status == 0, error);
        string[] said = output.Split('\n');
        Assert.Equal(1 + lines + 1, said.Length);
        for (int i = 0; i < lines; i++) Assert.Equal(Said.Line(i), said[1 + i]);
        Assert.Equal("", error);
    }

    private static MorganaCommand Start(string target, params string[] arguments) =>
        MorganaCommand.Start(["run", "samples/Parrot", "--target", target, .. target == "vm" ? ["--accel", "tcg"] : Array.Empty<string>(), "--", .. arguments]);
}
