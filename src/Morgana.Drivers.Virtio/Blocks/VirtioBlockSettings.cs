namespace Morgana.Drivers.Virtio;

/// <summary>How a block device is driven.</summary>
public sealed record VirtioBlockSettings
{
    /// <summary>How long the device may take for a request. One that takes longer is given up: see <see cref="VirtioBlockDevice"/>.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Descriptors in the queue at most: a power of two.</summary>
    public int QueueSize { get; init; } = 128;

    /// <summary>Whether a request is waited for on the caller's thread, before its method returns: for who would only wait for it. It then needs no thread of the pool, which may all be waiting.</summary>
    public bool IsSynchronous { get; init; }

    /// <summary>Whether nothing is to be written, even if the device could be.</summary>
    public bool IsReadOnly { get; init; }
}
