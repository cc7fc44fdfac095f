namespace Morgana.Storage;

/// <summary>Another device without the right to write it. It disposes of that device.</summary>
public sealed class ReadOnlyBlockDevice(IBlockDevice device) : IBlockDevice
{
    /// <inheritdoc/>
    public BlockGeometry Geometry { get; } = device.Geometry with { IsReadOnly = true };

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default) => device.ReadAsync(sector, destination, cancel);

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, IReadOnlyList<Memory<byte>> destinations, CancellationToken cancel = default) => device.ReadAsync(sector, destinations, cancel);

    /// <inheritdoc/>
    public bool TryRead(long sector, Span<byte> destination) => device.TryRead(sector, destination);

    /// <inheritdoc/>
    public bool TryGetMemory(long sector, int count, out ReadOnlyMemory<byte> memory) => device.TryGetMemory(sector, count, out memory);

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
    public ValueTask DisposeAsync() => device.DisposeAsync();
}
