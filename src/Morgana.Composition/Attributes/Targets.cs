namespace Morgana.Composition;

/// <summary>What an image can be run as: docs/architecture.md, "Targets". A part says on which it works.</summary>
[Flags]
public enum Targets
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The static image as a Linux process.</summary>
    Process = 1,

    /// <summary>The same project under the JIT.</summary>
    Managed = 2,

    /// <summary>The image as a process that may do next to nothing.</summary>
    Sandbox = 4,

    /// <summary>A virtual machine on our own kernel.</summary>
    Vm = 8,

    /// <summary>A virtual machine on a stock Linux kernel.</summary>
    LinuxVm = 16,

    /// <summary>Every one.</summary>
    All = Process | Managed | Sandbox | Vm | LinuxVm,
}
