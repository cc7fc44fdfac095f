using Morgana.Build;
using Morgana.Cli.Running.Vm;

namespace Morgana.Vm.Tests;

/// <summary>A test that starts a virtual machine.</summary>
public sealed class VmFactAttribute : FactAttribute
{
    public VmFactAttribute() => Skip = Need.Missing;
}

/// <summary>Several of them.</summary>
public sealed class VmTheoryAttribute : TheoryAttribute
{
    public VmTheoryAttribute() => Skip = Need.Missing;
}

/// <summary>Several that take long.</summary>
public sealed class LongVmTheoryAttribute : TheoryAttribute
{
    public LongVmTheoryAttribute() => Skip = Need.Missing ?? (Environment.GetEnvironmentVariable("MORGANA_LONG") is "1" ? null : "takes long: ./test --long");
}

internal static class Need
{
    public static string? Missing { get; } = Toolchain.FindProgram(QemuCommand.Program) is null ? "needs QEMU: apt-get install qemu-system-x86"
        : Toolchain.Binutils is null || Toolchain.MissingPackages.Count > 0 ? "needs gcc, libc6-dev and binutils"
        : null;
}
