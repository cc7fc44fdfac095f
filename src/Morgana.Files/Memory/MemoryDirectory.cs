namespace Morgana.Files;

/// <summary>A directory in memory. Names change under the file system's one lock, so that a rename is one step and cannot make a loop.</summary>
internal sealed class MemoryDirectory : MemoryInode
{
    private readonly Dictionary<FileName, MemoryInode> _entries = new(FileName.Comparer.Instance);
    private MemoryDirectory? _parent;
    private FileName _name = FileName.None;
    private bool _removed;

    public MemoryDirectory(TreeFileSystem fileSystem, MemoryDirectory? parent, in NewFile file)
        : base(fileSystem, file)
    {
        _parent = parent;
        if (parent is null) AddName(isNew: true);
    }

    private MemoryDirectory(TreeFileSystem fileSystem, in NewFile file)
        : base(fileSystem, file)
    {
    }

    public override FileType Type => FileType.Directory;

    /// <summary>One that gets its place with <see cref="TryRestore"/>.</summary>
    internal static MemoryDirectory Unplaced(TreeFileSystem fileSystem, in NewFile file) => new(fileSystem, file);

    public override Inode? Parent
    {
        get
        {
            lock (Memory.Tree) return _parent;
        }
    }

    public override bool IsRemoved
    {
        get
        {
            lock (Memory.Tree) return _removed;
        }
    }

    /// <summary>As tmpfs counts it: 20 for each entry, and for the two that are always there.</summary>
    protected override long Size => 20L * (_entries.Count + 2);

    public override Errno GetName(out FileName name)
    {
        lock (Memory.Tree)
        {
            name = _name;
            return _removed ? Errno.ENOENT : Errno.None;
        }
    }

    public override Errno Lookup(ReadOnlySpan<byte> name, out Inode? inode)
    {
        lock (Memory.Tree)
        {
            inode = Find(name);
            return inode is null ? Errno.ENOENT : Errno.None;
        }
    }

    public override Errno List(List<DirectoryEntry> entries)
    {
        lock (Memory.Tree)
        {
            entries.EnsureCapacity(entries.Count + _entries.Count);
            foreach (var (name, inode) in _entries) entries.Add(new(name, inode.Type, inode.Number));
        }

        lock (Sync) TouchAccessed();
        return Errno.None;
    }

    public override Errno Create(ReadOnlySpan<byte> name, in NewFile file, out Inode? inode)
    {
        inode = null;
        if (Memory.Prepare() is not Errno.None and var unprepared) return unprepared;
        lock (Memory.Tree)
        {
            // A directory that was removed has no entries, and gets none.
            if (_removed) return Errno.ENOENT;
            if (Find(name) is not null) return Errno.EEXIST;
            if (!Memory.TryReserveFile()) return Errno.ENOSPC;
            MemoryInode made = file.Type switch
            {
                FileType.Directory => new MemoryDirectory(Memory, this, file),
                FileType.Link => new MemoryLink(Memory, file),
                FileType.Socket => new MemorySocket(Memory, file),
                _ => Memory.NewRegular(file),
            };
            made.AddName(isNew: true);
            Put(name, made);
            inode = made;
        }

        return Errno.None;
    }

    public override Errno Link(ReadOnlySpan<byte> name, Inode target)
    {
        if (target is not MemoryInode { IsDirectory: false } inode) return Errno.EPERM;
        if (Memory.Prepare() is not Errno.None and var unprepared) return unprepared;
        lock (Memory.Tree)
        {
            if (_removed) return Errno.ENOENT;
            if (Find(name) is not null) return Errno.EEXIST;
            if (inode.Names.Count >= StoredRecord.MaxNames) return Errno.EMLINK;
            if (!Memory.TryReserveFile()) return Errno.ENOSPC;
            if (!inode.AddName(isNew: false))
            {
                Memory.ReleaseFile();
                return Errno.ENOENT;
            }

            Put(name, inode);
        }

        return Errno.None;
    }

