namespace Morgana.Files;

/// <summary>An open file description (POSIX 3.258): a file, how it was opened, and an offset that reads and writes move.</summary>
/// <remarks>Any thread may call, several at the same time: reads and writes at the offset follow one another, those at a place do not wait.</remarks>
public sealed class OpenFile : IDisposable
{
    private readonly FileNamespace _namespace;
    private readonly Inode _inode;
    private readonly Lock _position = new();
    private long _offset;
    private int _closed;

    internal OpenFile(FileNamespace owner, Inode inode, OpenFlags flags) => (_namespace, _inode, Flags) = (owner, inode, flags);

    /// <summary>How it was opened.</summary>
    public OpenFlags Flags { get; }

    /// <summary>What it is.</summary>
    public FileType Type => _inode.Type;

    /// <summary>Whether it may be read.</summary>
    public bool CanRead => (Flags & OpenFlags.AccessMask) != OpenFlags.WriteOnly;

    /// <summary>Whether it may be written.</summary>
    public bool CanWrite => (Flags & OpenFlags.AccessMask) != OpenFlags.ReadOnly;

    /// <summary>The file system that it is in.</summary>
    public FileSystem FileSystem => _inode.FileSystem;

    internal Inode Inode => _inode;

    private bool Appends => Flags.HasFlag(OpenFlags.Append);

    private bool IsSynchronous => (Flags & OpenFlags.Synchronous) == OpenFlags.Synchronous;

    /// <summary>read(2): from the offset, which moves.</summary>
    public Errno Read(Span<byte> destination, out int count)
    {
        count = 0;
        if (!CanRead) return Errno.EBADF;
        lock (_position)
        {
            var error = _inode.Read(_offset, destination, out count);
            if (error == Errno.None) _offset += count;
            return error;
        }
    }

    /// <summary>pread(2): from a place.</summary>
    public Errno ReadAt(long offset, Span<byte> destination, out int count)
    {
        count = 0;
        if (offset < 0) return Errno.EINVAL;
        return CanRead ? _inode.Read(offset, destination, out count) : Errno.EBADF;
    }

    /// <summary>write(2): at the offset, which moves, or at the end.</summary>
    public Errno Write(ReadOnlySpan<byte> source, out int count)
    {
        count = 0;
        if (!CanWrite) return Errno.EBADF;
        lock (_position)
        {
            var error = _inode.Write(Appends ? -1 : _offset, source, out count, out long end);
            if (error == Errno.None && count > 0) _offset = end;
            return error == Errno.None && IsSynchronous ? _inode.Flush() : error;
        }
    }

    /// <summary>pwrite(2): at a place; opened for appending, at the end all the same (its BUGS section).</summary>
    public Errno WriteAt(long offset, ReadOnlySpan<byte> source, out int count)
    {
        count = 0;
        if (offset < 0) return Errno.EINVAL;
        if (!CanWrite) return Errno.EBADF;
        var error = _inode.Write(Appends ? -1 : offset, source, out count, out _);
        return error == Errno.None && IsSynchronous ? _inode.Flush() : error;
    }

    /// <summary>lseek(2).</summary>
    /// <param name="offset">How far.</param>
    /// <param name="origin">From where.</param>
    /// <param name="position">The new offset.</param>
    public Errno Seek(long offset, SeekOrigin origin, out long position)
    {
        lock (_position)
        {
            position = _offset;
            long from = 0;
            if (origin == SeekOrigin.Current) from = _offset;
            if (origin == SeekOrigin.End)
            {
                var error = _inode.GetStatus(out var status);
                if (error != Errno.None) return error;
                from = status.Size;
            }

            if (origin is not (SeekOrigin.Begin or SeekOrigin.Current or SeekOrigin.End)) return Errno.EINVAL;
            long to = unchecked(from + offset);
            if (to < 0) return Errno.EINVAL;
            position = _offset = to;
            return Errno.None;
        }
    }

    /// <summary>ftruncate(2).</summary>
    public Errno SetLength(long length) => length < 0 || !CanWrite || Type != FileType.Regular ? Errno.EINVAL : _inode.SetLength(length);

    /// <summary>fallocate(2) with FALLOC_FL_KEEP_SIZE: space, not length.</summary>
    public Errno Allocate(long offset, long length)
    {
        if (offset < 0 || length <= 0) return Errno.EINVAL;
        if (!CanWrite) return Errno.EBADF;
        return offset > long.MaxValue - length ? Errno.EFBIG : _inode.Allocate(offset, length);
    }

    /// <summary>fstat(2).</summary>
    public Errno GetStatus(out FileStatus status) => _inode.GetStatus(out status);

    /// <summary>fchmod(2).</summary>
    public Errno ChangePermissions(int permissions) => _namespace.ChangePermissions(_inode, permissions);

    /// <summary>futimens(2); null stays as it is.</summary>
    public Errno ChangeTimes(FileTime? accessed, FileTime? modified) => _namespace.ChangeTimes(_inode, accessed, modified);

    /// <summary>fsync(2).</summary>
    public Errno Flush() => _inode.Flush();

    /// <summary>flock(2): a lock of the whole file, which others may ask for or not.</summary>
    /// <param name="kind">Which; <see cref="FileLock.None"/> unlocks.</param>
    /// <param name="wait">Whether to wait for others; else EAGAIN.</param>
    public Errno Lock(FileLock kind, bool wait) => _inode.Lock(kind, wait) ?? _namespace.Locks.Set(this, kind, wait);

    /// <summary>The whole content where it lies, if it lies in one place and never changes.</summary>
    public bool TryGetMemory(out ReadOnlyMemory<byte> content)
    {
        content = default;
        return CanRead && _inode.TryGetMemory(out content);
    }

    /// <summary>mmap(2) with MAP_SHARED: memory that is the file, until the mapping is disposed of, also after the file was closed.</summary>
    /// <param name="length">How much of the file, from its beginning.</param>
    /// <param name="writes">Whether it will be written.</param>
    /// <param name="mapping">The caller's to dispose of.</param>
    public Errno Map(long length, bool writes, out SharedMapping? mapping)
    {
        mapping = null;
        if (!CanRead || (writes && !CanWrite)) return Errno.EACCES;
        var error = _inode.Acquire(Flags);
        if (error != Errno.None) return error;
        error = _inode.Map(length, writes, out nint address);
        if (error == Errno.None) mapping = new(_inode, Flags, address, length);
        else _inode.Release(Flags);
        return error;
    }

    /// <summary>close(2). What it says is said once; the file is closed whatever it says.</summary>
    public Errno Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return Errno.EBADF;
        _namespace.Locks.Remove(this);
        var error = _inode.Release(Flags);
        _namespace.ReleaseOpenFile();
        return error;
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => Close();
}

/// <summary>A file in memory: what is written there is in the file, and the other way round.</summary>
public sealed class SharedMapping : IDisposable
{
    private readonly Inode _inode;
    private readonly OpenFlags _flags;
    private readonly long _length;
    private int _disposed;

    internal SharedMapping(Inode inode, OpenFlags flags, nint address, long length) => (_inode, _flags, Address, _length) = (inode, flags, address, length);

    /// <summary>Where the file begins.</summary>
    public nint Address { get; }

    /// <summary>msync(2): what was written there survives as the file's content does.</summary>
    public Errno Flush() => _inode.Flush();

    /// <summary>Nobody may use the memory any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _inode.Unmap(Address, _length);
        _inode.Release(_flags);
    }
}
