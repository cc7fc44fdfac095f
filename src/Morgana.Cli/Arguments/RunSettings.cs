using Morgana.Gateway;

namespace Morgana.Cli.Arguments;

/// <summary>Everything that <c>morgana run</c> was told.</summary>
internal sealed record RunSettings
{
    /// <summary>What a guest has when nothing is said.</summary>
    public const long DefaultMemory = 64L << 20;

    /// <summary>A project, its folder, or an image.</summary>
    public required string Subject { get; init; }

    public string Target { get; init; } = "process";

    /// <summary>What the guest's networks are joined to, as far as it was said.</summary>
    public IReadOnlyList<NetworkChoice> Networks { get; init; } = [];

    public IReadOnlyList<PublishedPort> Publish { get; init; } = [PublishedPort.Default];

    /// <summary>Whether ports were named, rather than the default taken.</summary>
    public bool IsPublishExplicit { get; init; }

    public string? Capture { get; init; }

    /// <summary>The guest's whole memory in octets.</summary>
    public long Memory { get; init; } = DefaultMemory;

    /// <summary>Whether an amount was named: then the kernel is asked to hold the guest to it.</summary>
    public bool IsMemoryExplicit { get; init; }

    public bool AllowHost { get; init; }

    /// <summary>Of a virtual machine: microvm or q35.</summary>
    public string Machine { get; init; } = "microvm";

    /// <summary>Of a virtual machine: auto, kvm or tcg.</summary>
    public string Accelerator { get; init; } = "auto";

    /// <summary>Of a virtual machine: how many processors.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>Of a virtual machine: it begins stopped, and waits for a debugger.</summary>
    public bool IsDebugged { get; init; }

    /// <summary>Of a virtual machine: the kernel says what it has found.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>Whether <c>--net</c> or <c>--publish</c> was said.</summary>
    public bool IsNetworkExplicit { get; init; }

    /// <summary>Devices beside the network's.</summary>
    public IReadOnlyList<DeviceAttachment> Devices { get; init; } = [];

    /// <summary>Secrets to hand over.</summary>
    public IReadOnlyList<SecretSource> Secrets { get; init; } = [];

    /// <summary>Variables for the guest's environment: <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Settings of the network for a program whose command line is its own: <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Boot { get; init; } = [];

    /// <summary>The image's command line.</summary>
    public IReadOnlyList<string> BootArguments { get; init; } = [];

    /// <summary>Whether the image is to say only what boot arguments it has: then it starts nothing, and needs no device.</summary>
    public bool IsHelpWanted => BootArguments.Any(a => a is "--help" or "-h");
}
