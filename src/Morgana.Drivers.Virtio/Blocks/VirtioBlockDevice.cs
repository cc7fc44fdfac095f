using Morgana.Devices.Linux;
using Morgana.Storage;

namespace Morgana.Drivers.Virtio;

/// <summary>A virtio block device (virtio 1.2, 5.2).</summary>
/// <remarks>
/// <para>Requests of any length and from any thread go to the device side by side; a thread of the driver's own takes what comes back.</para>
/// <para>A device that misbehaves, that fails to flush, or that does not answer in time is reset, and gone for good: every request from
/// then on fails with <see cref="BlockError.Gone"/>. As after a power cut, what was flushed is there.</para>
/// <para>A request that was cancelled is given up at once, but one that writes and that the device has already: it ends as if it had not
/// been cancelled, as what it writes could otherwise come after a later write.</para>
/// </remarks>
public sealed class VirtioBlockDevice : IBlockDevice
{
    private const uint BlockType = 2;
    private const int RequestQueue = 0, MostPages = 32, MostRequests = 64, RequestsAtATime = 8, StackSize = 256 << 10;

    private readonly VirtioDevice _device;
    private readonly BlockConfiguration _configuration;
    private readonly BlockQueue _queue;
    private readonly WaitPoint _wait = new();
    private readonly Thread _thread;
    private readonly int _mostOctets;
    private readonly bool _isSynchronous;
    private int _isDisposed;

    private VirtioBlockDevice(VirtioDevice device, VirtioBlockSettings settings)
    {
        (_device, _isSynchronous) = (device, settings.IsSynchronous);
        var transport = device.Transport;
        if (transport.DeviceType != BlockType) throw new VirtioException($"The device is of type {transport.DeviceType}, no block device.");
        ulong features = transport.Begin(BlockConfiguration.Wanted);
        _configuration = BlockConfiguration.Read(transport, features, settings.IsReadOnly);
        int most = transport.ReadQueueSize(RequestQueue), size = 4;
        if (most < size) throw new VirtioException("The block device has no queue, or one that is too short for a request.");
        while (size * 2 <= Math.Min(most, settings.QueueSize)) size *= 2;
        var queue = new SplitQueue(device.Memory, size, _configuration.HasEventIndex);
        transport.SetQueue(RequestQueue, size, queue.DescriptorsAddress, queue.AvailableAddress, queue.UsedAddress);
        // 2.7.5.3.1: no chain, indirect or not, is longer than the queue.
        var memory = new BlockMemory(device.Memory, Math.Min(size, MostRequests), Math.Min(Math.Min(MostPages, size - 2), _configuration.MostBuffers));
        _mostOctets = memory.PagesPerRequest * BlockMemory.PageSize & -Geometry.SectorSize;
        if (_mostOctets == 0) throw new VirtioException($"The block device takes {memory.PagesPerRequest * BlockMemory.PageSize} octets at a time, less than a sector.");
        _queue = new(transport, queue, memory, new(_configuration.IsIndirect, _configuration.MostPerBuffer, _configuration.ZeroesMayUnmap, settings.Timeout));
        _thread = new(Run, StackSize) { IsBackground = true, Name = "virtio-blk" };
        transport.Start();
        device.Interrupt.Open();
        _thread.Start();
    }

    /// <inheritdoc/>
    public BlockGeometry Geometry => _configuration.Geometry;

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    /// <exception cref="IOException">One line says what is wrong.</exception>
    public static VirtioBlockDevice Open(int number, VirtioBlockSettings? settings = null) => Open(VirtioDevice.Open(number), settings);

