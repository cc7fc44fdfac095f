using System.Buffers.Binary;

namespace Morgana.Files.Host;

/// <summary>A directory of the host's.</summary>
internal sealed unsafe class HostDirectory : HostInode
{
    private HostDirectory? _parent;
    private byte[] _name;
    private bool _removed;
    private FileStatus _last;

    public HostDirectory(HostFileSystem fileSystem, HostDirectory? parent, byte[] name, (long, long) identity)
        : base(fileSystem, identity) => (_parent, _name) = (parent, name);

    public override FileType Type => FileType.Directory;

    public bool IsRoot => _parent is null;

    /// <summary>With the places held: the directory that it is in.</summary>
    public HostDirectory? PlacedIn => _parent;

    /// <summary>With the places held: its name there.</summary>
    public byte[] PlacedAs => _name;

    public override Inode? Parent
    {
        get
        {
            lock (Host.Places) return _parent;
        }
    }

    public override bool IsRemoved => _removed || IsGone();

    protected override (HostDirectory Directory, byte[] Name)? Place
    {
        get
        {
            lock (Host.Places) return _parent is null ? null : (_parent, _name);
        }
    }

    /// <summary>With the places held: it was found there.</summary>
    public void PlaceIn(HostDirectory parent, byte[] name) => (_parent, _name) = (parent, name);

    /// <summary>It is no more; who has it open, or works in it, still sees what it was.</summary>
    public void MarkRemoved(in FileStatus last) => (_removed, _last) = (true, last with { Links = 0 });

    public override Errno GetStatus(out FileStatus status)
    {
        status = _last;
        if (_removed) return Errno.None;
        var error = EnterHere(Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered)
        {
            long* s = stackalloc long[HostStatus.Length];
            if (Libc.Status(entered.Descriptor, s) != 0) return Libc.Error;
            status = new HostStatus(s).ToStatus(Host);
            return Errno.None;
        }
    }

    public override Errno GetName(out FileName name)
    {
        name = FileName.None;
        if (IsRemoved) return Errno.ENOENT;
        lock (Host.Places) name = FileName.From(_name);
        return Errno.None;
    }

    public override Errno Acquire(OpenFlags flags) => IsRemoved ? Errno.ENOENT : Errno.None;

    public override Errno Change(in AttributeChange change)
    {
        if (!_removed) return base.Change(change);
        _last = _last with { Permissions = change.Permissions ?? _last.Permissions, Modified = change.Modified ?? _last.Modified, Accessed = change.Accessed ?? _last.Accessed };
        return Errno.None;
    }

    public override Errno CheckAccess(AccessModes wanted) => _removed ? Errno.None : base.CheckAccess(wanted);

    public override Errno Lookup(ReadOnlySpan<byte> name, out Inode? inode)
    {
        inode = null;
        byte* own = stackalloc byte[FileName.MaxLength + 1];
        Write(name, own);
        var error = EnterHere(Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered)
        {
            long* s = stackalloc long[HostStatus.Length];
            if (Libc.Status(entered.Descriptor, own, s, Libc.NoFollow) != 0) return Libc.Error;
            inode = Find(name, new HostStatus(s));
            return Errno.None;
        }
    }

