namespace Morgana.Cli.Running.Vm;

/// <summary>What a virtual machine is made of.</summary>
internal sealed record VmSettings
{
    /// <summary>The least memory that a guest can be given: the kernel, an image and a small heap.</summary>
    public const long LeastMemory = 5L << 20;

    /// <summary>What a guest has at most, on any target: the collector keeps eight times as many addresses free.</summary>
    public const long MostMemory = 1L << 40;

    /// <summary>The file that the monitor boots.</summary>
    public required string Image { get; init; }

    /// <summary>Whether the firmware boots it as a disk, with the command line on it, rather than the monitor as a kernel.</summary>
    public bool IsDisk { get; init; }

    /// <summary>The initial file system that goes with it, or null.</summary>
    public string? InitialRam { get; init; }

    /// <summary>Octets of memory in all.</summary>
    public required long Memory { get; init; }

    /// <summary>microvm or q35.</summary>
    public string Machine { get; init; } = "microvm";

    /// <summary>kvm or tcg.</summary>
    public required string Accelerator { get; init; }

    public int Processors { get; init; } = 1;

    /// <summary>What follows the kernel's options on its command line: see Morgana.Kernel/Boot/CommandLine.cs.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The guest's networks, in the order in which it finds them before all other devices.</summary>
    public IReadOnlyList<VmNetwork> Networks { get; init; } = [];

    /// <summary>The guest's disks, in the order in which it finds them behind its networks.</summary>
    public IReadOnlyList<VmDisk> Disks { get; init; } = [];

    /// <summary>The descriptor of what the guest hears, apart from its console: then what it writes may also come by a virtio console, into the same stream. Null for one line.</summary>
    public int? InputDescriptor { get; init; }

    /// <summary>The descriptor of a file of secrets for the guest, or null.</summary>
    public int? SecretsDescriptor { get; init; }

    /// <summary>Whether the guest has an entropy device, which it needs where its processor has no random numbers.</summary>
    public bool HasEntropyDevice { get; init; }

    /// <summary>The descriptor of the guest's console.</summary>
    public required int ConsoleDescriptor { get; init; }

    /// <summary>The descriptor on which the kernel says the exit status.</summary>
    public required int StatusDescriptor { get; init; }

    /// <summary>Start stopped, and wait for a debugger there.</summary>
    public string? DebugSocket { get; init; }
}

/// <summary>A network card of a virtual machine.</summary>
/// <param name="Descriptor">Where the monitor finds the link.</param>
/// <param name="IsTap">Whether the link is a tap interface; else it is a stream of frames.</param>
/// <param name="Mtu">The link's.</param>
/// <param name="Mac">The card's address, or empty for one of the monitor's choice.</param>
internal sealed record VmNetwork(int Descriptor, bool IsTap, int Mtu, string Mac);

/// <summary>A disk of a virtual machine.</summary>
/// <param name="Descriptor">Where the monitor finds its file, open.</param>
/// <param name="IsReadOnly">Whether it was opened for reading alone.</param>
internal sealed record VmDisk(int Descriptor, bool IsReadOnly);
