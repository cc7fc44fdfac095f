namespace Morgana.Storage;

/// <summary>How much a <see cref="MemoryKeyValueStore"/> may hold.</summary>
public sealed record MemoryKeyValueStoreOptions
{
    /// <summary>The octets of all values and keys. Beyond it, setting fails with <see cref="StoreError.NoSpace"/>.</summary>
    public long MaxOctets { get; init; } = 64 << 20;

    /// <summary>Values. Beyond it, setting fails with <see cref="StoreError.NoSpace"/>.</summary>
    public int MaxValues { get; init; } = 1 << 20;

    /// <summary>The clock of <see cref="StoreInfo.Modified"/>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>A key-value store in memory: for tests, caches and sessions. It is bounded, and nothing of it survives the process.</summary>
public sealed class MemoryKeyValueStore : IKeyValueStore
{
    private readonly MemoryKeyValueStoreOptions _options;
    private readonly KeyTree<Value> _tree = new();
    private readonly Lock _lock = new();
    private long _octets;
    private bool _disposed;

    /// <summary>An empty store.</summary>
    public MemoryKeyValueStore(MemoryKeyValueStoreOptions? options = null)
    {
        _options = options ?? new();
        Capabilities = new() { IsBatchAtomic = true, MaxValueSize = Math.Min(_options.MaxOctets, Array.MaxLength) };
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>The octets of all values and keys now.</summary>
    public long Octets => Interlocked.Read(ref _octets);

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return new(Find(key) is { } value ? value.Content.AsMemory() : (ReadOnlyMemory<byte>?)null);
    }

    /// <inheritdoc/>
    public ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        lock (_lock) return new(Find(key) is { } value ? StorePart.Copy(value.Content, offset, destination.Span) : null);
    }

    /// <inheritdoc/>
    public ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new(_tree.KindOf(key));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new(_tree.List(folder));
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock) return new(Find(key) is { } value ? new StoreInfo(value.Content.Length, value.Modified) : null);
    }

    /// <inheritdoc/>
    public ValueTask SetAsync(StoreKey key, ReadOnlyMemory<byte> value, CancellationToken cancel = default) =>
        ApplyAsync(new StoreBatch().Set(key, value), cancel);

    /// <inheritdoc/>
    public ValueTask SetPartAsync(StoreKey key, long offset, ReadOnlyMemory<byte> part, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        StorePart.CheckEnd(offset, part.Length, Capabilities.MaxValueSize);
        lock (_lock)
        {
            // A new array: whoever has got the old value still reads it.
            byte[] content = StorePart.Overwrite(Find(key)?.Content ?? [], offset, part.Span);
            Apply([new(key, content)], content);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(StoreKey key, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var values = _tree.ValuesIn(key);
            foreach (var value in values) Remove(value.Key);
            return new(values.Count > 0);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> RenameAsync(StoreKey from, StoreKey to, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        StorePart.CheckRename(from, to);
        lock (_lock)
        {
            if (Find(from) is not { } value)
            {
                if (_tree.KindOf(from) == StoreEntryKind.Folder) throw new StoreException(StoreError.IsFolder, $"'{from}' is a folder, which cannot be renamed.");
                return new(false);
            }

            if (from != to) Apply([new(from, null), new(to, value.Content)], value.Content);
            return new(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock) Apply(batch.Changes, null);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock) _disposed = true;
        return ValueTask.CompletedTask;
    }

    private Value? Find(StoreKey key)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _tree.TryGet(key, out var value) ? value : null;
    }

    /// <summary>Makes all changes, or none.</summary>
    /// <param name="changes">The changes, in their order.</param>
    /// <param name="owned">An array among their values that is the store's own, and need not be copied.</param>
    private void Apply(IReadOnlyList<StoreChange> changes, byte[]? owned)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var undo = new List<(StoreKey Key, Value? Old)>(changes.Count);
        try
        {
            foreach (var change in changes)
            {
                if (change.Value is not { } value)
                {
                    if (Remove(change.Key) is { } removed) undo.Add((change.Key, removed));
                    continue;
                }

                _tree.CheckSet(change.Key);
                CheckRoom(change.Key, value.Length);
                undo.Add((change.Key, Set(change.Key, new(owned ?? value.ToArray(), _options.Clock.GetUtcNow()))));
            }
        }
        catch (StoreException)
        {
            for (int i = undo.Count - 1; i >= 0; i--)
            {
                if (undo[i].Old is { } old) Set(undo[i].Key, old);
                else Remove(undo[i].Key);
            }

            throw;
        }
    }

    private void CheckRoom(StoreKey key, int length)
    {
        if (length > Capabilities.MaxValueSize) throw new StoreException(StoreError.TooLarge, $"A value of {length} octets is more than the store may hold: {Capabilities.MaxValueSize}.");
        long freed = _tree.TryGet(key, out var old) ? Cost(key, old) : 0;
        if (_octets - freed + length + key.Path.Length > _options.MaxOctets) throw new StoreException(StoreError.NoSpace, $"The store holds {_octets} of {_options.MaxOctets} octets.");
        if (old is null && _tree.Count >= _options.MaxValues) throw new StoreException(StoreError.NoSpace, $"The store holds {_tree.Count} values, which is as many as it may.");
    }

    private Value? Set(StoreKey key, Value value)
    {
        var old = _tree.Set(key, value);
        _octets += Cost(key, value) - (old is null ? 0 : Cost(key, old));
        return old;
    }

    private Value? Remove(StoreKey key)
    {
        var old = _tree.Remove(key);
        if (old is not null) _octets -= Cost(key, old);
        return old;
    }

    private static long Cost(StoreKey key, Value value) => key.Path.Length + value.Content.Length;

    private sealed record Value(byte[] Content, DateTimeOffset Modified);
}
