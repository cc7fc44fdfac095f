namespace Morgana.Storage;

/// <summary>A block device in memory: for tests, and for what need not outlive the process.</summary>
/// <remarks>One lock, held for the length of a copy. Nothing survives the process, so that a flush has nothing to do.</remarks>
public sealed class MemoryBlockDevice : IBlockDevice
{
    private readonly byte[] _content;
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>A device of zeroes.</summary>
    /// <param name="sectorCount">Sectors; at most 2 GB in all.</param>
    /// <param name="sectorSize">Octets in a sector.</param>
    public MemoryBlockDevice(long sectorCount, int sectorSize = 512)
        : this(new byte[checked((int)(sectorCount * sectorSize))], sectorSize)
    {
    }

    /// <summary>A device over <paramref name="content"/>, which belongs to it from now on.</summary>
    public MemoryBlockDevice(byte[] content, int sectorSize = 512)
    {
        if (content.Length % sectorSize != 0) throw new BlockDeviceException(BlockError.BadSize, $"{content.Length} octets are no whole number of sectors of {sectorSize}.");
        _content = content;
        Geometry = new(sectorSize, content.Length / sectorSize) { Capabilities = BlockCapabilities.Memory | BlockCapabilities.Discard | BlockCapabilities.DiscardZeroes | BlockCapabilities.WriteZeroes };
    }

    /// <inheritdoc/>
    public BlockGeometry Geometry { get; }

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        TryRead(sector, destination.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TryRead(long sector, Span<byte> destination)
    {
        Geometry.Check(sector, destination.Length);
        lock (_lock) Place(sector, destination.Length).CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetMemory(long sector, int count, out ReadOnlyMemory<byte> memory)
    {
        Geometry.CheckCount(sector, count);
        ObjectDisposedException.ThrowIf(_disposed, this);
        memory = _content.AsMemory((int)(sector * Geometry.SectorSize), count * Geometry.SectorSize);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        Geometry.Check(sector, source.Length);
        lock (_lock) source.Span.CopyTo(Place(sector, source.Length));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) => WriteZeroesAsync(sector, count, cancel);

    /// <inheritdoc/>
    public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        Geometry.CheckCount(sector, count);
        lock (_lock) Place(sector, (int)count * Geometry.SectorSize).Clear();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    private Span<byte> Place(long sector, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _content.AsSpan((int)(sector * Geometry.SectorSize), length);
    }
}
