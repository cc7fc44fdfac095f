namespace Morgana.Files;

/// <summary>What a program sees as its files: file systems mounted in one tree, a working directory, and a user.</summary>
/// <remarks>
/// The operations are POSIX's, and their errors those of Linux, in Linux's order where several are due. Paths are octets, without the NUL
/// that ends them in C. Any thread may call. Mounting is for the time before the program runs.
/// </remarks>
public sealed partial class FileNamespace
{
    /// <summary>Octets in a path, at most, without the NUL: PATH_MAX.</summary>
    public const int MaxPathLength = 4095;

    /// <summary>Symbolic links that are followed for one path: MAXSYMLINKS.</summary>
    public const int MaxLinks = 40;

    private readonly FileNamespaceOptions _options;
    private readonly Mount _root;
    private readonly Lock _mounting = new();
    private readonly FileLocks _locks = new();
    private volatile Dictionary<Inode, Mount> _mounts = [];
    private volatile Place _working;
    private int _openFiles;

    /// <summary>A tree with <paramref name="root"/> at <c>/</c>, which is also the working directory.</summary>
    public FileNamespace(FileSystem root, FileNamespaceOptions? options = null)
    {
        _options = options ?? new();
        _root = new(root, null, "/");
        _working = new(_root, root.Root);
    }

    /// <summary>Files and directories that are open now.</summary>
    public int OpenFiles => Volatile.Read(ref _openFiles);

    /// <summary>Where something is mounted, and what.</summary>
    public IEnumerable<(string Path, FileSystem FileSystem)> Mounts
    {
        get
        {
            List<Mount> mounts = [.. _mounts.Values];
            mounts.Sort(static (a, b) => string.CompareOrdinal(a.Path, b.Path));
            mounts.Insert(0, _root);
            foreach (var mount in mounts) yield return (mount.Path, mount.FileSystem);
        }
    }

    internal FileLocks Locks => _locks;

    internal FileTime Now => FileTime.From(_options.Clock.GetUtcNow());

    /// <summary>Puts a file system over a directory, which is made if it is not there.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="fileSystem">What lies there from now on.</param>
    /// <returns>The error of the directory: EBUSY if something is mounted there already.</returns>
    public Errno Mount(string path, FileSystem fileSystem)
    {
        lock (_mounting)
        {
            if (!path.StartsWith('/')) return Errno.EINVAL;
            var place = new Place(_root, _root.FileSystem.Root);
            foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                var error = StepOrMake(place, System.Text.Encoding.UTF8.GetBytes(part), out place);
                if (error != Errno.None) return error;
            }

            if (!place.Inode.IsDirectory) return Errno.ENOTDIR;
            if (place.IsMountRoot) return Errno.EBUSY;
            _mounts = new(_mounts) { [place.Inode] = new(fileSystem, place, path) };
            return Errno.None;
        }
    }

    /// <summary>A step of a mount's path. It is the system's work, so nobody is asked for his rights, and what is made is root's.</summary>
    private Errno StepOrMake(Place directory, byte[] name, out Place place)
    {
        var error = Step(directory, new(LastKind.Name, name, slash: false), out place);
        if (error != Errno.ENOENT) return error;
        error = directory.Inode.Create(name, new(FileType.Directory, 0x1ED, 0, 0), out var made);      // 0755
        if (error == Errno.None) place = new(directory.Mount, made!);
        return error;
    }

    /// <summary>Takes one of the files that may be open.</summary>
    private bool TryReserve()
    {
        if (Interlocked.Increment(ref _openFiles) <= _options.MaxOpenFiles) return true;
        Interlocked.Decrement(ref _openFiles);
        return false;
    }

    internal void ReleaseOpenFile() => Interlocked.Decrement(ref _openFiles);
}

/// <summary>A file system in the tree.</summary>
/// <param name="FileSystem">Which.</param>
/// <param name="Covered">What it lies over; null at the top.</param>
/// <param name="Path">Where, as it was asked for.</param>
internal sealed record Mount(FileSystem FileSystem, Place? Covered, string Path);

/// <summary>A point of the tree. The mount matters to <c>..</c> and to what may be renamed to where.</summary>
internal sealed record Place(Mount Mount, Inode Inode)
{
    /// <summary>Whether it is the topmost directory of its file system.</summary>
    public bool IsMountRoot => Inode.Equals(Mount.FileSystem.Root);
}
