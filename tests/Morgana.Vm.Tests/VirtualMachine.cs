using System.Diagnostics;
using System.Globalization;
using Morgana.Cli.Running.Vm;

namespace Morgana.Vm.Tests;

/// <summary>A virtual machine without the command around it: QEMU with the kernel and whatever the test says.</summary>
internal static class VirtualMachine
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>The kernel, built with these tests.</summary>
    public static string Kernel { get; } = Path.Combine(MorganaCommand.Root, "src/Morgana.Kernel/bin/kernel.elf");

    /// <summary>The loader of disks, built with these tests.</summary>
    public static string Loader { get; } = Path.Combine(MorganaCommand.Root, "src/Morgana.Kernel/bin/loader.bin");

    /// <summary>Boots an image and waits for its end.</summary>
    /// <returns>The status that the kernel gave to the monitor, which has seven bits of it, and the console.</returns>
    public static Task<(int Status, string Console)> BootAsync(string image, string commandLine, int megabytes = 32, params string[] more) =>
        RunAsync(megabytes * 1024, ["-kernel", image, "-append", commandLine, .. more]);

    /// <summary>Starts a machine of QEMU's, a microvm unless it says otherwise, and waits for its guest's end.</summary>
    /// <param name="kilobytes">Its memory.</param>
    /// <param name="more">What it has, and what it is to boot.</param>
    public static async Task<(int Status, string Console)> RunAsync(int kilobytes, params string[] more)
    {
        string[] arguments =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-accel", "tcg", "-cpu", "max", "-global", "virtio-mmio.force-legacy=false",
            .. more.Contains("-M") ? Array.Empty<string>() : ["-M", "microvm,auto-kernel-cmdline=off"],
            "-m", kilobytes.ToString(CultureInfo.InvariantCulture) + "K", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0x501,iosize=2", .. more,
        ];
        using var qemu = Process.Start(new ProcessStartInfo(QemuCommand.Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> console = qemu.StandardOutput.ReadToEndAsync(), errors = qemu.StandardError.ReadToEndAsync();
            await qemu.WaitForExitAsync().WaitAsync(s_patience);
            Assert.True((qemu.ExitCode & 1) == 1, $"QEMU ended with {qemu.ExitCode}: {await errors}\n{await console}");
            return (qemu.ExitCode >> 1, await console);
        }
        finally
        {
            if (!qemu.HasExited) qemu.Kill();
        }
    }

    /// <summary>The smallest program with the kernel, made by Morgana's own command.</summary>
    public static Task<string> NoopAsync() => s_noop.Value;

    private static readonly Lazy<Task<string>> s_noop = new(async () =>
    {
        string image = Path.Combine(Directory.CreateDirectory(Path.Combine(MorganaCommand.Root, "samples/Noop/obj")).FullName, "noop.elf");
        var (status, _, error) = await MorganaCommand.RunAsync("build", "samples/Noop", "--target", "vm", "-o", image);
        Assert.True(status == 0, error);
        return image;
    });
}
