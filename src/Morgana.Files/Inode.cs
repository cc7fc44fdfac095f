namespace Morgana.Files;

/// <summary>A file, directory or symbolic link of a <see cref="FileSystem"/>: what a name leads to, and what stays open when the name is gone.</summary>
/// <remarks>
/// Any thread may call; each operation is atomic for the others. Whether the caller may do it was checked by <see cref="FileNamespace"/>,
/// and names given here have 1 to 255 octets and are neither <c>.</c> nor <c>..</c>. Two objects that stand for the same file are equal.
/// What a kind of file does not have answers with the error that Linux gives for it.
/// </remarks>
public abstract class Inode
{
    /// <summary>Where it is.</summary>
    public abstract FileSystem FileSystem { get; }

    /// <summary>What it is; that never changes.</summary>
    public abstract FileType Type { get; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => Type == FileType.Directory;

    /// <summary>The directory above a directory; null at the file system's root. A removed one keeps the last it had.</summary>
    public virtual Inode? Parent => null;

    /// <summary>Whether it is a directory that was removed, and only still in use.</summary>
    public virtual bool IsRemoved => false;

    /// <summary>What stat(2) tells of it.</summary>
    public abstract Errno GetStatus(out FileStatus status);

    /// <summary>Whether the user may do so: asked where <see cref="FileSystem.ChecksAccess"/>, and else found in its status.</summary>
    public virtual Errno CheckAccess(AccessModes wanted) => Errno.None;

    /// <summary>Changes attributes.</summary>
    public virtual Errno Change(in AttributeChange change) => Errno.EPERM;

    /// <summary>The name of a directory in the one above. ENOENT if it has been removed.</summary>
    public virtual Errno GetName(out FileName name)
    {
        name = FileName.None;
        return Errno.ENOENT;
    }

    /// <summary>What a name leads to. ENOENT if nothing has it.</summary>
    public virtual Errno Lookup(ReadOnlySpan<byte> name, out Inode? inode)
    {
        inode = null;
        return Errno.ENOTDIR;
    }

    /// <summary>Adds all entries, without <c>.</c> and <c>..</c>.</summary>
    public virtual Errno List(List<DirectoryEntry> entries) => Errno.ENOTDIR;

    /// <summary>Makes a file, a directory or a symbolic link. EEXIST if the name is taken.</summary>
    public virtual Errno Create(ReadOnlySpan<byte> name, in NewFile file, out Inode? inode)
    {
        inode = null;
        return Errno.ENOTDIR;
    }

    /// <summary>Another name for a file of the same file system that is no directory.</summary>
    public virtual Errno Link(ReadOnlySpan<byte> name, Inode target) => Errno.EPERM;

    /// <summary>Removes the name of a file that is no directory.</summary>
    public virtual Errno Unlink(ReadOnlySpan<byte> name) => Errno.ENOTDIR;

    /// <summary>Removes an empty directory.</summary>
    public virtual Errno RemoveDirectory(ReadOnlySpan<byte> name) => Errno.ENOTDIR;

    /// <summary>Moves an entry to a directory of the same file system, over one that is there.</summary>
    public virtual Errno Rename(ReadOnlySpan<byte> name, Inode toDirectory, ReadOnlySpan<byte> toName) => Errno.ENOTDIR;

    /// <summary>Where a symbolic link leads.</summary>
    public virtual Errno ReadLink(out byte[] target)
    {
        target = [];
        return Errno.EINVAL;
    }

    /// <summary>Before it is used by an open file: what is removed now stays until <see cref="Release"/>.</summary>
    public virtual Errno Acquire(OpenFlags flags) => Errno.None;

    /// <summary>After an open file was closed.</summary>
    /// <returns>What close(2) has to tell.</returns>
    public virtual Errno Release(OpenFlags flags) => Errno.None;

    /// <summary>Reads from <paramref name="offset"/> on; at or behind the end there is nothing.</summary>
    public virtual Errno Read(long offset, Span<byte> destination, out int count)
    {
        count = 0;
        return IsDirectory ? Errno.EISDIR : Errno.EINVAL;
    }

    /// <summary>Writes, and grows the file if need be; a gap is zeroes.</summary>
    /// <param name="offset">Where; -1 for the end.</param>
    /// <param name="source">What.</param>
    /// <param name="count">How much was written: less only if there is no room for more.</param>
    /// <param name="end">The offset behind it.</param>
    public virtual Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        (count, end) = (0, offset);
        return IsDirectory ? Errno.EISDIR : Errno.EINVAL;
    }

    /// <summary>Cuts the file, or makes it longer with zeroes.</summary>
    public virtual Errno SetLength(long length) => IsDirectory ? Errno.EISDIR : Errno.EINVAL;

    /// <summary>Reserves space without changing the length: fallocate(2) with FALLOC_FL_KEEP_SIZE.</summary>
    public virtual Errno Allocate(long offset, long length) => Errno.EOPNOTSUPP;

    /// <summary>What was written survives as the file system can make it survive.</summary>
    public virtual Errno Flush() => Errno.None;

    /// <summary>flock(2), where the file has locks that others know as well. Of an open file whose inode is its own.</summary>
    /// <returns>Null: the program is alone, and its own locks are all there are.</returns>
    public virtual Errno? Lock(FileLock kind, bool wait) => null;

    /// <summary>Keeps the content in one piece of memory, which reads and writes see as well, until <see cref="Unmap"/>.</summary>
    /// <param name="length">How much of it, from its beginning.</param>
    /// <param name="writes">Whether it may be written there.</param>
    /// <param name="address">Where; at a multiple of the page size.</param>
    /// <returns>ENODEV if this kind of file cannot: mmap(2).</returns>
    public virtual Errno Map(long length, bool writes, out nint address)
    {
        address = 0;
        return Errno.ENODEV;
    }

    /// <summary>After <see cref="Map"/>, once for each, with what that gave and got.</summary>
    public virtual void Unmap(nint address, long length)
    {
    }

    /// <summary>The whole content where it lies, if it lies in one place and never changes.</summary>
    public virtual bool TryGetMemory(out ReadOnlyMemory<byte> content)
    {
        content = default;
        return false;
    }
}

/// <summary>A file that is to be made.</summary>
/// <param name="Type">What.</param>
/// <param name="Permissions">Its permission bits, after the mask.</param>
/// <param name="Uid">Whose it will be.</param>
/// <param name="Gid">The group whose it will be.</param>
/// <param name="Target">Of a symbolic link: where it leads.</param>
public readonly record struct NewFile(FileType Type, int Permissions, uint Uid, uint Gid, byte[]? Target = null);
