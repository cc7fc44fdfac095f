namespace Morgana.Files;

/// <summary>How much a <see cref="MemoryFileSystem"/> may hold.</summary>
public sealed record MemoryFileSystemOptions
{
    /// <summary>Octets of content, counted in pages of <see cref="MemoryFileSystem.PageSize"/>. Beyond it, writing fails with ENOSPC.</summary>
    public long MaxOctets { get; init; } = 64 << 20;

    /// <summary>Files, directories and links, a hard link counting as one. Beyond it, making one fails with ENOSPC.</summary>
    public int MaxFiles { get; init; } = 65536;

    /// <summary>The permissions of its root.</summary>
    public int RootPermissions { get; init; } = 0x1FF;      // 0777

    /// <summary>Whose its root is.</summary>
    public uint Uid { get; init; }

    /// <summary>The group whose its root is.</summary>
    public uint Gid { get; init; }

    /// <summary>The clock of the files' times.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>Files in memory, as tmpfs has them: for <c>/tmp</c>, and for the root that others are mounted in. Nothing survives the process.</summary>
public sealed class MemoryFileSystem : TreeFileSystem
{
    /// <summary>Octets that are taken at once; holes in a file take none.</summary>
    public const int PageSize = 4096;

    /// <summary>TMPFS_MAGIC.</summary>
    private const long Magic = 0x01021994;

    private readonly MemoryFileSystemOptions _options;
    private readonly long _maxPages;
    private long _pages;
    private long _files;

    /// <summary>An empty file system.</summary>
    public MemoryFileSystem(MemoryFileSystemOptions? options = null)
        : base((options ??= new()).Clock)
    {
        _options = options;
        _maxPages = _options.MaxOctets / PageSize;
        TryReserveFile();
        Root = new MemoryDirectory(this, null, new(FileType.Directory, _options.RootPermissions, _options.Uid, _options.Gid));
    }

    /// <inheritdoc/>
    public override Inode Root { get; }

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    /// <summary>Octets taken now: whole pages.</summary>
    public long Octets => Interlocked.Read(ref _pages) * PageSize;

    /// <summary>Files, directories and links now, and files without a name that are still open.</summary>
    public long Files => Interlocked.Read(ref _files);

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace() =>
        new(Magic, _maxPages * PageSize, (_maxPages - Interlocked.Read(ref _pages)) * PageSize, _options.MaxFiles, _options.MaxFiles - Interlocked.Read(ref _files));

    internal override MemoryInode NewRegular(in NewFile file) => new MemoryFile(this, file);

    internal override bool TryReserveFile()
    {
        if (Interlocked.Increment(ref _files) <= _options.MaxFiles) return true;
        Interlocked.Decrement(ref _files);
        return false;
    }

    internal override void ReleaseFile() => Interlocked.Decrement(ref _files);

    internal bool TryReservePages(long count)
    {
        if (count > _maxPages) return false;
        if (Interlocked.Add(ref _pages, count) <= _maxPages) return true;
        Interlocked.Add(ref _pages, -count);
        return false;
    }

    internal void ReleasePages(long count) => Interlocked.Add(ref _pages, -count);
}
