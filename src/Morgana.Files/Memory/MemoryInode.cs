namespace Morgana.Files;

/// <summary>What everything in a <see cref="TreeFileSystem"/> has: attributes, names, and users that keep it without one.</summary>
internal abstract class MemoryInode : Inode
{
    private int _permissions;
    private int _links;
    private int _users;
    private FileTime _accessed;
    private FileTime _modified;
    private FileTime _changed;

    protected MemoryInode(TreeFileSystem fileSystem, in NewFile file)
    {
        (Memory, Number, Uid, Gid, _permissions) = (fileSystem, fileSystem.NextNumber(), file.Uid, file.Gid, file.Permissions);
        _accessed = _modified = _changed = fileSystem.Now;
    }

    public sealed override FileSystem FileSystem => Memory;

    public TreeFileSystem Memory { get; }

    public long Number { get; private set; }

    public uint Uid { get; private set; }

    public uint Gid { get; private set; }

    /// <summary>Where it is found, for a file system that remembers it; guarded by <see cref="TreeFileSystem.Tree"/>.</summary>
    internal List<(MemoryDirectory Directory, FileName Name)> Names { get; } = new(0);

    /// <summary>Guards content and attributes. Taken inside of <see cref="TreeFileSystem.Tree"/>, never around it.</summary>
    protected Lock Sync { get; } = new();

    protected abstract long Size { get; }

    public override Errno GetStatus(out FileStatus status)
    {
        lock (Sync)
        {
            status = new()
            {
                Type = Type,
                Permissions = _permissions,
                Uid = Uid,
                Gid = Gid,
                Size = Size,
                Links = _links,
                Device = Memory.Device,
                Number = Number,
                Accessed = _accessed,
                Modified = _modified,
                Changed = _changed,
            };
        }

        return Errno.None;
    }

    public override Errno Change(in AttributeChange change)
    {
        var error = Memory.Prepare();
        if (error != Errno.None) return error;
        lock (Memory.Tree)
        {
            lock (Sync)
            {
                _permissions = change.Permissions ?? _permissions;
                _accessed = change.Accessed ?? _accessed;
                _modified = change.Modified ?? _modified;
                _changed = Memory.Now;
            }

            Memory.Changed(this);
        }

        return Errno.None;
    }

    /// <summary>Becomes what it was when it was written down, before anybody knows it.</summary>
    internal void Restore(in FileStatus status)
    {
        (Number, Uid, Gid, _permissions) = (status.Number, status.Uid, status.Gid, status.Permissions);
        (_accessed, _modified, _changed) = (status.Accessed, status.Modified, status.Changed);
    }

    public override Errno Acquire(OpenFlags flags)
    {
        lock (Sync)
        {
            // It lost its last name, and its content, after it was found.
            if (_links == 0 && _users == 0) return Errno.ENOENT;
            _users++;
        }

        return Errno.None;
    }

    public override Errno Release(OpenFlags flags)
    {
        bool last;
        lock (Sync) last = --_users == 0 && _links == 0;
        if (last) Discard();
        return Errno.None;
    }

    /// <summary>Another name; false if the last one is gone already.</summary>
    internal bool AddName(bool isNew)
    {
        lock (Sync)
        {
            if (_links == 0 && !isNew) return false;
            _links++;
            if (!isNew) _changed = Memory.Now;
        }

        return true;
    }

    /// <summary>A name less. Without any, and without users, its content goes.</summary>
    internal void RemoveName()
    {
        bool last;
        lock (Sync)
        {
            _links--;
            _changed = Memory.Now;
            last = _links == 0 && _users == 0;
            if (_links > 0) Memory.ReleaseFile();       // Each name counts; the last one as long as the content is there.
        }

        if (last) Discard();
    }

    internal void Renamed()
    {
        lock (Sync) _changed = Memory.Now;
    }

    /// <summary>With <see cref="Sync"/> held: the content was read. As relatime does it: only if it is the first time since it changed.</summary>
    protected void TouchAccessed()
    {
        if (_accessed.CompareTo(_modified) <= 0) _accessed = Memory.Now;
    }

    /// <summary>With <see cref="Sync"/> held: the content changed.</summary>
    protected void TouchModified() => _modified = _changed = Memory.Now;

    /// <summary>Gives back what it took, when nobody can reach it any more.</summary>
    protected virtual void Discard()
    {
        Memory.ReleaseFile();
        Memory.Gone(this);
    }
}

/// <summary>A symbolic link in memory.</summary>
internal sealed class MemoryLink(TreeFileSystem fileSystem, in NewFile file) : MemoryInode(fileSystem, file)
{
    private readonly byte[] _target = file.Target ?? [];

    public ReadOnlySpan<byte> Target => _target;

    public override FileType Type => FileType.Link;

    protected override long Size => _target.Length;

    public override Errno ReadLink(out byte[] target)
    {
        target = _target;
        return Errno.None;
    }
}

/// <summary>A socket's node in memory: a name and its attributes, and nothing to read.</summary>
internal sealed class MemorySocket(TreeFileSystem fileSystem, in NewFile file) : MemoryInode(fileSystem, file)
{
    public override FileType Type => FileType.Socket;

    protected override long Size => 0;
}