    internal static VirtioBlockDevice Open(VirtioDevice device, VirtioBlockSettings? settings = null)
    {
        try
        {
            return new(device, settings ?? new());
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default) =>
        TransferAsync(BlockOperation.Read, sector, destination.Length, [destination], cancel);

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long sector, IReadOnlyList<Memory<byte>> destinations, CancellationToken cancel = default)
    {
        var pieces = new ReadOnlyMemory<byte>[destinations.Count];
        for (int i = 0; i < pieces.Length; i++) pieces[i] = destinations[i];
        await TransferAsync(BlockOperation.Read, sector, BlockRange.LengthOf(destinations, Geometry), pieces, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        await TransferAsync(BlockOperation.Write, sector, source.Length, [source], cancel).ConfigureAwait(false);
        if ((options & BlockWriteOptions.WriteThrough) != 0) await FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long sector, IReadOnlyList<ReadOnlyMemory<byte>> sources, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        await TransferAsync(BlockOperation.Write, sector, BlockRange.LengthOf(sources, Geometry), sources, cancel).ConfigureAwait(false);
        if ((options & BlockWriteOptions.WriteThrough) != 0) await FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken cancel = default)
    {
        Check(cancel);
        // 5.2.6.2: a device that offers no flush has written what it calls done as far as it ever will.
        if (Geometry.IsReadOnly || !Can(BlockCapabilities.Durable)) return;
        await PerformAsync([new(BlockOperation.Flush, 0, 0, [])], cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default)
    {
        CheckRange(sector, count, cancel);
        if (!Can(BlockCapabilities.Discard)) return;
        try
        {
            await PerformRangesAsync(BlockOperation.Discard, sector, count, _configuration.MostDiscard, cancel).ConfigureAwait(false);
        }
        catch (NotSupportedException)
        {
            // What is not discarded stays, which is allowed.
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default)
    {
        CheckRange(sector, count, cancel);
        if (Can(BlockCapabilities.WriteZeroes))
        {
            try
            {
                await PerformRangesAsync(BlockOperation.WriteZeroes, sector, count, _configuration.MostZeroes, cancel).ConfigureAwait(false);
                return;
            }
            catch (NotSupportedException)
            {
                // It offers what it cannot do: zeroes are written like any octets.
            }
        }

        byte[] zeroes = new byte[Math.Min(count * Geometry.SectorSize, _mostOctets)];
        for (long end = sector + count; sector < end; sector += zeroes.Length / Geometry.SectorSize)
            await WriteAsync(sector, zeroes.AsMemory(0, (int)Math.Min(zeroes.Length, (end - sector) * Geometry.SectorSize)), BlockWriteOptions.None, cancel).ConfigureAwait(false);
    }

    /// <summary>Resets the device. Requests that it has fail with <see cref="ObjectDisposedException"/>; what was written and not flushed may or may not be there.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return default;
        _queue.End(() => new ObjectDisposedException(nameof(VirtioBlockDevice)));
        _wait.Wake();
        _thread.Join();
        _device.Dispose();
        _wait.Dispose();
        return default;
    }

    private async ValueTask TransferAsync(BlockOperation operation, long sector, long length, IReadOnlyList<ReadOnlyMemory<byte>> pieces, CancellationToken cancel)
    {
        Check(cancel);
        Geometry.Check(sector, length);
        if (operation == BlockOperation.Write) Geometry.CheckWritable();
        var splitter = new BlockSplitter(operation, ToDevice(sector), pieces, _mostOctets);
        while (splitter.Next(RequestsAtATime) is { Length: > 0 } requests)
        {
            cancel.ThrowIfCancellationRequested();
            await PerformAsync(requests, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask PerformRangesAsync(BlockOperation operation, long sector, long count, long most, CancellationToken cancel)
    {
        for (long at = ToDevice(sector), end = ToDevice(sector + count); at < end; at += most)
        {
            cancel.ThrowIfCancellationRequested();
            await PerformAsync([new(operation, at, Math.Min(most, end - at), [])], cancel).ConfigureAwait(false);
        }
    }

    // All of them have ended when this does, whatever became of them: nothing holds the caller's memory any more.
    private async ValueTask PerformAsync(BlockRequest[] requests, CancellationToken cancel)
    {
        _queue.Submit(requests);
        using var registration = cancel.UnsafeRegister((_, token) => _queue.Abandon(requests, token), null);
        if (_isSynchronous)
            foreach (var request in requests) request.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        await Task.WhenAll(requests.Select(r => r.Task)).ConfigureAwait(false);
    }

    private void CheckRange(long sector, long count, CancellationToken cancel)
    {
        Check(cancel);
        Geometry.CheckCount(sector, count);
        Geometry.CheckWritable();
    }

    private void Check(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _queue.Check();
    }

    private bool Can(BlockCapabilities capability) => (Geometry.Capabilities & capability) != 0;

    private long ToDevice(long sector) => sector * (Geometry.SectorSize / BlockRequest.SectorSize);

    private void Run()
    {
        while (Volatile.Read(ref _isDisposed) == 0)
        {
            var sleep = _queue.TakeFinished();
            if (sleep == TimeSpan.Zero || _wait.Wait(_device.Interrupt.Descriptor, Libc.PollIn, sleep) == 0) continue;
            _device.Interrupt.Take();
            _device.Transport.AcknowledgeInterrupt();
            _device.Interrupt.Open();
        }
    }
}
