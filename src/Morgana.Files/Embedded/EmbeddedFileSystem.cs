using System.Reflection;
using System.Text;
using Morgana.Storage;

namespace Morgana.Files;

/// <summary>Files that are part of the image, for reading, where they lie: nothing is copied, and nothing in it can change.</summary>
public sealed class EmbeddedFileSystem : FileSystem
{
    private readonly EmbeddedDirectory _root;
    private long _number;
    private long _octets;

    /// <summary>Files from content that is there anyway, and must not change any more.</summary>
    /// <param name="files">By path, with <c>/</c> between names, such as <c>wwwroot/index.html</c>.</param>
    /// <param name="modified">The time that all of them have.</param>
    /// <exception cref="ArgumentException">A path that is none, that is there twice, or that leads through a file.</exception>
    public EmbeddedFileSystem(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> files, DateTimeOffset modified = default)
    {
        Modified = FileTime.From(modified == default ? DateTimeOffset.UnixEpoch : modified);
        _root = new(this, null, FileName.None);
        foreach (var (path, content) in files) Add(path, content);
    }

    /// <inheritdoc/>
    public override Inode Root => _root;

    /// <inheritdoc/>
    public override bool IsReadOnly => true;

    internal FileTime Modified { get; }

    /// <summary>The resources of an assembly whose names begin with <paramref name="prefix"/>; what follows is the path. There may be none.</summary>
    public static EmbeddedFileSystem FromResources(Assembly assembly, string prefix, DateTimeOffset modified = default) =>
        new(assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(n => KeyValuePair.Create(n[prefix.Length..].Replace('\\', '/').Trim('/'), EmbeddedResource.Open(assembly, n))), modified);

    /// <summary>Adds a file whose content is made whenever it is opened while nobody else has it open, as those of Linux's proc(5) are.</summary>
    /// <exception cref="ArgumentException">A path that is none, that is there twice, or that leads through a file.</exception>
    public void AddGenerated(string path, Func<byte[]> content) => Add(path, new GeneratedFile(this, content));

    /// <summary>Adds an empty directory, if it is not there: for something to be mounted on.</summary>
    /// <exception cref="ArgumentException">A path that is none, or that leads through a file.</exception>
    public void AddDirectory(string path)
    {
        var directory = _root;
        foreach (string name in path.Split('/')) directory = directory.GetOrAdd(NameOf(name, path), path);
    }

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace() => new(Magic, _octets, 0, _number, 0);

    /// <summary>SQUASHFS_MAGIC: what it is most like.</summary>
    private const long Magic = 0x73717368;

    internal long NextNumber() => ++_number;

    /// <summary>Adds a file.</summary>
    /// <exception cref="ArgumentException">A path that is none, that is there twice, or that leads through a file.</exception>
    public void Add(string path, ReadOnlyMemory<byte> content)
    {
        Add(path, new EmbeddedFile(this, content));
        _octets += content.Length;
    }

    private void Add(string path, EmbeddedInode file)
    {
        var directory = _root;
        string[] names = path.Split('/');
        for (int i = 0; i < names.Length; i++)
        {
            var name = NameOf(names[i], path);
            if (i == names.Length - 1) directory.Add(name, file, path);
            else directory = directory.GetOrAdd(name, path);
        }
    }

    private static FileName NameOf(string name, string path)
    {
        byte[] octets = Encoding.UTF8.GetBytes(name);
        if (octets.Length is 0 or > FileName.MaxLength || name is "." or ".." || octets.Contains((byte)0)) throw new ArgumentException($"'{path}' is no path of a file.");
        return new(octets);
    }
}

/// <summary>What everything that is embedded has.</summary>
internal abstract class EmbeddedInode(EmbeddedFileSystem fileSystem) : Inode
{
    public override FileSystem FileSystem => fileSystem;

    public long Number { get; } = fileSystem.NextNumber();

    protected EmbeddedFileSystem Embedded => fileSystem;

    protected abstract long Size { get; }

    public override Errno GetStatus(out FileStatus status)
    {
        status = new()
        {
            Type = Type,
            Permissions = IsDirectory ? 0x16D : 0x124,      // 0555 and 0444.
            Size = Size,
            Links = 1,
            Device = fileSystem.Device,
            Number = Number,
            Accessed = fileSystem.Modified,
            Modified = fileSystem.Modified,
            Changed = fileSystem.Modified,
        };
        return Errno.None;
    }

    public override Errno Change(in AttributeChange change) => Errno.EROFS;

    public override Errno Create(ReadOnlySpan<byte> name, in NewFile file, out Inode? inode)
    {
        inode = null;
        return Errno.EROFS;
    }

    public override Errno Link(ReadOnlySpan<byte> name, Inode target) => Errno.EROFS;

    public override Errno Unlink(ReadOnlySpan<byte> name) => Errno.EROFS;

    public override Errno RemoveDirectory(ReadOnlySpan<byte> name) => Errno.EROFS;

    public override Errno Rename(ReadOnlySpan<byte> name, Inode toDirectory, ReadOnlySpan<byte> toName) => Errno.EROFS;
}

/// <summary>A file of the image.</summary>
internal sealed class EmbeddedFile(EmbeddedFileSystem fileSystem, ReadOnlyMemory<byte> content) : EmbeddedInode(fileSystem)
{
    public override FileType Type => FileType.Regular;

    protected override long Size => content.Length;

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        count = (int)Math.Clamp(content.Length - offset, 0, destination.Length);
        if (count > 0) content.Span.Slice((int)offset, count).CopyTo(destination);
        return Errno.None;
    }

    public override bool TryGetMemory(out ReadOnlyMemory<byte> memory)
    {
        memory = content;
        return true;
    }
}

/// <summary>A directory of the image.</summary>
internal sealed class EmbeddedDirectory(EmbeddedFileSystem fileSystem, EmbeddedDirectory? parent, FileName name) : EmbeddedInode(fileSystem)
{
    private readonly Dictionary<FileName, EmbeddedInode> _entries = new(FileName.Comparer.Instance);

    public override FileType Type => FileType.Directory;

    public override Inode? Parent => parent;

    protected override long Size => 20L * (_entries.Count + 2);

    public override Errno GetName(out FileName own)
    {
        own = name;
        return Errno.None;
    }

    public override Errno Lookup(ReadOnlySpan<byte> octets, out Inode? inode)
    {
        bool found = _entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(octets, out var entry);
        inode = entry;
        return found ? Errno.None : Errno.ENOENT;
    }

    public override Errno List(List<DirectoryEntry> entries)
    {
        foreach (var (entry, inode) in _entries) entries.Add(new(entry, inode.Type, inode.Number));
        return Errno.None;
    }

    internal void Add(FileName entry, EmbeddedInode inode, string path)
    {
        if (!_entries.TryAdd(entry, inode)) throw new ArgumentException($"'{path}' is there twice, or is a directory.");
    }

    internal EmbeddedDirectory GetOrAdd(FileName entry, string path)
    {
        if (!_entries.TryGetValue(entry, out var inode)) _entries.Add(entry, inode = new EmbeddedDirectory(Embedded, this, entry));
        return inode as EmbeddedDirectory ?? throw new ArgumentException($"'{path}' leads through a file.");
    }
}
