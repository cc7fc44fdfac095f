namespace Morgana.Storage;

/// <summary>How sectors are written.</summary>
[Flags]
public enum BlockWriteOptions
{
    /// <summary>Into the device, which may keep them in a cache until the next flush.</summary>
    None = 0,

    /// <summary>Write-through: these sectors survive power loss once the write completes, as if a flush of them alone followed.</summary>
    WriteThrough = 1,
}

/// <summary>A device of numbered sectors.</summary>
/// <remarks>
/// <para><b>Ranges.</b> Requests are of whole sectors that the device has: anything else is an <see cref="ArgumentException"/> of some kind,
/// thrown before anything is done. A request of no sectors is allowed, and does nothing. What the world does wrong is a
/// <see cref="BlockDeviceException"/>; after it, the request's sectors hold old or new content, each sector one or the other.</para>
/// <para><b>Order.</b> Requests may run at the same time, from any thread. Those that overlap and run at the same time may be done in any
/// order, sector by sector; a request that begins after another has completed sees what that one did.</para>
/// <para><b>Power loss.</b> What was written before <see cref="FlushAsync"/> began survives it once it has completed. Of later writes, each
/// sector holds old or new content, whatever their order was. Discards and zeroes count as writes.</para>
/// <para><b>Memory.</b> Buffers are lent until the request completes, and may lie anywhere. A request that was cancelled may have been done
/// in part, and has let go of its buffers when it completes.</para>
/// </remarks>
public interface IBlockDevice : IAsyncDisposable
{
    /// <summary>What it is and can do.</summary>
    BlockGeometry Geometry { get; }

    /// <summary>Reads sectors.</summary>
    /// <param name="sector">The first one.</param>
    /// <param name="destination">Where they go: as long as some number of sectors.</param>
    /// <param name="cancel">Gives the wait up.</param>
    ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default);

    /// <summary>Reads consecutive sectors into several pieces of memory, each as long as some number of sectors.</summary>
    async ValueTask ReadAsync(long sector, IReadOnlyList<Memory<byte>> destinations, CancellationToken cancel = default)
    {
        Geometry.Check(sector, BlockRange.LengthOf(destinations, Geometry));
        foreach (var piece in destinations)
        {
            await ReadAsync(sector, piece, cancel).ConfigureAwait(false);
            sector += piece.Length / Geometry.SectorSize;
        }
    }

    /// <summary>Reads sectors at once, if that needs no waiting: always where <see cref="BlockCapabilities.Memory"/> is set.</summary>
    /// <returns>False if <see cref="ReadAsync(long, Memory{byte}, CancellationToken)"/> is to be used instead, and nothing was read.</returns>
    bool TryRead(long sector, Span<byte> destination) => false;

    /// <summary>The device's own memory of these sectors, for reading without a copy. It stays valid as long as the device, and shows later writes.</summary>
    /// <returns>False if the device has none: most have not.</returns>
    bool TryGetMemory(long sector, int count, out ReadOnlyMemory<byte> memory)
    {
        memory = default;
        return false;
    }

    /// <summary>Writes sectors.</summary>
    /// <param name="sector">The first one.</param>
    /// <param name="source">Their content: as long as some number of sectors.</param>
    /// <param name="options">Whether they are to survive power loss at once.</param>
    /// <param name="cancel">Gives the wait up.</param>
    ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default);

    /// <summary>Writes consecutive sectors from several pieces of memory, each as long as some number of sectors.</summary>
    async ValueTask WriteAsync(long sector, IReadOnlyList<ReadOnlyMemory<byte>> sources, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        Geometry.Check(sector, BlockRange.LengthOf(sources, Geometry));
        foreach (var piece in sources)
        {
            await WriteAsync(sector, piece, options, cancel).ConfigureAwait(false);
            sector += piece.Length / Geometry.SectorSize;
        }
    }

    /// <summary>Completes when everything that was written before survives power loss.</summary>
    ValueTask FlushAsync(CancellationToken cancel = default);

    /// <summary>Says that the content of sectors is not needed any more. What they read afterwards: <see cref="BlockCapabilities.DiscardZeroes"/>.</summary>
    ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default);

    /// <summary>Makes sectors read as zeroes.</summary>
    ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default);
}
