namespace Morgana.Drivers.Virtio;

/// <summary>What the runner knows about a network device.</summary>
public sealed record VirtioNetSettings
{
    /// <summary>The link's MTU, or null for what the device says, or else 1500.</summary>
    public int? Mtu { get; init; }

    /// <summary>Descriptors in each queue at most: a power of two.</summary>
    public int QueueSize { get; init; } = 256;
}
