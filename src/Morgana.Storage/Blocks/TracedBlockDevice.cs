namespace Morgana.Storage;

/// <summary>What was asked of a block device.</summary>
public enum BlockRequest
{
    /// <summary>To read.</summary>
    Read,

    /// <summary>To write.</summary>
    Write,

    /// <summary>To flush.</summary>
    Flush,

    /// <summary>To discard.</summary>
    Discard,

    /// <summary>To write zeroes.</summary>
    WriteZeroes,
}

/// <summary>A request that a <see cref="TracedBlockDevice"/> has seen.</summary>
/// <param name="Request">What it was.</param>
/// <param name="Sector">The first sector; 0 for a flush.</param>
/// <param name="Count">How many sectors; 0 for a flush.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Failure">Why it failed; null if it did not.</param>
public readonly record struct BlockTrace(BlockRequest Request, long Sector, long Count, TimeSpan Duration, Exception? Failure);

/// <summary>Another device whose requests are shown to somebody, after each has completed. It disposes of that device.</summary>
/// <param name="device">The device.</param>
/// <param name="observer">Sees each request, on the thread that completed it; several at the same time.</param>
/// <param name="clock">The clock.</param>
public sealed class TracedBlockDevice(IBlockDevice device, Action<BlockTrace> observer, TimeProvider? clock = null) : IBlockDevice
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <inheritdoc/>
    public BlockGeometry Geometry => device.Geometry;

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.Read, sector, Sectors(destination.Length), () => device.ReadAsync(sector, destination, cancel));

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, IReadOnlyList<Memory<byte>> destinations, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.Read, sector, Sectors(destinations.Sum(d => (long)d.Length)), () => device.ReadAsync(sector, destinations, cancel));

    /// <inheritdoc/>
    public bool TryRead(long sector, Span<byte> destination)
    {
        long started = _clock.GetTimestamp();
        if (!device.TryRead(sector, destination)) return false;
        observer(new(BlockRequest.Read, sector, Sectors(destination.Length), _clock.GetElapsedTime(started), null));
        return true;
    }

    /// <summary>The device's own memory. Reads of it are not seen.</summary>
    public bool TryGetMemory(long sector, int count, out ReadOnlyMemory<byte> memory) => device.TryGetMemory(sector, count, out memory);

    /// <inheritdoc/>
    public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.Write, sector, Sectors(source.Length), () => device.WriteAsync(sector, source, options, cancel));

    /// <inheritdoc/>
    public ValueTask WriteAsync(long sector, IReadOnlyList<ReadOnlyMemory<byte>> sources, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.Write, sector, Sectors(sources.Sum(s => (long)s.Length)), () => device.WriteAsync(sector, sources, options, cancel));

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancel = default) => TraceAsync(BlockRequest.Flush, 0, 0, () => device.FlushAsync(cancel));

    /// <inheritdoc/>
    public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.Discard, sector, count, () => device.DiscardAsync(sector, count, cancel));

    /// <inheritdoc/>
    public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default) =>
        TraceAsync(BlockRequest.WriteZeroes, sector, count, () => device.WriteZeroesAsync(sector, count, cancel));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => device.DisposeAsync();

    private long Sectors(long octets) => octets / Geometry.SectorSize;

    private async ValueTask TraceAsync(BlockRequest request, long sector, long count, Func<ValueTask> run)
    {
        long started = _clock.GetTimestamp();
        Exception? failure = null;
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            observer(new(request, sector, count, _clock.GetElapsedTime(started), failure));
        }
    }
}
