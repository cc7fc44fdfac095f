namespace Morgana.Files;

// Who may do what: inode_permission and may_delete of Linux, in their order.
public sealed partial class FileNamespace
{
    private const int Sticky = 0x200, SetGroup = 0x400, AllPermissions = 0xFFF;

    /// <summary>Whether the user may do all of <paramref name="wanted"/>.</summary>
    private Errno CheckAccess(Inode inode, AccessModes wanted)
    {
        // Before anybody is asked who he is: nobody writes to what cannot change.
        if (wanted.HasFlag(AccessModes.Write) && inode.FileSystem.IsReadOnly) return Errno.EROFS;
        if (wanted == AccessModes.Exists) return Errno.None;
        if (inode.FileSystem.ChecksAccess) return inode.CheckAccess(wanted);
        if (_options.Uid == 0 && (inode.IsDirectory || !wanted.HasFlag(AccessModes.Execute))) return Errno.None;

        var error = inode.GetStatus(out var status);
        return error != Errno.None ? error : Allows(status, wanted) ? Errno.None : Errno.EACCES;
    }

    private bool Allows(in FileStatus status, AccessModes wanted)
    {
        // capabilities(7), CAP_DAC_OVERRIDE: everything, but what nobody may execute.
        if (_options.Uid == 0) return status.Type == FileType.Directory || !wanted.HasFlag(AccessModes.Execute) || (status.Permissions & 0x49) != 0;
        int shift = status.Uid == _options.Uid ? 6 : IsMember(status.Gid) ? 3 : 0;
        var granted = (AccessModes)((status.Permissions >> shift) & 7);
        return (granted & wanted) == wanted;
    }

    private bool IsMember(uint group) => group == _options.Gid || _options.Groups.Contains(group);

    private bool IsOwner(in FileStatus status) => _options.Uid == 0 || status.Uid == _options.Uid;

    /// <summary>Whether the user may make an entry in a directory.</summary>
    private Errno MayCreate(Inode directory) => CheckAccess(directory, AccessModes.Write | AccessModes.Execute);

    /// <summary>Whether the user may take an entry out of a directory, and it is of the kind that is meant.</summary>
    private Errno MayRemove(Inode directory, Inode entry, bool asDirectory)
    {
        var error = CheckAccess(directory, AccessModes.Write | AccessModes.Execute);
        if (error != Errno.None) return error;
        if (_options.Uid != 0 && !directory.FileSystem.ChecksAccess)
        {
            if (directory.GetStatus(out var above) != Errno.None || entry.GetStatus(out var status) != Errno.None) return Errno.EIO;
            // unlink(2), EPERM: in a sticky directory only the owner of either may.
            if ((above.Permissions & Sticky) != 0 && !IsOwner(above) && !IsOwner(status)) return Errno.EPERM;
        }

        if (asDirectory) return entry.IsDirectory ? Errno.None : Errno.ENOTDIR;
        return entry.IsDirectory ? Errno.EISDIR : Errno.None;
    }

    /// <summary>A new file of the user's. open(2): a set-group-ID directory passes its group on, and to directories the bit.</summary>
    private NewFile NewFileIn(Inode directory, FileType type, int mode, byte[]? target = null)
    {
        int permissions = type == FileType.Link ? 0x1FF : mode & AllPermissions & ~_options.Mask;
        uint gid = _options.Gid;
        if (directory.GetStatus(out var above) == Errno.None && (above.Permissions & SetGroup) != 0)
        {
            gid = above.Gid;
            if (type == FileType.Directory) permissions |= SetGroup;
        }

        return new(type, permissions, _options.Uid, gid, target);
    }
}
