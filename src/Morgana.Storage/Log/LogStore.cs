namespace Morgana.Storage;

/// <summary>How a <see cref="LogStore"/> is opened.</summary>
public sealed record LogStoreOptions
{
    /// <summary>Whether a device that begins with zeroes, as a new one does, is made a store. Anything else is never overwritten.</summary>
    public bool FormatIfEmpty { get; init; } = true;

    /// <summary>The clock of <see cref="StoreInfo.Modified"/>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Random numbers that differ from one process to the next; a test may bring its own.</summary>
    public Func<ulong> Random { get; init; } = () => BitConverter.ToUInt64(Guid.NewGuid().ToByteArray().AsSpan(8));
}

/// <summary>A durable key-value store on a block device: a log of checksummed commits, and an index of it in memory.</summary>
/// <remarks>
/// <para>Each change is one commit, written behind the last one and flushed before it completes; so it is atomic and durable, batches
/// included. Opening reads the log until its end: a commit that a power cut has torn was never acknowledged, and is not there. Damage before
/// the end is <see cref="StoreError.Damaged"/>, and so is a value whose checksum does not match when it is read as a whole. Damage of the
/// very last commit cannot be told from a torn one: that commit is lost.</para>
/// <para>The device has two halves, of which one is the log. When it is full, what lives is copied to the other half; when that is on disk,
/// one sector says that this is the log now, and then a second one, for the day when the first is damaged. So values may take up to 7/8
/// of a half. Changes wait meanwhile; reads go on.</para>
/// <para>Changes that come while another one waits for the disk are written together, in one commit and with one flush.</para>
/// <para>When the device fails in the middle of a change, whether that was made is known only after the store has been opened again:
/// until then it can be read, and further changes fail.</para>
/// <para>Memory: about 150 octets and the name for each key.</para>
/// </remarks>
public sealed partial class LogStore : IKeyValueStore
{
    /// <summary>The fewest sectors that a store needs.</summary>
    public const int MinSectors = 64;

    private readonly IBlockDevice _device;
    private readonly LogStoreOptions _options;
    private readonly int _sectorSize;
    private readonly Lock _lock = new();                    // The tree and what goes with it; never held across a request to the device.
    private readonly SemaphoreSlim _turn = new(1);          // Whoever changes something.
    private KeyTree<Entry> _tree = new();
    private LogSuperblock _superblock;
    private long _tail;                                     // The sector behind the last commit.
    private long _number;                                   // Of the last commit.
    private uint _previous;                                 // Its checksum.
    private long _live;                                     // Octets of entries that a compaction would copy.
    private bool _failed;
    private volatile bool _disposed;

    private LogStore(IBlockDevice device, LogStoreOptions options)
    {
        (_device, _options, _sectorSize) = (device, options, device.Geometry.SectorSize);
        HalfSectors = (device.Geometry.SectorCount - LogSuperblock.Sectors) / 2;
        Capacity = HalfSectors * _sectorSize / 8 * 7;
        Capabilities = new() { IsDurable = true, IsBatchAtomic = true, MaxValueSize = Math.Min(Capacity - StoreKey.MaxLength - LogEntry.Size, 1 << 30) };
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>The octets of values, keys and 19 for each that the store can hold.</summary>
    public long Capacity { get; }

    /// <summary>The octets of them that it holds now.</summary>
    public long Live => Interlocked.Read(ref _live);

    /// <summary>How often what lives was copied to the other half, since the device was made a store.</summary>
    public long Compactions
    {
        get
        {
            lock (_lock) return _superblock.Generation - 1;
        }
    }

    /// <summary>Octets at the log's end that a power cut had torn, and that were passed over when the store was opened.</summary>
    public long TornOctets { get; private set; }

    private long HalfSectors { get; }

    /// <summary>Opens the store on a device, which belongs to it from now on, unless this fails.</summary>
    /// <exception cref="StoreException">The device is too small, holds something else, is damaged, or failed.</exception>
    public static async ValueTask<LogStore> OpenAsync(IBlockDevice device, LogStoreOptions? options = null, CancellationToken cancel = default)
    {
        var geometry = device.Geometry;
        if (geometry.IsReadOnly) throw new StoreException(StoreError.ReadOnly, "A log store needs a device that it can write.");
        if (geometry.SectorCount < MinSectors) throw new StoreException(StoreError.NoSpace, $"A log store needs {MinSectors} sectors; the device has {geometry.SectorCount}.");
        var store = new LogStore(device, options ?? new());
        try
        {
            await store.RecoverAsync(cancel).ConfigureAwait(false);
            return store;
        }
        catch (BlockDeviceException e)
        {
            throw BlockReader.Translate(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default)
    {
        while (Find(key, cancel) is { } entry)
        {
            byte[] value = new byte[entry.Length];
            await _device.ReadOctetsAsync(entry.Offset, value, cancel).ConfigureAwait(false);
            // If it was moved meanwhile, what was read may be of another time altogether.
            if (Find(key, cancel) != entry) continue;
            if (Crc32C.Of(value) != entry.Checksum) throw new StoreException(StoreError.Damaged, $"The value of '{key}' does not match its checksum.");
            return value;
        }

        return null;
    }

    /// <inheritdoc/>
    /// <remarks>The value's checksum is not verified: that would need all of it.</remarks>
    public async ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        while (Find(key, cancel) is { } entry)
        {
            if (offset >= entry.Length) return 0;
            var part = destination[..(int)Math.Min(destination.Length, entry.Length - offset)];
            await _device.ReadOctetsAsync(entry.Offset + offset, part, cancel).ConfigureAwait(false);
            if (Find(key, cancel) == entry) return part.Length;
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default)
    {
        Begin(cancel);
        lock (_lock) return new(_tree.KindOf(key));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default)
    {
        Begin(cancel);
        lock (_lock) return new(_tree.List(folder));
    }

    /// <inheritdoc/>
    public ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default) =>
        new(Find(key, cancel) is { } entry ? new StoreInfo(entry.Length, DateTimeOffset.FromUnixTimeMilliseconds(entry.Modified)) : default(StoreInfo?));

    /// <summary>Closes the device. What was acknowledged is on it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        bool first = !_disposed;
        _disposed = true;
        _turn.Release();                                    // Changes that wait find out for themselves.
        if (first) await _device.DisposeAsync().ConfigureAwait(false);
    }

    private Entry? Find(StoreKey key, CancellationToken cancel)
    {
        Begin(cancel);
        lock (_lock) return _tree.TryGet(key, out var entry) ? entry : null;
    }

    private void Begin(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    /// <summary>Where a value lies. Two entries are the same only if they are one object: each move makes another.</summary>
    private sealed class Entry(long offset, int length, uint checksum, long modified)
    {
        public long Offset => offset;

        public int Length => length;

        public uint Checksum => checksum;

        public long Modified => modified;
    }
}
