using System.Reflection;

namespace Morgana.Storage;

/// <summary>A block device for reading over memory that is there anyway, such as a resource in the image. Nothing is copied but what is read.</summary>
public sealed class EmbeddedBlockDevice : IBlockDevice
{
    private readonly ReadOnlyMemory<byte> _content;
    private volatile bool _disposed;

    /// <summary>A device over <paramref name="content"/>, which must not change any more.</summary>
    /// <exception cref="BlockDeviceException">It is no whole number of sectors.</exception>
    public EmbeddedBlockDevice(ReadOnlyMemory<byte> content, int sectorSize = 512)
    {
        if (content.Length % sectorSize != 0) throw new BlockDeviceException(BlockError.BadSize, $"{content.Length} octets are no whole number of sectors of {sectorSize}.");
        _content = content;
        Geometry = new(sectorSize, content.Length / sectorSize) { IsReadOnly = true, Capabilities = BlockCapabilities.Memory | BlockCapabilities.Durable };
    }

    /// <inheritdoc/>
    public BlockGeometry Geometry { get; }

    /// <summary>A device over a resource of <paramref name="assembly"/>.</summary>
    /// <exception cref="FileNotFoundException">The assembly has no such resource.</exception>
    public static EmbeddedBlockDevice FromResource(Assembly assembly, string name, int sectorSize = 512) => new(EmbeddedResource.Open(assembly, name), sectorSize);

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
        ObjectDisposedException.ThrowIf(_disposed, this);
        _content.Span.Slice((int)(sector * Geometry.SectorSize), destination.Length).CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetMemory(long sector, int count, out ReadOnlyMemory<byte> memory)
    {
        Geometry.CheckCount(sector, count);
        ObjectDisposedException.ThrowIf(_disposed, this);
        memory = _content.Slice((int)(sector * Geometry.SectorSize), count * Geometry.SectorSize);
        return true;
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        Geometry.Check(sector, source.Length);
        Geometry.CheckWritable();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancel = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) => WriteZeroesAsync(sector, count, cancel);

    /// <inheritdoc/>
    public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default)
    {
        Geometry.CheckCount(sector, count);
        Geometry.CheckWritable();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }
}
