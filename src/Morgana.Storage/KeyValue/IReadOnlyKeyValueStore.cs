namespace Morgana.Storage;

/// <summary>Values by key, for reading: an embedded folder, a directory, an archive, a store on disk.</summary>
/// <remarks>
/// Any thread may call, several at the same time. What is not there is no error: it is null. A key is a value's or a folder's, never
/// both; a folder is there as long as there are keys below it. What the world does wrong is a <see cref="StoreException"/>.
/// </remarks>
public interface IReadOnlyKeyValueStore : IAsyncDisposable
{
    /// <summary>A value as it is now. The memory is the caller's to read for as long as the store lives, and does not change.</summary>
    /// <returns>Null if there is none at <paramref name="key"/>, a folder included.</returns>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default);

    /// <summary>A part of a value.</summary>
    /// <param name="key">The value's key.</param>
    /// <param name="offset">Where the part begins; at or behind the value's end there is nothing, which is no error.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="cancel">Gives the wait up.</param>
    /// <returns>How many octets there were: fewer than asked for only at the end. Null if there is no value.</returns>
    ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default);

    /// <summary>What is at a key.</summary>
    ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default);

    /// <summary>The entries of a folder, in the order of their names' code units. None if there is no such folder.</summary>
    ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default);

    /// <summary>Size and time of a value. Null if there is none.</summary>
    ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default);

    /// <summary>The SHA-256 digest of a value, in 32 octets: equal in every store for equal values. Null if there is none.</summary>
    async ValueTask<ReadOnlyMemory<byte>?> GetDigestAsync(StoreKey key, CancellationToken cancel = default) =>
        await GetAsync(key, cancel).ConfigureAwait(false) is { } value ? new ReadOnlyMemory<byte>?(Sha256.Hash(value.Span)) : null;
}
