using Microsoft.Win32.SafeHandles;
using Morgana.Storage.Linux;

namespace Morgana.Storage;

/// <summary>How a <see cref="FileBlockDevice"/> is opened.</summary>
public sealed record FileBlockDeviceOptions
{
    /// <summary>Octets in a sector.</summary>
    public int SectorSize { get; init; } = 512;

    /// <summary>Whether the file is only to be read. Several may do that at the same time.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether reads, writes and flushes are done before they return, on the caller's thread: for who would only wait for them.</summary>
    public bool IsSynchronous { get; init; }

    /// <summary>Makes the file, sparse and of so many octets, if there is none. Null: it has to be there.</summary>
    public long? CreateLength { get; init; }

    /// <summary>The octets that it has to have at least.</summary>
    public long MinimumLength { get; init; }
}

/// <summary>A block device that is a file, or a device file of the host's.</summary>
/// <remarks>
/// Who writes a file has it alone: it is locked (flock(2)), and a second opener is refused with <see cref="BlockError.Busy"/>. A flush is
/// fdatasync(2). When that has failed, the kernel may have dropped what was written and says so only once: the device is gone for good then.
/// Requests run on the thread pool, unless <see cref="FileBlockDeviceOptions.IsSynchronous"/>.
/// </remarks>
public sealed class FileBlockDevice : IBlockDevice
{
    private const int MaxPieces = 64;

    private readonly SafeFileHandle _file;
    private readonly bool _isSynchronous;
    private volatile bool _failed;

    private FileBlockDevice(SafeFileHandle file, FileBlockDeviceOptions options, string name)
    {
        (_file, _isSynchronous) = (file, options.IsSynchronous);
        long length = LengthOf(file);
        if (length % options.SectorSize != 0) throw new BlockDeviceException(BlockError.BadSize, $"{name} has {length} octets, which are no whole number of sectors of {options.SectorSize}.");
        if (length < options.MinimumLength) throw new BlockDeviceException(BlockError.BadSize, $"{name} has {length} octets, {options.MinimumLength} are needed.");
        var capabilities = BlockCapabilities.Durable;
        if (!options.IsReadOnly && CanPunchHoles(file, length, options.SectorSize)) capabilities |= BlockCapabilities.Discard | BlockCapabilities.DiscardZeroes | BlockCapabilities.WriteZeroes;
        Geometry = new(options.SectorSize, length / options.SectorSize) { IsReadOnly = options.IsReadOnly, Capabilities = capabilities };
    }

