using System.Diagnostics;
using Morgana.Build;

namespace Morgana.Vm.Tests;

/// <summary>Our kernel under KVM, where that is one that QEMU emulates: docs/kernel.md, "Under KVM". A minute and more, and a stock Linux: with --long.</summary>
public class KvmTests
{
    [NestedKvmFact, Trait("Category", "Long")]
    public async Task The_samples_and_the_website_run_under_kvm()
    {
        using var bench = Process.Start(new ProcessStartInfo(Path.Combine(MorganaCommand.Root, "bench/kvm")) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        bench.StandardInput.Close();
        string said = await bench.StandardOutput.ReadToEndAsync();
        await bench.WaitForExitAsync();
        Assert.True(bench.ExitCode == 0, said);
        Assert.Contains("18 passed, 0 failed", said, StringComparison.Ordinal);
    }

    private sealed class NestedKvmFactAttribute : FactAttribute
    {
        public NestedKvmFactAttribute() => Skip = Need.Missing
            ?? (LinuxKernel.Find() is null ? "needs Debian's cloud kernel: run any image once with --target linux-vm, which fetches it"
            : ((string[])["python3", "busybox", "wrk"]).FirstOrDefault(p => Toolchain.FindProgram(p) is null) is { } missing ? $"needs {missing} (busybox: apt-get install busybox-static)"
            : Environment.GetEnvironmentVariable("MORGANA_LONG") is not "1" ? "takes long: ./test --long" : null);
    }
}
