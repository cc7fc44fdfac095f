namespace Morgana.Files;

// open(2) and opendir(3).
public sealed partial class FileNamespace
{
    /// <summary>Opens a file, or makes it.</summary>
    /// <param name="path">Which.</param>
    /// <param name="flags">How.</param>
    /// <param name="mode">The permissions of a new one, before the mask.</param>
    /// <param name="file">The caller's to close.</param>
    public Errno Open(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out OpenFile? file)
    {
        file = null;
        if ((flags & OpenFlags.AccessMask) == OpenFlags.AccessMask) return Errno.EINVAL;
        if (!TryReserve()) return Errno.ENFILE;
        Errno error;
        Inode? inode;
        bool created, vanished;
        do
        {
            error = flags.HasFlag(OpenFlags.Create) ? FindOrCreate(path, flags, mode, out inode, out created) : Find(path, flags, out inode, out created);
            if (error == Errno.None && !created) error = MayOpen(inode!, flags);
            vanished = error == Errno.None && (error = inode!.Acquire(flags)) == Errno.ENOENT;
        }
        while (vanished && flags.HasFlag(OpenFlags.Create));        // Removed since it was found: then it is made again.

        if (error == Errno.None && flags.HasFlag(OpenFlags.Truncate) && !created && inode!.Type == FileType.Regular)
        {
            error = inode.SetLength(0);
            if (error != Errno.None) inode.Release(flags);
        }

        if (error == Errno.None) file = new(this, inode!, flags);
        else ReleaseOpenFile();
        return error;
    }

    /// <summary>Opens a directory to list it.</summary>
    public Errno OpenDirectory(ReadOnlySpan<byte> path, out DirectoryStream? directory)
    {
        directory = null;
        if (!TryReserve()) return Errno.ENFILE;
        var error = Resolve(path, follow: true, out var place);
        if (error == Errno.None && !place.Inode.IsDirectory) error = Errno.ENOTDIR;
        if (error == Errno.None) error = CheckAccess(place.Inode, AccessModes.Read);
        List<DirectoryEntry> entries = [];
        if (error == Errno.None) error = Begin(place, entries);
        if (error == Errno.None) error = place.Inode.List(entries);
        if (error == Errno.None) directory = new(this, entries);
        else ReleaseOpenFile();
        return error;
    }

    private Errno Begin(Place place, List<DirectoryEntry> entries)
    {
        var error = place.Inode.GetStatus(out var here);
        if (error != Errno.None) return error;
        error = Above(place).Inode.GetStatus(out var above);
        entries.Add(new(new("."u8), FileType.Directory, here.Number));
        entries.Add(new(new(".."u8), FileType.Directory, above.Number));
        return error;
    }

    private Errno Find(ReadOnlySpan<byte> path, OpenFlags flags, out Inode? inode, out bool created)
    {
        (inode, created) = (null, false);
        var error = Resolve(path, follow: !flags.HasFlag(OpenFlags.NoFollow), out var place);
        if (error == Errno.None) inode = place.Inode;
        return error;
    }

    private Errno FindOrCreate(ReadOnlySpan<byte> path, OpenFlags flags, int mode, out Inode? inode, out bool created)
    {
        (inode, created) = (null, false);
        int links = 0;
        var error = ResolveParent(path, out var directory, out var last);
        while (error == Errno.None)
        {
            // A file cannot be made where a directory is asked for.
            if (last.HasSlash && last.Kind == LastKind.Name) return Errno.EISDIR;
            error = Step(directory, last, out var place);
            if (error == Errno.ENOENT)
            {
                error = CreateIn(directory, last.Name, mode, out inode);
                created = error == Errno.None;
                // Somebody was faster: then it is opened, unless it must be new.
                if (error == Errno.EEXIST && !flags.HasFlag(OpenFlags.Exclusive))
                {
                    error = Errno.None;
                    continue;
                }

                return error;
            }

            if (error != Errno.None) return error;
            if (flags.HasFlag(OpenFlags.Exclusive)) return Errno.EEXIST;
            if (place.Inode.Type != FileType.Link || flags.HasFlag(OpenFlags.NoFollow))
            {
                inode = place.Inode;
                return inode.IsDirectory ? Errno.EISDIR : Errno.None;
            }

            // A link that leads nowhere is created at its other end.
            if (++links > MaxLinks) return Errno.ELOOP;
            error = place.Inode.ReadLink(out byte[] target);
            if (error == Errno.None) error = target.Length == 0 ? Errno.ENOENT : ResolveParent(directory, target, ref links, out directory, out last);
        }

        return error;
    }

    private Errno CreateIn(Place directory, ReadOnlySpan<byte> name, int mode, out Inode? inode)
    {
        inode = null;
        if (directory.Inode.FileSystem.IsReadOnly) return Errno.EROFS;
        var error = MayCreate(directory.Inode);
        return error != Errno.None ? error : directory.Inode.Create(name, NewFileIn(directory.Inode, FileType.Regular, mode), out inode);
    }

    /// <summary>Linux's may_open: what it is, before who may.</summary>
    private Errno MayOpen(Inode inode, OpenFlags flags)
    {
        var access = flags & OpenFlags.AccessMask;
        var wanted = access == OpenFlags.ReadOnly ? AccessModes.Read : access == OpenFlags.WriteOnly ? AccessModes.Write : AccessModes.Read | AccessModes.Write;
        if (flags.HasFlag(OpenFlags.Truncate)) wanted |= AccessModes.Write;
        if (flags.HasFlag(OpenFlags.Directory) && !inode.IsDirectory) return Errno.ENOTDIR;
        if (inode.Type == FileType.Link) return Errno.ELOOP;
        if (inode.IsDirectory && wanted.HasFlag(AccessModes.Write)) return Errno.EISDIR;
        var error = CheckAccess(inode, wanted);
        return error == Errno.None && inode.Type == FileType.Socket ? Errno.ENXIO : error;
    }
}
