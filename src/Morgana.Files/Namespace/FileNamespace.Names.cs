namespace Morgana.Files;

// mkdir(2), rmdir(2), unlink(2), link(2), symlink(2), readlink(2).
public sealed partial class FileNamespace
{
    /// <summary>Makes a directory.</summary>
    public Errno MakeDirectory(ReadOnlySpan<byte> path, int mode)
    {
        // The sticky bit, but not the others, is the caller's to set: mkdir(2).
        const int settable = 0x3FF;
        var error = BeginCreate(path, isDirectory: true, out var directory, out var last);
        return error != Errno.None ? error : directory.Inode.Create(last.Name, NewFileIn(directory.Inode, FileType.Directory, mode & settable), out _);
    }

    /// <summary>Makes a symbolic link. Where it leads is not looked at.</summary>
    public Errno MakeLink(ReadOnlySpan<byte> target, ReadOnlySpan<byte> path)
    {
        var error = Check(target);
        if (error != Errno.None) return error;
        error = BeginCreate(path, isDirectory: false, out var directory, out var last);
        return error != Errno.None ? error : directory.Inode.Create(last.Name, NewFileIn(directory.Inode, FileType.Link, 0, target.ToArray()), out _);
    }

    /// <summary>Makes a node under which a socket is found: what bind(2) does with a path. unix(7).</summary>
    /// <param name="path">Which.</param>
    /// <param name="node">What stands there now.</param>
    public Errno MakeSocket(ReadOnlySpan<byte> path, out Inode? node)
    {
        const int all = 0x1FF;
        node = null;
        var error = BeginCreate(path, isDirectory: false, out var directory, out var last);
        return error != Errno.None ? error : directory.Inode.Create(last.Name, NewFileIn(directory.Inode, FileType.Socket, all), out node);
    }

    /// <summary>What a path leads to, for whoever is to connect to it: that asks for the right to write. unix(7).</summary>
    public Errno FindSocket(ReadOnlySpan<byte> path, out Inode? node)
    {
        node = null;
        var error = Resolve(path, follow: true, out var place);
        if (error == Errno.None) error = CheckAccess(place.Inode, AccessModes.Write);
        if (error == Errno.None) node = place.Inode;
        return error;
    }

    /// <summary>Gives a file another name. A symbolic link is not followed.</summary>
    public Errno Link(ReadOnlySpan<byte> path, ReadOnlySpan<byte> newPath)
    {
        var error = Resolve(path, follow: false, out var place);
        if (error != Errno.None) return error;
        error = BeginName(newPath, isDirectory: false, out var directory, out var last);
        if (error != Errno.None) return error;
        if (directory.Mount != place.Mount) return Errno.EXDEV;
        error = MayLink(place.Inode);
        if (error == Errno.None) error = MayCreate(directory.Inode);
        if (error != Errno.None) return error;
        return place.Inode.IsDirectory ? Errno.EPERM : directory.Inode.Link(last.Name, place.Inode);
    }

    /// <summary>Where a symbolic link leads.</summary>
    public Errno ReadLink(ReadOnlySpan<byte> path, out byte[] target)
    {
        target = [];
        var error = Resolve(path, follow: false, out var place);
        if (error != Errno.None) return error;
        return place.Inode.Type == FileType.Link ? place.Inode.ReadLink(out target) : Errno.EINVAL;
    }

    /// <summary>Removes a file's name. What is open stays until it is closed.</summary>
    public Errno Unlink(ReadOnlySpan<byte> path)
    {
        var error = ResolveParent(path, out var directory, out var last);
        if (error != Errno.None) return error;
        if (last.Kind != LastKind.Name) return Errno.EISDIR;
        if (directory.Inode.FileSystem.IsReadOnly) return Errno.EROFS;
        error = Step(directory, last, out var place);
        if (error != Errno.None) return error;
        if (last.HasSlash) return place.Inode.IsDirectory ? Errno.EISDIR : Errno.ENOTDIR;
        error = place.Mount == directory.Mount ? MayRemove(directory.Inode, place.Inode, asDirectory: false) : Errno.EISDIR;
        return error != Errno.None ? error : directory.Inode.Unlink(last.Name);
    }

    /// <summary>Removes an empty directory.</summary>
    public Errno RemoveDirectory(ReadOnlySpan<byte> path)
    {
        var error = ResolveParent(path, out var directory, out var last);
        if (error != Errno.None) return error;
        switch (last.Kind)
        {
            case LastKind.DotDot: return Errno.ENOTEMPTY;
            case LastKind.Dot: return Errno.EINVAL;
            case LastKind.Root: return Errno.EBUSY;
        }

        if (directory.Inode.FileSystem.IsReadOnly) return Errno.EROFS;
        error = Step(directory, last, out var place);
        if (error != Errno.None) return error;
        if (place.Mount != directory.Mount) return Errno.EBUSY;
        error = MayRemove(directory.Inode, place.Inode, asDirectory: true);
        return error != Errno.None ? error : directory.Inode.RemoveDirectory(last.Name);
    }

    /// <summary>Up to where an entry would be made, with the user's right to do so.</summary>
    private Errno BeginCreate(ReadOnlySpan<byte> path, bool isDirectory, out Place directory, out Last last)
    {
        var error = BeginName(path, isDirectory, out directory, out last);
        return error != Errno.None ? error : MayCreate(directory.Inode);
    }

    /// <summary>Linux's filename_create: a name that nothing has.</summary>
    private Errno BeginName(ReadOnlySpan<byte> path, bool isDirectory, out Place directory, out Last last)
    {
        var error = ResolveParent(path, out directory, out last);
        if (error != Errno.None) return error;
        if (last.Kind != LastKind.Name) return Errno.EEXIST;
        error = Step(directory, last, out _);
        if (error == Errno.None) return Errno.EEXIST;
        if (error != Errno.ENOENT) return error;
        // Only a directory can be made at a path that ends in a slash.
        if (last.HasSlash && !isDirectory) return Errno.ENOENT;
        return directory.Inode.FileSystem.IsReadOnly ? Errno.EROFS : Errno.None;
    }

    /// <summary>proc(5), protected_hardlinks: a name for another's file only for who could read and write it.</summary>
    private Errno MayLink(Inode inode)
    {
        if (_options.Uid == 0 || inode.FileSystem.ChecksAccess) return Errno.None;
        var error = inode.GetStatus(out var status);
        if (error != Errno.None) return error;
        const int setUser = 0x800, setGroupAndExecute = SetGroup | 8;
        bool safe = status.Type == FileType.Regular && (status.Permissions & setUser) == 0
            && (status.Permissions & setGroupAndExecute) != setGroupAndExecute && Allows(status, AccessModes.Read | AccessModes.Write);
        return safe || IsOwner(status) ? Errno.None : Errno.EPERM;
    }
}
