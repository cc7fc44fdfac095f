namespace Morgana.Files;

// rename(2).
public sealed partial class FileNamespace
{
    /// <summary>Moves a file or a directory, over one that is there.</summary>
    public Errno Rename(ReadOnlySpan<byte> path, ReadOnlySpan<byte> newPath)
    {
        var error = ResolveParent(path, out var from, out var name);
        if (error != Errno.None) return error;
        error = ResolveParent(newPath, out var to, out var newName);
        if (error != Errno.None) return error;
        if (from.Mount != to.Mount) return Errno.EXDEV;
        if (name.Kind != LastKind.Name || newName.Kind != LastKind.Name) return Errno.EBUSY;
        if (from.Inode.FileSystem.IsReadOnly) return Errno.EROFS;

        error = Step(from, name, out var source);
        if (error != Errno.None) return error;
        error = Step(to, newName, out var target);
        bool replaces = error == Errno.None;
        if (error is not (Errno.None or Errno.ENOENT)) return error;
        if (!source.Inode.IsDirectory && (name.HasSlash || newName.HasSlash)) return Errno.ENOTDIR;
        if (source.Inode.IsDirectory && IsAtOrAbove(source.Inode, to.Inode)) return Errno.EINVAL;
        if (replaces && target.Inode.IsDirectory && IsAtOrAbove(target.Inode, from.Inode)) return Errno.ENOTEMPTY;
        return Rename(from, name.Name, source, to, newName.Name, replaces ? target : null);
    }

    private Errno Rename(Place from, ReadOnlySpan<byte> name, Place source, Place to, ReadOnlySpan<byte> newName, Place? target)
    {
        // Two names of one file: nothing to do, whoever asks.
        if (target?.Inode.Equals(source.Inode) == true) return Errno.None;
        bool isDirectory = source.Inode.IsDirectory;
        var error = MayRemove(from.Inode, source.Inode, isDirectory);
        if (error == Errno.None) error = target is null ? MayCreate(to.Inode) : MayRemove(to.Inode, target.Inode, isDirectory);
        // A directory that moves is changed itself: its ".." is.
        if (error == Errno.None && isDirectory && !from.Inode.Equals(to.Inode)) error = CheckAccess(source.Inode, AccessModes.Write);
        if (error != Errno.None) return error;
        // What something is mounted on stays where it is.
        if (source.Mount != from.Mount || (target is not null && target.Mount != to.Mount)) return Errno.EBUSY;
        return from.Inode.Rename(name, to.Inode, newName);
    }

    private static bool IsAtOrAbove(Inode directory, Inode? below)
    {
        for (; below is not null; below = below.Parent)
            if (below.Equals(directory)) return true;
        return false;
    }
}