    public override Errno List(List<DirectoryEntry> entries)
    {
        var error = EnterHere(0, out var entered);
        if (error != Errno.None) return error;
        using (entered)
        {
            byte[] buffer = new byte[32 << 10];
            fixed (byte* start = buffer)
            {
                while (true)
                {
                    int count = Libc.GetEntries(entered.Descriptor, start, buffer.Length);
                    if (count < 0) return Libc.Error;
                    if (count == 0) return Errno.None;
                    for (int at = 0; at < count; at += BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 16))) Add(entries, entered.Descriptor, buffer.AsSpan(at));
                }
            }
        }
    }

    public override Errno Create(ReadOnlySpan<byte> name, in NewFile file, out Inode? inode)
    {
        inode = null;
        byte* own = stackalloc byte[FileName.MaxLength + 1];
        Write(name, own);
        var error = EnterHere(Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered)
        {
            int descriptor = -1;
            switch (file.Type)
            {
                case FileType.Regular:
                    // Who makes a file may write it, whatever its permissions: open(2).
                    descriptor = Libc.Open(entered.Descriptor, own, 2 | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenNoFollow | Libc.OpenCloseOnExec, file.Permissions);
                    error = Check(descriptor);
                    break;
                case FileType.Directory:
                    error = Check(Libc.MakeDirectory(entered.Descriptor, own, file.Permissions));
                    break;
                case FileType.Link:
                    fixed (byte* target = (byte[])[.. file.Target ?? [], 0]) error = Check(Libc.MakeLink(target, entered.Descriptor, own));
                    break;
                case FileType.Socket:
                    error = Check(Libc.MakeNode(entered.Descriptor, own, (int)FileType.Socket | file.Permissions, 0));
                    break;
                default:
                    error = Errno.EPERM;
                    break;
            }

            if (error != Errno.None) return error;
            long* s = stackalloc long[HostStatus.Length];
            if ((descriptor >= 0 ? Libc.Status(descriptor, s) : Libc.Status(entered.Descriptor, own, s, Libc.NoFollow)) != 0) return Libc.Error;
            inode = descriptor >= 0 ? new HostFile(Host, this, name.ToArray(), new(s), descriptor) : Find(name, new HostStatus(s));
            return Errno.None;
        }
    }

    public override Errno Link(ReadOnlySpan<byte> name, Inode target)
    {
        if (target is not HostInode { IsDirectory: false } inode) return Errno.EPERM;
        byte[] own = name.ToArray();
        return inode.LinkTo(this, own);
    }

    public override Errno Unlink(ReadOnlySpan<byte> name) => Remove(name, 0);

    public override Errno RemoveDirectory(ReadOnlySpan<byte> name)
    {
        FileStatus last = default;
        bool known = Lookup(name, out var inode) == Errno.None && inode!.GetStatus(out last) == Errno.None;
        var error = Remove(name, Libc.RemoveDirectory);
        if (error == Errno.None && known && inode is HostDirectory directory) Host.Forget(directory.Identity, last);
        return error;
    }

    public override Errno Rename(ReadOnlySpan<byte> name, Inode toDirectory, ReadOnlySpan<byte> toName)
    {
        if (toDirectory is not HostDirectory to) return Errno.ENOTDIR;
        byte* own = stackalloc byte[FileName.MaxLength + 1], other = stackalloc byte[FileName.MaxLength + 1];
        Write(name, own);
        Write(toName, other);
        FileStatus last = default;
        bool moves = Lookup(name, out var moved) == Errno.None, replaces = to.Lookup(toName, out var replaced) == Errno.None && replaced!.GetStatus(out last) == Errno.None;
        var error = EnterHere(Libc.OpenPath, out var from);
        if (error != Errno.None) return error;
        using (from)
        {
            error = to.EnterHere(Libc.OpenPath, out var entered);
            if (error != Errno.None) return error;
            using (entered) error = Check(Libc.Rename(from.Descriptor, own, entered.Descriptor, other));
        }

        if (error != Errno.None) return error;
        if (replaces && replaced is HostDirectory gone && !gone.Equals(moved)) Host.Forget(gone.Identity, last);
        if (moves && moved is HostDirectory directory) Host.Moved(directory.Identity, to, toName.ToArray());
        return Errno.None;
    }

    public override Errno Flush()
    {
        var error = EnterHere(0, out var entered);
        if (error != Errno.None) return error;
        using (entered) return Check(Libc.Sync(entered.Descriptor));
    }

    internal Errno EnterHere(int flags, out Entered entered)
    {
        entered = default;
        return _removed ? Errno.ENOENT : Host.Enter(this, flags, out entered);
    }

    private bool IsGone()
    {
        if (EnterHere(Libc.OpenPath, out var entered) is Errno.ENOENT) return true;
        entered.Dispose();
        return false;
    }

    private Errno Remove(ReadOnlySpan<byte> name, int flags)
    {
        byte* own = stackalloc byte[FileName.MaxLength + 1];
        Write(name, own);
        var error = EnterHere(Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered) return Check(Libc.Unlink(entered.Descriptor, own, flags));
    }

    private Inode Find(ReadOnlySpan<byte> name, HostStatus status) => status.Type switch
    {
        FileType.Directory => Host.Find(this, name.ToArray(), status),
        FileType.Link => new HostLink(Host, this, name.ToArray(), status.Identity),
        _ => new HostFile(Host, this, name.ToArray(), status, -1),
    };

    // struct linux_dirent64: number 8, offset 8, length 2, type 1, name.
    private void Add(List<DirectoryEntry> entries, int descriptor, ReadOnlySpan<byte> entry)
    {
        var name = entry[19..BinaryPrimitives.ReadUInt16LittleEndian(entry[16..])];
        name = name[..name.IndexOf((byte)0)];
        if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8)) return;
        var type = (FileType)(entry[18] << 12);
        if (type == FileType.None)
        {
            // Some file systems do not tell it here.
            byte* own = stackalloc byte[FileName.MaxLength + 1];
            Write(name, own);
            long* s = stackalloc long[HostStatus.Length];
            if (Libc.Status(descriptor, own, s, Libc.NoFollow) == 0) type = new HostStatus(s).Type;
        }

        entries.Add(new(FileName.From(name), type, BinaryPrimitives.ReadInt64LittleEndian(entry)));
    }
}
