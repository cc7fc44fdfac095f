namespace Morgana.Files;

// stat(2), access(2), chmod(2), utimensat(2), chdir(2), getcwd(2), realpath(3), statfs(2).
public sealed partial class FileNamespace
{
    /// <summary>What is known of a file.</summary>
    /// <param name="path">Which.</param>
    /// <param name="follow">False: of a symbolic link itself.</param>
    /// <param name="status">The answer.</param>
    public Errno GetStatus(ReadOnlySpan<byte> path, bool follow, out FileStatus status)
    {
        status = default;
        var error = Resolve(path, follow, out var place);
        return error != Errno.None ? error : place.Inode.GetStatus(out status);
    }

    /// <summary>Whether the user may do it.</summary>
    public Errno CheckAccess(ReadOnlySpan<byte> path, AccessModes modes)
    {
        if (((int)modes & ~7) != 0) return Errno.EINVAL;
        var error = Resolve(path, follow: true, out var place);
        return error != Errno.None ? error : CheckAccess(place.Inode, modes);
    }

    /// <summary>Changes the permissions. Only the owner may.</summary>
    public Errno ChangePermissions(ReadOnlySpan<byte> path, int permissions)
    {
        var error = Resolve(path, follow: true, out var place);
        return error != Errno.None ? error : ChangePermissions(place.Inode, permissions);
    }

    /// <summary>Changes times; null stays as it is.</summary>
    /// <param name="path">Which.</param>
    /// <param name="follow">False: of a symbolic link itself.</param>
    /// <param name="accessed">The time of the last read.</param>
    /// <param name="modified">The time of the last change.</param>
    public Errno ChangeTimes(ReadOnlySpan<byte> path, bool follow, FileTime? accessed, FileTime? modified)
    {
        var error = Resolve(path, follow, out var place);
        return error != Errno.None ? error : ChangeTimes(place.Inode, accessed, modified);
    }

    /// <summary>Goes to another working directory.</summary>
    public Errno ChangeDirectory(ReadOnlySpan<byte> path)
    {
        var error = Resolve(path, follow: true, out var place);
        if (error == Errno.None) error = MaySearch(place.Inode);
        if (error == Errno.None) _working = place;
        return error;
    }

    /// <summary>The path of the working directory. ENOENT if it was removed.</summary>
    public Errno GetWorkingDirectory(out byte[] path) => GetPath(_working, out path);

    /// <summary>The one path of a file without links and dots.</summary>
    public Errno GetRealPath(ReadOnlySpan<byte> path, out byte[] real)
    {
        real = [];
        var error = Resolve(path, follow: true, out var place);
        if (error != Errno.None) return error;
        if (place.Inode.IsDirectory) return GetPath(place, out real);

        // A file does not know its names: the one that was asked for, below the directory that it leads to.
        int links = 0;
        error = ResolveParent(path, out var directory, out var last);
        while (error == Errno.None)
        {
            error = Step(directory, last, out place);
            if (error != Errno.None) return error;
            if (place.Inode.Type != FileType.Link) break;
            if (++links > MaxLinks) return Errno.ELOOP;
            error = place.Inode.ReadLink(out byte[] target);
            if (error == Errno.None) error = ResolveParent(directory, target, ref links, out directory, out last);
        }

        if (error == Errno.None) error = GetPath(directory, out real);
        if (error == Errno.None) real = [.. real, .. real.Length == 1 ? ""u8 : "/"u8, .. last.Name];
        return error;
    }

    /// <summary>How much the file system of a path holds.</summary>
    public Errno GetSpace(ReadOnlySpan<byte> path, out FileSystemSpace space)
    {
        var error = Resolve(path, follow: true, out var place);
        space = error == Errno.None ? place.Inode.FileSystem.GetSpace() : default;
        return error;
    }

    internal Errno ChangePermissions(Inode inode, int permissions)
    {
        if (inode.FileSystem.IsReadOnly) return Errno.EROFS;
        permissions &= AllPermissions;
        if (inode.FileSystem.ChecksAccess) return inode.Change(new() { Permissions = permissions });
        var error = inode.GetStatus(out var status);
        if (error != Errno.None) return error;
        if (!IsOwner(status)) return Errno.EPERM;
        // chmod(2): without the file's group, set-group-ID goes.
        if (_options.Uid != 0 && !IsMember(status.Gid)) permissions &= ~SetGroup;
        return inode.Change(new() { Permissions = permissions });
    }

    internal Errno ChangeTimes(Inode inode, FileTime? accessed, FileTime? modified)
    {
        if (accessed is null && modified is null) return Errno.None;
        if (inode.FileSystem.IsReadOnly) return Errno.EROFS;
        var error = inode.GetStatus(out var status);
        if (error != Errno.None) return error;
        return IsOwner(status) || inode.FileSystem.ChecksAccess ? inode.Change(new() { Accessed = accessed, Modified = modified }) : Errno.EPERM;
    }

    private Errno GetPath(Place place, out byte[] path)
    {
        path = [];
        List<byte[]> names = [];
        while (true)
        {
            while (place.IsMountRoot && place.Mount.Covered is { } covered) place = covered;
            if (place.IsMountRoot) break;
            var error = place.Inode.GetName(out var name);
            if (error != Errno.None) return error;
            names.Add(name.Octets.ToArray());
            if (place.Inode.Parent is not { } above) return Errno.ENOENT;
            place = new(place.Mount, above);
        }

        names.Reverse();
        var octets = new MemoryStream();
        if (names.Count == 0) octets.WriteByte(Slash);
        foreach (byte[] name in names)
        {
            octets.WriteByte(Slash);
            octets.Write(name);
        }

        path = octets.ToArray();
        return path.Length > MaxPathLength ? Errno.ENAMETOOLONG : Errno.None;
    }
}
