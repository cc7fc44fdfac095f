using System.Diagnostics;
using Morgana.Build;

namespace Morgana.Vm.Tests;

/// <summary>System calls at random from several threads (Hostile/hostile.c): whatever an application does, it is the application that ends, and never the kernel.</summary>
public sealed class HostileTests
{
    private const int Panicked = 120;

    [VmTheory, InlineData(1, 1), InlineData(2, 2), InlineData(3, 4)]
    public Task A_program_that_asks_for_nonsense_comes_to_its_end_with_the_kernel_whole(int processors, int seed) => TameAsync(processors, seed, calls: 5000);

    // It kills itself soon, each time in another way.
    [VmTheory, InlineData(1), InlineData(2)]
    public Task A_program_that_stops_at_nothing_ends_by_itself(int processors) => WildAsync(processors, first: processors * 100, boots: 8);

    [LongVmTheory, Trait("Category", "Long"), InlineData(1), InlineData(2), InlineData(4), InlineData(8)]
    public async Task Nonsense_for_a_long_time_harms_nothing(int processors)
    {
        int first = Environment.TickCount & 0xff_ffff;
        for (int seed = first; seed < first + 20; seed++) await TameAsync(processors, seed, calls: 100_000);
        await WildAsync(processors, first, boots: 200);
    }

    private static async Task TameAsync(int processors, int seed, int calls)
    {
        var (status, console) = await RunAsync(processors, $"{seed} {calls} 4");
        Assert.True(status == 0, $"seed {seed} on {processors}: status {status}\n{console}");
        Assert.DoesNotContain("PANIC", console, StringComparison.Ordinal);
    }

    private static async Task WildAsync(int processors, int first, int boots)
    {
        for (int seed = first; seed < first + boots; seed++)
        {
            var (status, console) = await RunAsync(processors, $"{seed} 20000 4 wild");
            Assert.True(status != Panicked && !console.Contains("PANIC", StringComparison.Ordinal), $"seed {seed} on {processors}: status {status}\n{console}");
        }
    }

    private static async Task<(int Status, string Console)> RunAsync(int processors, string arguments) =>
        await VirtualMachine.BootAsync(await s_image.Value, $"-- {arguments}", 32, "-smp", $"{processors}");

    private static readonly Lazy<Task<string>> s_image = new(async () =>
    {
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "hostile")).FullName;
        string source = Path.Combine(MorganaCommand.Root, "tests/Morgana.Vm.Tests/Hostile/hostile.c"), program = Path.Combine(folder, "hostile"), image = program + ".elf";
        // It uses no vector register, so that it may do to them what it likes.
        using var gcc = Process.Start(new ProcessStartInfo("gcc",
        [
            "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fcf-protection=none", "-fno-pie", "-no-pie", "-mgeneral-regs-only",
            "-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-Wl,-e,enter", "-o", program, source,
        ])
        { RedirectStandardError = true })!;
        string errors = await gcc.StandardError.ReadToEndAsync();
        await gcc.WaitForExitAsync();
        Assert.True(gcc.ExitCode == 0, errors);
        VirtualMachineImage.Create(VirtualMachine.Kernel, program, image);
        return image;
    });
}
