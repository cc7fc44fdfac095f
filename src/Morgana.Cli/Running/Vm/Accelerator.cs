using Morgana.Build;

namespace Morgana.Cli.Running.Vm;

/// <summary>Whether the machine's own processor runs guests, or QEMU emulates one.</summary>
internal static class Accelerator
{
    // What a kernel without an application ends with (Morgana.Kernel/Boot/Power.cs), as QEMU's isa-debug-exit passes it on.
    private const int KernelRan = (78 << 1) | 1;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>Settles on kvm or tcg. For <c>auto</c> it tries: a /dev/kvm that can be opened need not run ordinary guests.</summary>
    /// <param name="wanted">auto, kvm or tcg.</param>
    /// <param name="kernel">A kernel to try with.</param>
    /// <param name="qemu">The monitor.</param>
    public static async Task<string> ChooseAsync(string wanted, string kernel, string qemu)
    {
        if (wanted != "auto") return wanted;
        if (!CanOpen()) return "tcg";
        // The answer holds until either is another.
        string note = Path.Combine(Path.GetDirectoryName(kernel)!, "kvm.note");
        string key = $"{File.GetLastWriteTimeUtc(qemu).Ticks} {BootId()} ";
        if (File.Exists(note) && File.ReadAllText(note) is var text && text.StartsWith(key, StringComparison.Ordinal)) return Tell(text[key.Length..].Trim());
        string answer = await TryAsync(kernel, qemu) ? "kvm" : "tcg";
        try
        {
            File.WriteAllText(note, key + answer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tried again next time.
        }

        return Tell(answer);
    }

    /// <summary>Whether a guest's processor has random numbers: an emulated one does; else it is this machine's.</summary>
    public static bool HasRandomNumbers(string accelerator) =>
        accelerator != "kvm" || File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) is { } flags && flags.Split(' ').Any(f => f is "rdrand" or "rdseed");

    private static string Tell(string answer)
    {
        if (answer == "tcg") Console.Error.WriteLine("morgana: this machine's KVM runs no ordinary guests: QEMU emulates the processor (TCG)");
        return answer;
    }

    private static async Task<bool> TryAsync(string kernel, string qemu)
    {
        using GuestLine console = new(), status = new();
        var arguments = QemuCommand.Arguments(new() { Image = kernel, Memory = 16 << 20, Accelerator = "kvm", CommandLine = "", ConsoleDescriptor = GuestProcess.FirstDescriptor, StatusDescriptor = GuestProcess.FirstDescriptor + 1 });
        var guest = GuestProcess.Start(Toolchain.FindProgram("sh") ?? "/bin/sh", ["-c", "exec \"$@\" 2> /dev/null", "sh", qemu, .. arguments], [], [console.Descriptor, status.Descriptor]);
        try
        {
            return await guest.Exited.WaitAsync(s_patience) == KernelRan;
        }
        catch (TimeoutException)
        {
            await guest.StopAsync(CancellationToken.None);
            return false;
        }
    }

    private static bool CanOpen()
    {
        try
        {
            using var _ = File.OpenHandle("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string BootId() => File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";
}
