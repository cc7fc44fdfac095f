using System.Text;

namespace Morgana.Files;

/// <summary>What everything in a <see cref="GeneratedFileSystem"/> has: it is root's, and stays as it is.</summary>
internal abstract class GeneratedInode(GeneratedFileSystem fileSystem, int permissions) : Inode
{
    private readonly long _number = fileSystem.NextNumber();
    private readonly FileTime _made = FileTime.From(DateTimeOffset.UnixEpoch);

    public override FileSystem FileSystem => fileSystem;

    public long Number => _number;

    protected GeneratedFileSystem Generated => fileSystem;

    protected virtual long Size => 0;

    public override Errno GetStatus(out FileStatus status)
    {
        status = new()
        {
            Type = Type,
            Permissions = permissions,
            Size = Size,
            Links = 1,
            Device = fileSystem.Device,
            Number = _number,
            Accessed = _made,
            Modified = _made,
            Changed = _made,
        };
        return Errno.None;
    }
}

/// <summary>A directory with fixed entries. Whoever may write to directories still may not write to this one, as in /proc.</summary>
internal class GeneratedDirectory(GeneratedFileSystem fileSystem, GeneratedDirectory? parent, FileName name) : GeneratedInode(fileSystem, 0x16D)
{
    private readonly Dictionary<FileName, Inode> _entries = new(FileName.Comparer.Instance);

    /// <summary>What is in it now.</summary>
    protected virtual Dictionary<FileName, Inode> Entries => _entries;

    public override FileType Type => FileType.Directory;

    public override Inode? Parent => parent;

    public override Errno GetName(out FileName own)
    {
        own = name;
        return Errno.None;
    }

    public override Errno Lookup(ReadOnlySpan<byte> octets, out Inode? inode) =>
        Entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(octets, out inode) ? Errno.None : Errno.ENOENT;

    public override Errno List(List<DirectoryEntry> entries)
    {
        foreach (var (entry, inode) in Entries) entries.Add(new(entry, inode.Type, ((GeneratedInode)inode).Number));
        return Errno.None;
    }

    public override Errno Create(ReadOnlySpan<byte> octets, in NewFile file, out Inode? inode)
    {
        inode = null;
        return Entries.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(octets) ? Errno.EEXIST : Errno.EACCES;
    }

    public override Errno Unlink(ReadOnlySpan<byte> octets) => Errno.EPERM;

    public override Errno RemoveDirectory(ReadOnlySpan<byte> octets) => Errno.EPERM;

    public override Errno Rename(ReadOnlySpan<byte> octets, Inode toDirectory, ReadOnlySpan<byte> toName) => Errno.EPERM;

    internal void Add(FileName entry, Inode inode) => _entries.Add(entry, inode);

    internal GeneratedDirectory GetOrAdd(FileName entry)
    {
        if (_entries.TryGetValue(entry, out var inode)) return (GeneratedDirectory)inode;
        var directory = new GeneratedDirectory(Generated, this, entry);
        _entries.Add(entry, directory);
        return directory;
    }
}

/// <summary>A directory with a directory for each name that there is now, all with the same files.</summary>
internal sealed class DirectoryOfNames(
    GeneratedFileSystem fileSystem, GeneratedDirectory parent, FileName own, Func<IReadOnlyList<string>> names, IReadOnlyList<(string Path, Func<string, string> Content)> files)
    : GeneratedDirectory(fileSystem, parent, own)
{
    private readonly Lock _gate = new();
    private Dictionary<FileName, Inode> _made = new(FileName.Comparer.Instance);

    // What is there still stays the same inode. Whoever walks over the one before is not disturbed.
    protected override Dictionary<FileName, Inode> Entries
    {
        get
        {
            var current = names();
            lock (_gate)
            {
                if (current.Count == _made.Count && current.All(n => _made.ContainsKey(NameOf(n)))) return _made;
                var made = new Dictionary<FileName, Inode>(FileName.Comparer.Instance);
                foreach (string name in current) made[NameOf(name)] = _made.TryGetValue(NameOf(name), out var there) ? there : Make(name);
                return _made = made;
            }
        }
    }

    private GeneratedDirectory Make(string name)
    {
        var directory = new GeneratedDirectory(Generated, this, NameOf(name));
        foreach (var (path, content) in files)
        {
            var place = directory;
            string[] parts = path.Split('/');
            foreach (string part in parts.AsSpan(..^1)) place = place.GetOrAdd(NameOf(part));
            place.Add(NameOf(parts[^1]), new TextFile(Generated, () => content(name)));
        }

        return directory;
    }

    private static FileName NameOf(string name) => new(Encoding.UTF8.GetBytes(name));
}

/// <summary>A file whose content is made when it is read from its beginning. Its size is 0, as that of files in /proc.</summary>
internal sealed class TextFile(GeneratedFileSystem fileSystem, Func<string> make) : GeneratedInode(fileSystem, 0x124)
{
    private volatile byte[] _content = [];

    public override FileType Type => FileType.Regular;

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        // Whoever reads on gets the rest of what was made last: as with seq_file, two that read at the same time may see a mixture.
        if (offset == 0) _content = Encoding.UTF8.GetBytes(make());
        byte[] content = _content;
        count = (int)Math.Clamp(content.Length - offset, 0, destination.Length);
        if (count > 0) content.AsSpan((int)offset, count).CopyTo(destination);
        return Errno.None;
    }

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        (count, end) = (0, offset);
        return Errno.EACCES;
    }

    public override Errno SetLength(long length) => Errno.EACCES;
}

/// <summary>A symbolic link.</summary>
internal sealed class GeneratedLink(GeneratedFileSystem fileSystem, byte[] target) : GeneratedInode(fileSystem, 0x1FF)
{
    public override FileType Type => FileType.Link;

    protected override long Size => target.Length;

    public override Errno ReadLink(out byte[] found)
    {
        found = target;
        return Errno.None;
    }
}

/// <summary>A device's name.</summary>
internal sealed class DeviceFile(GeneratedFileSystem fileSystem, CharacterDevice device) : GeneratedInode(fileSystem, 0x1B6)
{
    public override FileType Type => FileType.Device;

    public override Errno Read(long offset, Span<byte> destination, out int count) => device.Read(destination, out count);

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        var error = device.Write(source, out count);
        end = Math.Max(0, offset) + count;
        return error;
    }
}
