namespace Morgana.Vm.Tests;

/// <summary>What .NET asks of the kernel, by the sample that asks for it.</summary>
public class StressTests
{
    [VmTheory]
    [InlineData("microvm", 1)]
    [InlineData("microvm", 2)]
    [InlineData("microvm", 4)]
    [InlineData("q35", 8)]
    public async Task Everything_computes_what_it_should(string machine, int processors)
    {
        var (status, output, error) = await RunAsync(["--machine", machine, "--cpus", $"{processors}"]);
        Assert.True(status == 0, $"{output}\n{error}");
        Assert.EndsWith("all passed", output.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("not served", output, StringComparison.Ordinal);
    }

    // .NET's collector writes past its own tables where the range that it reserves is small: 32 MB, of 64, is such a limit.
    [VmFact]
    public async Task Collections_in_a_heap_of_any_limit_find_their_tables()
    {
        var (status, output, error) = await RunAsync(["--memory", "64M"], "threads", "pool", "locks", "spin", "spin", "spin");
        Assert.True(status == 0, $"{output}\n{error}");
    }

    // 24 threads that compute, allocate, fault and sleep, again and again; each checks what it has computed.
    [LongVmTheory, Trait("Category", "Long")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task Nothing_is_computed_wrong_however_long(int processors)
    {
        string[] rounds = [.. Enumerable.Repeat("vectors", 30), .. Enumerable.Repeat("mixed", 60)];
        var (status, output, error) = await RunAsync(["--cpus", $"{processors}"], rounds);
        Assert.True(status == 0, $"{output}\n{error}");
    }

    [VmFact]
    public async Task Memory_that_ends_is_an_exception_and_the_program_goes_on()
    {
        var (status, output, _) = await RunAsync([], "exhaust");
        Assert.True(status == 0, output);
        Assert.Contains("exhaust: passed", output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task Native_memory_that_ends_is_said_in_one_line_with_the_figures()
    {
        var (status, output, _) = await RunAsync(["--memory", "24M"], "devour");
        Assert.Equal(137, status);
        Assert.Contains("kernel: out of memory: the application found no page; the machine has 23 MB", output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task An_exception_that_nobody_catches_prints_its_trace_and_aborts()
    {
        var (status, output, _) = await RunAsync([], "unhandled");
        Assert.Equal(134, status);
        Assert.Contains("Unhandled exception. System.InvalidOperationException: nobody catches this", output, StringComparison.Ordinal);
        Assert.Contains("at Stress.Faults.ThrowUnhandled()", output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task A_stack_that_is_used_up_is_called_so()
    {
        var (status, output, _) = await RunAsync([], "overflow");
        Assert.True(status is 134 or 139, $"status {status}");
        Assert.Contains("kernel: stack overflow in thread 1", output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task Bad_pointers_missing_calls_and_code_that_can_be_written_are_refused()
    {
        var (status, output, _) = await RunAsync([], "protection");
        Assert.True(status == 0, output);
        Assert.Contains("protection: passed", output, StringComparison.Ordinal);
        Assert.Contains("kernel: system call 451 is not served", output, StringComparison.Ordinal);
        Assert.Contains("kernel: calls that are not served were made 2 times", output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task Data_is_not_executed()
    {
        var (status, output, _) = await RunAsync([], "execute");
        Assert.True(status is 134 or 139, $"{status}: {output}");
        Assert.DoesNotContain("data was executed", output, StringComparison.Ordinal);
    }

    [VmTheory, InlineData(0), InlineData(3), InlineData(127), InlineData(200), InlineData(255)]
    public async Task The_exit_status_is_passed_on(int status) =>
        Assert.Equal(status, (await RunAsync([], $"status={status}")).Status);

    [VmFact]
    public async Task Ctrl_C_ends_the_machine_with_status_0()
    {
        const int interrupt = 2;
        using var command = MorganaCommand.Start("run", "samples/Stress", "--target", "vm", "--accel", "tcg", "--net", "none", "--", "hello", "sleep");
        await command.LineAsync("hello: passed");
        var all = ProcessTree.All(command.Id);
        Assert.True(all.Count > 1);

        command.SignalGroup(interrupt);
        var (status, _, _) = await command.EndAsync();

        Assert.Equal(0, status);
        Assert.DoesNotContain(all, p => p.IsAlive);
    }

    [VmFact]
    public async Task One_file_is_built_twice_to_the_same_octets_and_boots_by_itself()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-vm-").FullName;
        try
        {
            string first = Path.Combine(folder, "first.elf"), second = Path.Combine(folder, "second.elf");
            foreach (string image in new[] { first, second })
                Assert.Equal(0, (await MorganaCommand.RunAsync("build", "samples/Stress", "--target", "vm", "-o", image)).Status);
            Assert.Equal(await File.ReadAllBytesAsync(first), await File.ReadAllBytesAsync(second));

            var (status, output, error) = await MorganaCommand.RunAsync("run", first, "--accel", "tcg", "--net", "none", "--", "hello", "status=5");
            Assert.True(status == 5, error);
            Assert.Contains("Hello", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<(int Status, string Output, string Error)> RunAsync(string[] options, params string[] arguments) =>
        MorganaCommand.RunAsync(["run", "samples/Stress", "--target", "vm", "--accel", "tcg", "--net", "none", .. options, "--", .. arguments]);
}
