using Morgana.Core;

namespace Morgana.Storage;

/// <summary>What a <see cref="FaultyBlockDevice"/> does wrong. Rates are from 0 to 1, for each request.</summary>
public sealed record BlockFaultProfile
{
    /// <summary>How often a read fails.</summary>
    public double ReadErrors { get; init; }

    /// <summary>How often a write, a discard or a flush fails, with some of its sectors written.</summary>
    public double WriteErrors { get; init; }

    /// <summary>Whether a power cut may leave sectors that are partly old and partly new, as disks do that lie about their sector size.</summary>
    public bool TornSectors { get; init; }

    /// <summary>Cuts the power in the middle of the n-th write, discard or flush, counted from 1. 0: never.</summary>
    public long CutAt { get; init; }
}

/// <summary>A device that fails by seed, and loses what was not flushed when its power is cut: for tests of whatever keeps data.</summary>
/// <remarks>
/// Writes stay in a cache until they are flushed. At a power cut, each sector in the cache becomes what it was, or any of the contents that
/// were written to it since the last flush, by seed: no order is kept among sectors. From then on every request fails with
/// <see cref="BlockError.Gone"/>, and the device below, which is not disposed of, holds what a restarted machine would find.
/// </remarks>
public sealed class FaultyBlockDevice : IBlockDevice
{
    /// <summary>Sector contents in the cache; beyond it everything is written down, as a full cache of a disk's would be.</summary>
    private const int MaxCached = 65536;

    private readonly IBlockDevice _device;
    private readonly BlockFaultProfile _profile;
    private readonly DeterministicRandom _random;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<long, List<byte[]>> _cache = [];
    private int _cached;
    private bool _isCut;
    private bool _disposed;

    /// <summary>A faulty view of <paramref name="device"/>, which must not be written otherwise meanwhile.</summary>
    public FaultyBlockDevice(IBlockDevice device, ulong seed, BlockFaultProfile? profile = null)
    {
        _device = device;
        _profile = profile ?? new();
        _random = new(seed);
        Geometry = device.Geometry with { Capabilities = (device.Geometry.Capabilities | BlockCapabilities.Durable | BlockCapabilities.DiscardZeroes) & ~BlockCapabilities.Memory };
    }

    /// <inheritdoc/>
    public BlockGeometry Geometry { get; }

    /// <summary>Writes, discards and flushes so far.</summary>
    public long Changes { get; private set; }

    /// <summary>Whether the power has been cut.</summary>
    public bool IsCut => _isCut;

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default)
    {
        Geometry.Check(sector, destination.Length);
        return RunAsync(async () =>
        {
            if (_random.Chance(_profile.ReadErrors)) throw new BlockDeviceException(BlockError.Failed, $"Sector {sector} cannot be read (injected).");
            int size = Geometry.SectorSize;
            for (int at = 0; at < destination.Length; at += size, sector++)
            {
                if (_cache.TryGetValue(sector, out var versions)) versions[^1].CopyTo(destination[at..]);
                else await _device.ReadAsync(sector, destination.Slice(at, size), CancellationToken.None).ConfigureAwait(false);
            }
        }, cancel);
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        Geometry.Check(sector, source.Length);
        Geometry.CheckWritable();
        return ChangeAsync(async fails =>
        {
            int size = Geometry.SectorSize;
            for (int at = 0; at < source.Length; at += size)
                if (!fails || _random.Chance(0.5)) await PutAsync(sector + (at / size), source.Slice(at, size).ToArray()).ConfigureAwait(false);
            if (fails || (options & BlockWriteOptions.WriteThrough) == 0) return;
            for (int at = 0; at < source.Length; at += size) await WriteDownAsync(sector + (at / size)).ConfigureAwait(false);
        }, cancel);
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken cancel = default) => ChangeAsync(async fails =>
    {
        if (!fails) await WriteAllDownAsync().ConfigureAwait(false);
    }, cancel);

    /// <inheritdoc/>
    public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) => WriteZeroesAsync(sector, count, cancel);

    /// <inheritdoc/>
    public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default)
    {
        Geometry.CheckCount(sector, count);
        Geometry.CheckWritable();
        return ChangeAsync(async fails =>
        {
            for (long end = sector + count; sector < end; sector++)
                if (!fails || _random.Chance(0.5)) await PutAsync(sector, new byte[Geometry.SectorSize]).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>Cuts the power. Afterwards the device below holds what has survived.</summary>
    public ValueTask CutPowerAsync() => RunAsync(CutAsync, CancellationToken.None);

    /// <summary>Loses nothing: what is in the cache is written down, as at an orderly shutdown. The device below stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_disposed && !_isCut && !Geometry.IsReadOnly) await WriteAllDownAsync().ConfigureAwait(false);
            _disposed = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private ValueTask ChangeAsync(Func<bool, Task> change, CancellationToken cancel) => RunAsync(async () =>
    {
        if (++Changes == _profile.CutAt)
        {
            // In its middle: some of its sectors have reached the cache, and which of these survive is the cut's to decide.
            await change(true).ConfigureAwait(false);
            await CutAsync().ConfigureAwait(false);
            throw Gone();
        }

        bool fails = _random.Chance(_profile.WriteErrors);
        await change(fails).ConfigureAwait(false);
        if (fails) throw new BlockDeviceException(BlockError.Failed, "The sectors cannot be written (injected).");
    }, cancel);

    private async ValueTask RunAsync(Func<Task> request, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_isCut) throw Gone();
            await request().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask PutAsync(long sector, byte[] content)
    {
        if (_cached >= MaxCached) await WriteAllDownAsync().ConfigureAwait(false);
        if (!_cache.TryGetValue(sector, out var versions)) _cache.Add(sector, versions = []);
        versions.Add(content);
        _cached++;
    }

    private async ValueTask WriteAllDownAsync()
    {
        foreach (long sector in _cache.Keys.ToArray()) await WriteDownAsync(sector).ConfigureAwait(false);
        await _device.FlushAsync().ConfigureAwait(false);
    }

    private async ValueTask WriteDownAsync(long sector)
    {
        if (!_cache.Remove(sector, out var versions)) return;
        _cached -= versions.Count;
        await _device.WriteAsync(sector, versions[^1]).ConfigureAwait(false);
    }

    private async Task CutAsync()
    {
        _isCut = true;
        // In the order of the sectors, so that the seed alone decides.
        foreach (var (sector, versions) in _cache.OrderBy(c => c.Key))
        {
            int chosen = (int)(_random.NextUInt64() % (ulong)(versions.Count + 1)) - 1;
            bool torn = _profile.TornSectors && _random.NextUInt64() % 4 == 0;
            if (chosen < 0) continue;                   // As it was.
            byte[] content = versions[chosen];
            if (torn)
            {
                byte[] old = new byte[content.Length];
                await _device.ReadAsync(sector, old).ConfigureAwait(false);
                int at = (int)(_random.NextUInt64() % (ulong)content.Length);
                old.AsSpan(at).CopyTo(content.AsSpan(at));
            }

            await _device.WriteAsync(sector, content).ConfigureAwait(false);
        }

        _cache.Clear();
        _cached = 0;
        await _device.FlushAsync().ConfigureAwait(false);
    }

    private static BlockDeviceException Gone() => new(BlockError.Gone, "The device's power is cut (injected).");
}