    /// <inheritdoc/>
    public BlockGeometry Geometry { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="BlockDeviceException">It is in use, has a size that no device has, or cannot be opened.</exception>
    public static FileBlockDevice Open(string path, FileBlockDeviceOptions? options = null)
    {
        options ??= new();
        var mode = options.CreateLength is null || options.IsReadOnly ? FileMode.Open : FileMode.OpenOrCreate;
        var access = options.IsReadOnly ? FileAccess.Read : FileAccess.ReadWrite;
        SafeFileHandle file;
        try
        {
            // On Linux, FileShare is flock(2): None is an exclusive lock.
            file = File.OpenHandle(path, mode, access, options.IsReadOnly ? FileShare.Read : FileShare.None, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BlockDeviceException(e.HResult == Libc.EAgain ? BlockError.Busy : BlockError.Failed, $"{path} cannot be opened: {e.Message}", e);
        }

        return Own(file, options, path, makeIfEmpty: mode == FileMode.OpenOrCreate);
    }

    /// <summary>A device over a descriptor that was handed over, such as one of the runner's. It belongs to the device from now on.</summary>
    /// <exception cref="BlockDeviceException">Somebody else has locked it, or it has a size that no device has.</exception>
    public static FileBlockDevice FromDescriptor(int descriptor, FileBlockDeviceOptions? options = null)
    {
        options ??= new();
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        string name = $"descriptor {descriptor}";
        if (Libc.Lock(file, (options.IsReadOnly ? Libc.LockShared : Libc.LockExclusive) | Libc.LockNonBlocking) == 0) return Own(file, options, name, makeIfEmpty: false);
        int error = Libc.Error;
        file.Dispose();
        throw new BlockDeviceException(error == Libc.EAgain ? BlockError.Busy : BlockError.Failed, $"The file of {name} cannot be locked (error {error}).");
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default)
    {
        Begin(cancel);
        Geometry.Check(sector, destination.Length);
        try
        {
            await FillAsync(sector * Geometry.SectorSize, destination, cancel).ConfigureAwait(false);
        }
        catch (IOException e) when (e is not BlockDeviceException)
        {
            throw Translate(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long sector, IReadOnlyList<Memory<byte>> destinations, CancellationToken cancel = default)
    {
        Begin(cancel);
        Geometry.Check(sector, BlockRange.LengthOf(destinations, Geometry));
        long offset = sector * Geometry.SectorSize;
        try
        {
            for (int at = 0; at < destinations.Count; at += MaxPieces)
            {
                List<Memory<byte>> some = [];
                for (int i = at; i < Math.Min(at + MaxPieces, destinations.Count); i++)
                    if (!destinations[i].IsEmpty) some.Add(destinations[i]);
                if (some.Count == 0) continue;
                long read = _isSynchronous ? RandomAccess.Read(_file, some, offset) : await RandomAccess.ReadAsync(_file, some, offset, cancel).ConfigureAwait(false);
                foreach (var piece in some)
                {
                    // preadv(2) may stop early: the rest is read piece by piece.
                    if (read < piece.Length) await FillAsync(offset + read, piece[(int)read..], cancel).ConfigureAwait(false);
                    read = Math.Max(0, read - piece.Length);
                    offset += piece.Length;
                }
            }
        }
        catch (IOException e) when (e is not BlockDeviceException)
        {
            throw Translate(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        Begin(cancel);
        Geometry.Check(sector, source.Length);
        Geometry.CheckWritable();
        if (source.IsEmpty) return;
        try
        {
            if (_isSynchronous) RandomAccess.Write(_file, source.Span, sector * Geometry.SectorSize);
            else await RandomAccess.WriteAsync(_file, source, sector * Geometry.SectorSize, cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Translate(e);
        }

        if ((options & BlockWriteOptions.WriteThrough) != 0) await FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long sector, IReadOnlyList<ReadOnlyMemory<byte>> sources, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
    {
        Begin(cancel);
        long length = BlockRange.LengthOf(sources, Geometry);
        Geometry.Check(sector, length);
        Geometry.CheckWritable();
        if (length == 0) return;
        try
        {
            if (_isSynchronous) RandomAccess.Write(_file, sources, sector * Geometry.SectorSize);
            else await RandomAccess.WriteAsync(_file, sources, sector * Geometry.SectorSize, cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Translate(e);
        }

        if ((options & BlockWriteOptions.WriteThrough) != 0) await FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken cancel = default)
    {
        Begin(cancel);
        if (Geometry.IsReadOnly) return;
        if (_isSynchronous) Flush();
        else await Task.Run(Flush, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default)
    {
        Begin(cancel);
        Geometry.CheckCount(sector, count);
        Geometry.CheckWritable();
        if (count > 0 && (Geometry.Capabilities & BlockCapabilities.Discard) != 0) await Task.Run(() => TryPunch(sector, count), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default)
    {
        Begin(cancel);
        Geometry.CheckCount(sector, count);
        Geometry.CheckWritable();
        if (count == 0) return;
        if ((Geometry.Capabilities & BlockCapabilities.WriteZeroes) != 0 && await Task.Run(() => TryPunch(sector, count), cancel).ConfigureAwait(false)) return;
        byte[] zeroes = new byte[Math.Min(count * Geometry.SectorSize, 1 << 16)];
        for (long end = sector + count; sector < end; sector += zeroes.Length / Geometry.SectorSize)
            await WriteAsync(sector, zeroes.AsMemory(0, (int)Math.Min(zeroes.Length, (end - sector) * Geometry.SectorSize)), BlockWriteOptions.None, cancel).ConfigureAwait(false);
    }

    /// <summary>Closes the file; the kernel writes what was not flushed when it likes.</summary>
    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    private static FileBlockDevice Own(SafeFileHandle file, FileBlockDeviceOptions options, string name, bool makeIfEmpty)
    {
        try
        {
            if (makeIfEmpty && RandomAccess.GetLength(file) == 0) RandomAccess.SetLength(file, options.CreateLength!.Value);
            return new(file, options, name);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is BlockDeviceException or ArgumentException) throw;
            throw new BlockDeviceException(BlockError.Failed, $"{name} is of no use as a block device: {e.Message}", e);
        }
    }

    private static long LengthOf(SafeFileHandle file)
    {
        long length = RandomAccess.GetLength(file);
        // A device file has no length of its own, but an end.
        return length > 0 || !OperatingSystem.IsLinux() ? length : Math.Max(0, Libc.Seek(file, 0, Libc.SeekEnd));
    }

    // Beyond the end and without growing, punching changes nothing but tells whether the file system can do it.
    private static bool CanPunchHoles(SafeFileHandle file, long length, int sectorSize) =>
        OperatingSystem.IsLinux() && Libc.Allocate(file, Libc.PunchHole | Libc.KeepSize, length, sectorSize) == 0;

    private bool TryPunch(long sector, long count)
    {
        int result;
        do result = Libc.Allocate(_file, Libc.PunchHole | Libc.KeepSize, sector * Geometry.SectorSize, count * Geometry.SectorSize);
        while (result != 0 && Libc.Error == Libc.EIntr);
        return result == 0;
    }

    private void Flush()
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(_file);
                return;
            }

            while (Libc.DataSync(_file) != 0)
            {
                int error = Libc.Error;
                if (error == Libc.EIntr) continue;
                _failed = true;
                throw new BlockDeviceException(BlockError.Gone, $"The file could not be flushed (error {error}): what was written since the last flush may be lost.");
            }
        }
        catch (IOException e) when (e is not BlockDeviceException)
        {
            _failed = true;
            throw new BlockDeviceException(BlockError.Gone, $"The file could not be flushed: {e.Message}", e);
        }
    }

    private async ValueTask FillAsync(long offset, Memory<byte> destination, CancellationToken cancel)
    {
        while (!destination.IsEmpty)
        {
            int read = _isSynchronous ? RandomAccess.Read(_file, destination.Span, offset) : await RandomAccess.ReadAsync(_file, destination, offset, cancel).ConfigureAwait(false);
            if (read == 0) throw new BlockDeviceException(BlockError.Failed, "The file has become shorter than it was.");
            destination = destination[read..];
            offset += read;
        }
    }

    private void Begin(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        if (_failed) throw new BlockDeviceException(BlockError.Gone, "A flush of the file has failed: it is of no use any more.");
    }

    private static BlockDeviceException Translate(IOException e) => new(e.HResult switch
    {
        Libc.ENoSpc => BlockError.NoSpace,
        Libc.ERofs => BlockError.ReadOnly,
        _ => BlockError.Failed,
    }, $"The file failed: {e.Message}", e);
}