    public override Errno Unlink(ReadOnlySpan<byte> name)
    {
        if (Memory.Prepare() is not Errno.None and var unprepared) return unprepared;
        MemoryInode inode;
        lock (Memory.Tree)
        {
            if (Find(name) is not { } found) return Errno.ENOENT;
            if (found.IsDirectory) return Errno.EISDIR;
            Take(name);
            inode = found;
        }

        inode.RemoveName();
        return Errno.None;
    }

    public override Errno RemoveDirectory(ReadOnlySpan<byte> name)
    {
        if (Memory.Prepare() is not Errno.None and var unprepared) return unprepared;
        MemoryDirectory directory;
        lock (Memory.Tree)
        {
            if (Find(name) is not { } found) return Errno.ENOENT;
            if (found is not MemoryDirectory empty) return Errno.ENOTDIR;
            if (empty._entries.Count > 0) return Errno.ENOTEMPTY;
            Take(name);
            empty._removed = true;
            directory = empty;
        }

        directory.RemoveName();
        return Errno.None;
    }

    public override Errno Rename(ReadOnlySpan<byte> name, Inode toDirectory, ReadOnlySpan<byte> toName)
    {
        if (toDirectory is not MemoryDirectory to) return Errno.ENOTDIR;
        if (Memory.Prepare() is not Errno.None and var unprepared) return unprepared;
        MemoryInode? replaced;
        lock (Memory.Tree)
        {
            if (Find(name) is not { } moved || to._removed) return Errno.ENOENT;
            replaced = to.Find(toName);
            // rename(2): two names of one file, and nothing happens.
            if (replaced == moved) return Errno.None;
            if (moved is MemoryDirectory && to.IsIn(moved)) return Errno.EINVAL;
            var refused = CheckReplace(moved, replaced);
            if (refused != Errno.None) return refused;
            if (toName.Length > name.Length && !Memory.CanGrow(toName.Length)) return Errno.ENOSPC;

            if (replaced is not null) to.Take(toName);
            Take(name);
            moved.Renamed();
            to.Put(toName, moved);
            if (replaced is MemoryDirectory gone) gone._removed = true;
        }

        replaced?.RemoveName();
        return Errno.None;
    }

    private static Errno CheckReplace(MemoryInode moved, MemoryInode? replaced)
    {
        if (replaced is null) return Errno.None;
        if (!moved.IsDirectory) return replaced.IsDirectory ? Errno.EISDIR : Errno.None;
        if (replaced is not MemoryDirectory directory) return Errno.ENOTDIR;
        return directory._entries.Count > 0 ? Errno.ENOTEMPTY : Errno.None;
    }

    private bool IsIn(MemoryInode directory)
    {
        for (var d = this; d is not null; d = d._parent)
            if (d == directory) return true;
        return false;
    }

    private MemoryInode? Find(ReadOnlySpan<byte> name) => _entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var inode) ? inode : null;

    private void Put(ReadOnlySpan<byte> name, MemoryInode inode)
    {
        var owned = new FileName(name);
        _entries.Add(owned, inode);
        if (inode is MemoryDirectory directory) (directory._parent, directory._name) = (this, owned);
        lock (Sync) TouchModified();
        Memory.Changed(this);
        Memory.Named(inode, this, owned);
    }

    /// <summary>An entry as it was written down. False if there is one of that name, or the directory has a name already.</summary>
    internal bool TryRestore(FileName name, MemoryInode inode)
    {
        if (inode is MemoryDirectory directory)
        {
            if (directory._parent is not null || directory == Memory.Root) return false;
            (directory._parent, directory._name) = (this, name);
        }

        if (!_entries.TryAdd(name, inode)) return false;
        inode.AddName(isNew: true);
        return true;
    }

    /// <summary>What is in it.</summary>
    internal IEnumerable<MemoryInode> Entries => _entries.Values;

    private void Take(ReadOnlySpan<byte> name)
    {
        _entries.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name, out var owned, out var inode);
        lock (Sync) TouchModified();
        Memory.Changed(this);
        if (inode is not null) Memory.Unnamed(inode, this, owned!);
    }
}
