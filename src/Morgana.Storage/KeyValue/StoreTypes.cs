namespace Morgana.Storage;

/// <summary>What is at a key.</summary>
public enum StoreEntryKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A value.</summary>
    Value,

    /// <summary>A folder: there are keys below. The root always is one.</summary>
    Folder,
}

/// <summary>An entry of a folder.</summary>
/// <param name="Name">The last segment of its key.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct StoreEntry(string Name, StoreEntryKind Kind);

/// <summary>What a store knows about a value without reading it.</summary>
/// <param name="Size">Its octets.</param>
/// <param name="Modified">When it was last changed, if the store keeps that.</param>
public readonly record struct StoreInfo(long Size, DateTimeOffset? Modified);

/// <summary>What a store can do. Fixed while it lives.</summary>
public sealed record StoreCapabilities
{
    /// <summary>Whether what a completed change has done survives power loss.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Whether a batch is there as a whole or not at all, also after power loss in its middle.</summary>
    public bool IsBatchAtomic { get; init; }

    /// <summary>The longest value that can be set, in octets.</summary>
    public long MaxValueSize { get; init; } = int.MaxValue;
}

/// <summary>What is wrong with a store, or with what it was asked for.</summary>
public enum StoreError
{
    /// <summary>It failed to do it; it may work again.</summary>
    Failed,

    /// <summary>A value is asked for, or to be put, where a folder is.</summary>
    IsFolder,

    /// <summary>A value is in the way: the key would lie below it.</summary>
    IsValue,

    /// <summary>The store cannot be written.</summary>
    ReadOnly,

    /// <summary>The store has no space left, or as many entries as it may have.</summary>
    NoSpace,

    /// <summary>The value is longer than the store can hold.</summary>
    TooLarge,

    /// <summary>What is stored is damaged: checksums do not match, or lengths lie.</summary>
    Damaged,

    /// <summary>A key, a link or an entry that leads out of the store.</summary>
    Outside,
}

/// <summary>A store could not do what it was asked to; nothing has changed then.</summary>
/// <param name="error">What is wrong.</param>
/// <param name="message">The same in words, for a log.</param>
/// <param name="inner">What the platform said.</param>
public sealed class StoreException(StoreError error, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What is wrong.</summary>
    public StoreError Error => error;
}
