namespace Morgana.Storage;

/// <summary>Values by key, for reading and writing.</summary>
/// <remarks>
/// <para>Each change is atomic: others see it done or not begun, and after a power loss it is one or the other, except for
/// <see cref="SetPartAsync"/>. A change that has completed survives power loss where <see cref="StoreCapabilities.IsDurable"/> is set.</para>
/// <para>Putting a value makes the folders above it; removing the last one of a folder removes the folder.</para>
/// </remarks>
public interface IKeyValueStore : IReadOnlyKeyValueStore
{
    /// <summary>What it can do.</summary>
    StoreCapabilities Capabilities { get; }

    /// <summary>Sets a value, in place of the one that is there.</summary>
    /// <exception cref="ArgumentException">The key is the root.</exception>
    /// <exception cref="StoreException"><see cref="StoreError.IsFolder"/>, <see cref="StoreError.IsValue"/>, <see cref="StoreError.TooLarge"/>, <see cref="StoreError.NoSpace"/>.</exception>
    ValueTask SetAsync(StoreKey key, ReadOnlyMemory<byte> value, CancellationToken cancel = default);

    /// <summary>Overwrites a part of a value, which grows if need be and is made if it is not there; a gap before the part is zeroes.</summary>
    /// <remarks>After a power loss in its middle, these octets may be any mixture of old and new, and the length old or new.</remarks>
    /// <exception cref="ArgumentException">The key is the root, or the offset negative.</exception>
    /// <exception cref="StoreException">As for <see cref="SetAsync"/>.</exception>
    ValueTask SetPartAsync(StoreKey key, long offset, ReadOnlyMemory<byte> part, CancellationToken cancel = default);

    /// <summary>Removes a value, or a folder with everything below; a folder's removal is a batch. The root cannot be removed, but emptied.</summary>
    /// <returns>Whether there was anything.</returns>
    ValueTask<bool> RemoveAsync(StoreKey key, CancellationToken cancel = default);

    /// <summary>Moves a value to another key, in place of the one that is there.</summary>
    /// <returns>False if there is no value at <paramref name="from"/>.</returns>
    /// <exception cref="ArgumentException">A key is the root.</exception>
    /// <exception cref="StoreException">A folder is at either key, or a value above the new one.</exception>
    ValueTask<bool> RenameAsync(StoreKey from, StoreKey to, CancellationToken cancel = default);

    /// <summary>Does all changes of a batch, in order.</summary>
    /// <remarks>
    /// What can be known to fail is found before anything is done. Where <see cref="StoreCapabilities.IsBatchAtomic"/> is set, the batch is
    /// one change; elsewhere others, and a power loss, may see its first ones alone.
    /// </remarks>
    ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default);
}
