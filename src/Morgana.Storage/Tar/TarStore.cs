using System.Globalization;

namespace Morgana.Storage;

/// <summary>How much of an archive a <see cref="TarStore"/> takes.</summary>
public sealed record TarStoreOptions
{
    /// <summary>Entries of all kinds.</summary>
    public int MaxEntries { get; init; } = 1 << 20;

    /// <summary>Octets of the records that describe one entry, such as its long name.</summary>
    public int MaxDescription { get; init; } = 64 << 10;
}

/// <summary>A tar archive on a block device, for reading: ustar, with pax' and GNU's long names and large sizes.</summary>
/// <remarks>
/// The headers are read once, when it is opened; values are read from the device, and where that is memory not copied at all. Files are values;
/// directories are folders if there is something in them. Links, devices and everything else are passed over, so that nothing leads out
/// and nothing can go round in circles. Of several entries with one name the last counts, as it does for tar. A name may begin with
/// <c>./</c> or <c>/</c>; one that is no key, <c>..</c> included, makes the archive <see cref="StoreError.Outside"/>; lying lengths and
/// wrong checksums make it <see cref="StoreError.Damaged"/>.
/// </remarks>
public sealed class TarStore : IReadOnlyKeyValueStore
{
    private readonly IBlockDevice _device;
    private readonly KeyTree<Entry> _tree = new();
    private volatile bool _disposed;

    private TarStore(IBlockDevice device) => _device = device;

    /// <summary>Reads an archive's headers. The device belongs to the store from now on, unless this fails.</summary>
    /// <exception cref="StoreException">It is no sound archive.</exception>
    public static async ValueTask<TarStore> OpenAsync(IBlockDevice device, TarStoreOptions? options = null, CancellationToken cancel = default)
    {
        var store = new TarStore(device);
        await new Scan(store, options ?? new()).RunAsync(cancel).ConfigureAwait(false);
        return store;
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default)
    {
        if (Find(key, cancel) is not { } entry) return null;
        if (entry.Size > Array.MaxLength) throw new StoreException(StoreError.TooLarge, $"'{key}' has {entry.Size} octets; it can only be read in parts.");
        if (_device.TryGetOctets(entry.Offset, (int)entry.Size, out var memory)) return memory;
        byte[] content = new byte[entry.Size];
        await _device.ReadOctetsAsync(entry.Offset, content, cancel).ConfigureAwait(false);
        return content;
    }

