using Morgana.Build;

namespace Morgana.Vm.Tests;

/// <summary>The kernel by itself, and with images that are not as they should be.</summary>
public sealed class KernelTests : IDisposable
{
    private const int Panicked = 120, Unfit = 78;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-vm-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [VmFact]
    public async Task A_panic_tells_cause_registers_and_way_and_has_a_status_of_its_own()
    {
        var (status, console) = await VirtualMachine.BootAsync(await VirtualMachine.NoopAsync(), "panic");
        Assert.Equal(Panicked, status);
        Assert.Contains("PANIC: page fault in the kernel, address ffffd800dead0000", console, StringComparison.Ordinal);
        Assert.Contains("rip ffffffff80", console, StringComparison.Ordinal);
        Assert.Contains("Boot.Main", console, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task An_image_boots_with_what_inspect_says_that_it_wants_said()
    {
        string image = await VirtualMachine.NoopAsync();
        string facts = await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "morgana"), "inspect", image, "--memory", "24M");
        string line = facts.Split('\n').Single(l => l.StartsWith("wants said", StringComparison.Ordinal))["wants said".Length..].Trim();
        Assert.Contains(" MORGANA_MEMORY=25165824 ", line, StringComparison.Ordinal);
        var (status, console) = await VirtualMachine.BootAsync(image, line.Replace("ARGUMENTS", "101", StringComparison.Ordinal), megabytes: 24);
        Assert.True(status == 101, console);
    }

    [VmFact]
    public async Task Without_an_application_it_refuses_to_start()
    {
        var (status, console) = await VirtualMachine.BootAsync(VirtualMachine.Kernel, "");
        Assert.Equal(Unfit, status);
        Assert.Contains("cannot start: there is no application", console, StringComparison.Ordinal);
    }

    [VmTheory, InlineData("microvm,auto-kernel-cmdline=off", "device"), InlineData("q35", "pci,disable-legacy=on")]
    public async Task Without_random_numbers_of_the_processors_the_first_key_is_a_devices_and_without_both_nothing_starts(string machine, string device)
    {
        string image = await VirtualMachine.NoopAsync();
        string[] bare = ["-M", machine, "-cpu", "max,-rdrand,-rdseed"];
        var (status, console) = await VirtualMachine.BootAsync(image, "verbose -- 7", 32, bare);
        Assert.Equal(Unfit, status);
        Assert.Equal("kernel: cannot start: nothing here gives random numbers: the processor has neither RDSEED nor RDRAND, and there is no virtio-rng device that works", console.Trim());

        (status, console) = await VirtualMachine.BootAsync(image, "verbose -- 7", 32, [.. bare, "-device", "virtio-rng-" + device]);
        Assert.Equal(7, status);
        Assert.Contains("random numbers from a virtio-rng device", console, StringComparison.Ordinal);

        // What the device gives is what is taken, and is looked at: zeroes are no key.
        (status, console) = await VirtualMachine.BootAsync(image, "verbose -- 7", 32, [.. bare, "-object", "rng-random,id=zero,filename=/dev/zero", "-device", $"virtio-rng-{device},rng=zero"]);
        Assert.True(status == Unfit, console);
    }

    // Headers, what a kernel might not look at, and notes.
    [VmTheory, InlineData(0), InlineData(18), InlineData(32), InlineData(54), InlineData(69), InlineData(120), InlineData(1000), InlineData(4095)]
    public async Task A_damaged_application_is_refused_before_anything_of_it_runs(int offset)
    {
        string image = await VirtualMachine.NoopAsync();
        byte[] octets = File.ReadAllBytes(image);
        const uint load = 1;
        octets[VirtualMachineImage.Segments(octets).Last(s => s.Type == load).Offset + (ulong)offset] ^= 0x10;
        string damaged = Path.Combine(_folder, "damaged.elf");
        File.WriteAllBytes(damaged, octets);

        var (status, console) = await VirtualMachine.BootAsync(damaged, "");

        Assert.Equal(Unfit, status);
        Assert.Contains("cannot start: the application is no static x86-64 program, or is damaged", console, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task Too_little_memory_is_said_in_one_line_at_every_size()
    {
        // ./test --long looks at every four pages' difference.
        int step = IsLong ? 16 : 256;
        string image = await VirtualMachine.NoopAsync();
        int least = 0;
        for (int kilobytes = 2048; kilobytes < 8192 && (least == 0 || kilobytes < least + 512); kilobytes += step)
        {
            var (status, console) = await VirtualMachine.RunAsync(kilobytes, "-kernel", image, "-append", "DOTNET_GCHeapHardLimit=800000 -- 0");
            if (status == 0 && least == 0) least = kilobytes;
            if (status != 0) Assert.True(console.Contains("memory", StringComparison.OrdinalIgnoreCase), $"{kilobytes} KB: status {status}, and no word about memory: {console}");
        }

        Assert.InRange(least, 2048, 6144);
    }

    // Each with another status, two at once. What a PC's own firmware leaves behind is there now and then only.
    [VmTheory, InlineData("microvm,auto-kernel-cmdline=off", 100), InlineData("q35", 20)]
    public async Task Boot_after_boot_comes_to_its_end(string machine, int boots)
    {
        // ./test --long boots a thousand times.
        if (IsLong) boots *= 10;
        string image = await VirtualMachine.NoopAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, boots), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (i, _) =>
        {
            int expected = i % 100;
            var (status, console) = await VirtualMachine.BootAsync(image, $"-- {expected}", 32, "-M", machine);
            Assert.True(status == expected, $"boot {i} ended with {status}: {console}");
        });
    }

    private static bool IsLong => Environment.GetEnvironmentVariable("MORGANA_LONG") is "1";
}
