namespace Morgana.Storage;

/// <summary>What is wrong with a block device.</summary>
public enum BlockError
{
    /// <summary>The device failed to do it; it may work again.</summary>
    Failed,

    /// <summary>It cannot be written.</summary>
    ReadOnly,

    /// <summary>What backs the device has no space left.</summary>
    NoSpace,

    /// <summary>Another process or another part of this one uses it.</summary>
    Busy,

    /// <summary>It is gone, or failed for good: nothing works any more.</summary>
    Gone,

    /// <summary>Its size is no whole number of sectors, or smaller than it has to be.</summary>
    BadSize,
}

/// <summary>A block device could not do what it was asked to. Requests that no device could serve throw an <see cref="ArgumentException"/> instead.</summary>
/// <param name="error">What is wrong.</param>
/// <param name="message">The same in words, for a log.</param>
/// <param name="inner">What the platform said.</param>
public sealed class BlockDeviceException(BlockError error, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What is wrong.</summary>
    public BlockError Error => error;
}