    /// <inheritdoc/>
    public async ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (Find(key, cancel) is not { } entry) return null;
        if (offset >= entry.Size) return 0;
        destination = destination[..(int)Math.Min(destination.Length, entry.Size - offset)];
        await _device.ReadOctetsAsync(entry.Offset + offset, destination, cancel).ConfigureAwait(false);
        return destination.Length;
    }

    /// <inheritdoc/>
    public ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default)
    {
        Begin(cancel);
        return new(_tree.KindOf(key));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default)
    {
        Begin(cancel);
        return new(_tree.List(folder));
    }

    /// <inheritdoc/>
    public ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default) =>
        new(Find(key, cancel) is { } entry ? new StoreInfo(entry.Size, entry.Modified) : default(StoreInfo?));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return _device.DisposeAsync();
    }

    private Entry? Find(StoreKey key, CancellationToken cancel)
    {
        Begin(cancel);
        return _tree.TryGet(key, out var entry) ? entry : null;
    }

    private void Begin(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private sealed class Entry(long offset, long size, DateTimeOffset? modified)
    {
        public long Offset => offset;

        public long Size => size;

        public DateTimeOffset? Modified => modified;
    }

    /// <summary>One pass over an archive's headers. It only ever goes forward, by whole blocks.</summary>
    private sealed class Scan(TarStore store, TarStoreOptions options)
    {
        private readonly long _end = store._device.Geometry.Length;
        private readonly byte[] _block = new byte[TarHeader.Size];
        private long _at;
        private string? _nextName;              // Of the entry that follows, by pax or GNU.
        private long? _nextSize;

        public async ValueTask RunAsync(CancellationToken cancel)
        {
            for (int entries = 0; _at <= _end - TarHeader.Size; entries++)
            {
                await store._device.ReadOctetsAsync(_at, _block, cancel).ConfigureAwait(false);
                if (TarHeader.IsEnd(_block)) return;
                if (entries == options.MaxEntries) throw new StoreException(StoreError.TooLarge, $"The archive has more than {options.MaxEntries} entries.");
                var (type, size) = ReadHeader(out string? name, out var modified);
                _at += TarHeader.Size;
                if (size > _end - _at) throw Damaged($"an entry claims {size} octets where {_end - _at} are left");
                if (type is (byte)'x' or (byte)'L') await ReadDescriptionAsync(type, (int)size, cancel).ConfigureAwait(false);
                else if (type != (byte)'g') Add(type, name, size, modified);
                // Rounded up: what is left is at least the content, and a missing padding at the very end is none of our business.
                _at += Math.Min(_end - _at, (size + TarHeader.Size - 1) / TarHeader.Size * TarHeader.Size);
            }
        }

        private (byte Type, long Size) ReadHeader(out string? name, out DateTimeOffset? modified)
        {
            if (!TarHeader.TryParse(_block, out var header)) throw Damaged("a header's checksum does not match");
            if (!header.TryGetSize(out long size)) throw Damaged("a header's size is no number");
            bool isDescription = header.Type is (byte)'x' or (byte)'L' or (byte)'g';
            if (isDescription && size > options.MaxDescription) throw Damaged($"an entry is described in {size} octets");
            modified = header.Modified is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(header.Modified) : null;
            name = isDescription ? null : _nextName ?? header.Name;
            return (header.Type, isDescription ? size : _nextSize ?? size);
        }

        private void Add(byte type, string? name, long size, DateTimeOffset? modified)
        {
            (_nextName, _nextSize) = (null, null);
            // '7' is a contiguous file; an old archive's directory is a file whose name ends in '/'.
            if (type is not ((byte)'0' or 0 or (byte)'7') || name is null || name.EndsWith('/')) return;
            string path = name.TrimStart('/');
            while (path.StartsWith("./", StringComparison.Ordinal)) path = path[2..].TrimStart('/');
            if (!StoreKey.TryParse(path, out var key) || key.IsRoot) throw new StoreException(StoreError.Outside, "The archive has an entry whose name is no key.");
            try
            {
                store._tree.Set(key, new(_at, size, modified));
            }
            catch (StoreException e)
            {
                throw Damaged("an entry is both a file and a directory", e);
            }
        }

        private async ValueTask ReadDescriptionAsync(byte type, int size, CancellationToken cancel)
        {
            byte[] content = new byte[size];
            await store._device.ReadOctetsAsync(_at, content, cancel).ConfigureAwait(false);
            if (type == (byte)'L') _nextName = TarHeader.Text(content);
            else ReadRecords(content);
        }

        // POSIX.1-2001, pax: "LENGTH KEY=VALUE\n", where the length counts itself.
        private void ReadRecords(ReadOnlySpan<byte> records)
        {
            while (!records.IsEmpty)
            {
                int blank = records.IndexOf((byte)' ');
                if (blank is < 1 or > 9 || !int.TryParse(records[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                    || length > records.Length || length <= blank + 1 || records[length - 1] != (byte)'\n')
                    throw Damaged("a pax record's length lies");
                var record = records[(blank + 1)..(length - 1)];
                records = records[length..];
                int equals = record.IndexOf((byte)'=');
                if (equals < 1) throw Damaged("a pax record has no key");
                if (record[..equals].SequenceEqual("path"u8)) _nextName = TarHeader.Text(record[(equals + 1)..]);
                if (!record[..equals].SequenceEqual("size"u8)) continue;
                if (!long.TryParse(record[(equals + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long size)) throw Damaged("a pax size is no number");
                _nextSize = size;
            }
        }

        private StoreException Damaged(string what, Exception? inner = null) => new(StoreError.Damaged, $"The archive is damaged near octet {_at}: {what}.", inner);
    }
}
