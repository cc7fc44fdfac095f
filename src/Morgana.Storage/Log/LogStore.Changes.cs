namespace Morgana.Storage;

public sealed partial class LogStore
{
    /// <inheritdoc/>
    public ValueTask SetAsync(StoreKey key, ReadOnlyMemory<byte> value, CancellationToken cancel = default) => ApplyAsync(new StoreBatch().Set(key, value), cancel);

    /// <inheritdoc/>
    /// <remarks>Here this is atomic like every other change: the whole value is written anew.</remarks>
    public async ValueTask SetPartAsync(StoreKey key, long offset, ReadOnlyMemory<byte> part, CancellationToken cancel = default)
    {
        StorePart.CheckEnd(offset, part.Length, Capabilities.MaxValueSize);
        await ChangeAsync(async () =>
        {
            var old = await GetAsync(key, cancel).ConfigureAwait(false);
            await CommitAsync([Set(key, StorePart.Overwrite(old is null ? default : old.Value.Span, offset, part.Span))]).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(StoreKey key, CancellationToken cancel = default) => ChangeAsync(async () =>
    {
        bool any;
        lock (_lock) any = _tree.ValuesIn(key).Count > 0;
        if (any) await CommitAsync([new(new(LogEntryKind.RemoveTree, key, 0, 0, 0), default)]).ConfigureAwait(false);
        return any;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> RenameAsync(StoreKey from, StoreKey to, CancellationToken cancel = default)
    {
        StorePart.CheckRename(from, to);
        return ChangeAsync(async () =>
        {
            if (await GetAsync(from, cancel).ConfigureAwait(false) is not { } value)
            {
                lock (_lock)
                    if (_tree.KindOf(from) == StoreEntryKind.Folder) throw new StoreException(StoreError.IsFolder, $"'{from}' is a folder, which cannot be renamed.");
                return false;
            }

            if (from != to) await CommitAsync([Remove(from), Set(to, value)]).ConfigureAwait(false);
            return true;
        }, cancel);
    }

    private Change Set(StoreKey key, ReadOnlyMemory<byte> value)
    {
        if (value.Length > Capabilities.MaxValueSize) throw new StoreException(StoreError.TooLarge, $"A value of {value.Length} octets is more than the store can hold: {Capabilities.MaxValueSize}.");
        return new(new(LogEntryKind.Set, key, value.Length, Crc32C.Of(value.Span), _options.Clock.GetUtcNow().ToUnixTimeMilliseconds()), value);
    }

    private static Change Remove(StoreKey key) => new(new(LogEntryKind.Remove, key, 0, 0, 0), default);

    private async ValueTask<T> ChangeAsync<T>(Func<ValueTask<T>> change, CancellationToken cancel)
    {
        Begin(cancel);
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            CheckUsable();
            return await change().ConfigureAwait(false);
        }
        catch (BlockDeviceException e)
        {
            throw BlockReader.Translate(e);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void CheckUsable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failed) throw new StoreException(StoreError.Failed, "The device has failed in the middle of a change: open the store again to see whether that was made.");
    }

    /// <summary>Writes a commit, and shows it to readers once it is on disk. A caller's cancellation no longer counts: it would leave half a commit.</summary>
    private async ValueTask CommitAsync(Change[] changes)
    {
        long length = LogCommitHeader.Size;
        foreach (var change in changes) length += LogEntry.LengthOf(change.Entry.Key, change.Value.Length);
        CheckPossible(changes);
        if (SectorsOf(length) > RoomSectors)
        {
            CheckWorthCompacting(length);
            await CompactAsync().ConfigureAwait(false);
            if (SectorsOf(length) > RoomSectors) throw NoSpace(length);
        }

        byte[] commit = new byte[SectorsOf(length) * _sectorSize];
        int at = LogCommitHeader.Size;
        foreach (var change in changes)
        {
            at += change.Entry.WriteTo(commit.AsSpan(at));
            change.Value.Span.CopyTo(commit.AsSpan(at));
            at += change.Value.Length;
        }

        uint checksum = LogCommitHeader.Write(commit.AsSpan(0, (int)length), _previous, _superblock.Salt, _number + 1);
        _failed = true;                                     // Until both have succeeded.
        await _device.WriteAsync(_tail, commit).ConfigureAwait(false);
        await _device.FlushAsync().ConfigureAwait(false);
        _failed = false;
        lock (_lock) Replay(commit.AsSpan(0, (int)length), _tail * _sectorSize);
        (_previous, _number, _tail) = (checksum, _number + 1, _tail + SectorsOf(length));
    }

    /// <summary>Tries the changes out on the tree, and takes them back.</summary>
    private void CheckPossible(Change[] changes)
    {
        if (changes is [{ Entry.Kind: LogEntryKind.RemoveTree }]) return;
        var undo = new List<Kept<Entry?>>(changes.Length);
        long live = _live;
        lock (_lock)
        {
            try
            {
                foreach (var change in changes)
                {
                    var (entry, value) = (change.Entry, change.Value);
                    bool isSet = entry.Kind == LogEntryKind.Set;
                    var old = isSet ? _tree.Set(entry.Key, new(0, value.Length, 0, 0)) : _tree.Remove(entry.Key);
                    if (isSet || old is not null) undo.Add(new(entry.Key, old));
                    live += (isSet ? LogEntry.LengthOf(entry.Key, value.Length) : 0) - (old is null ? 0 : LogEntry.LengthOf(entry.Key, old.Length));
                }
            }
            finally
            {
                for (int i = undo.Count - 1; i >= 0; i--)
                {
                    if (undo[i].Value is { } old) _tree.Set(undo[i].Key, old);
                    else _tree.Remove(undo[i].Key);
                }
            }
        }

        if (live > Capacity && live > _live) throw NoSpace(live - _live);
    }

    /// <summary>Applies a commit that is on disk to the index. The caller holds the lock, or is alone.</summary>
    /// <param name="commit">The commit, with its header and without padding.</param>
    /// <param name="offset">Where it lies on the device.</param>
    private void Replay(ReadOnlySpan<byte> commit, long offset)
    {
        for (int at = LogCommitHeader.Size; at < commit.Length;)
        {
            if (!LogEntry.TryRead(commit[at..], out var entry, out int value)) throw new StoreException(StoreError.Damaged, $"The commit at octet {offset} has a right checksum and wrong entries.");
            at += value;
            if (entry.Kind == LogEntryKind.Set)
            {
                var old = _tree.Set(entry.Key, new(offset + at, entry.ValueLength, entry.ValueChecksum, entry.Modified));
                _live += LogEntry.LengthOf(entry.Key, entry.ValueLength) - (old is null ? 0 : LogEntry.LengthOf(entry.Key, old.Length));
            }
            else
            {
                if (entry.Kind == LogEntryKind.Remove) Forget(entry.Key);
                else foreach (var below in _tree.ValuesIn(entry.Key)) Forget(below.Key);
            }

            at += entry.ValueLength;
        }
    }

    private void Forget(StoreKey key)
    {
        if (_tree.Remove(key) is { } old) _live -= LogEntry.LengthOf(key, old.Length);
    }

    private long RoomSectors => _superblock.Start + HalfSectors - _tail;

    private long SectorsOf(long octets) => (octets + _sectorSize - 1) / _sectorSize;

    private StoreException NoSpace(long octets) => new(StoreError.NoSpace, $"The store holds {_live} of {Capacity} octets; {octets} more do not fit.");

    // A class, as Kept is.
    private sealed class Change(LogEntry entry, ReadOnlyMemory<byte> value)
    {
        public LogEntry Entry => entry;

        public ReadOnlyMemory<byte> Value => value;
    }
}
