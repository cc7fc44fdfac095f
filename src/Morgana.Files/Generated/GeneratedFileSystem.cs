using System.Text;

namespace Morgana.Files;

/// <summary>Files whose content is made when it is read, links, and devices: what /proc, /dev and /etc are made of. Nothing can be made or removed in it.</summary>
/// <remarks>What it holds is added before it is mounted.</remarks>
/// <param name="magic">What statfs(2) says that it is.</param>
public sealed class GeneratedFileSystem(long magic) : FileSystem
{
    private GeneratedDirectory? _root;
    private long _number;

    /// <summary>PROC_SUPER_MAGIC.</summary>
    public const long Process = 0x9FA0;

    /// <summary>TMPFS_MAGIC: devtmpfs says so, too.</summary>
    public const long Devices = 0x01021994;

    /// <inheritdoc/>
    public override Inode Root => Top;

    /// <inheritdoc/>
    /// <remarks>Devices in it can be written.</remarks>
    public override bool IsReadOnly => false;

    private GeneratedDirectory Top => _root ??= new(this, null, FileName.None);

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace() => new(magic, 0, 0, _number, 0);

    /// <summary>An empty directory.</summary>
    /// <param name="path">With <c>/</c> between names; what leads to it is made as well.</param>
    public void AddDirectory(string path) => Directory(path.Split('/'));

    /// <summary>A file for reading.</summary>
    /// <param name="path">With <c>/</c> between names.</param>
    /// <param name="content">Makes its content, each time that somebody reads from its beginning. Any thread.</param>
    public void AddFile(string path, Func<string> content) => Add(path, new TextFile(this, content));

    /// <summary>A symbolic link.</summary>
    public void AddLink(string path, string target) => Add(path, new GeneratedLink(this, Encoding.UTF8.GetBytes(target)));

    /// <summary>A character device, which everybody may read and write.</summary>
    public void AddDevice(string path, CharacterDevice device) => Add(path, new DeviceFile(this, device));

    /// <summary>A directory with a directory for each of the names that there are when somebody looks: an interface, for example.</summary>
    /// <param name="path">With <c>/</c> between names.</param>
    /// <param name="names">What there is. Any thread.</param>
    /// <param name="files">What is in each: a path, and what makes its content out of the directory's name. Any thread.</param>
    public void AddDirectories(string path, Func<IReadOnlyList<string>> names, IReadOnlyList<(string Path, Func<string, string> Content)> files)
    {
        string[] parts = path.Split('/');
        var parent = Directory(parts.AsSpan(..^1));
        var own = new FileName(Encoding.UTF8.GetBytes(parts[^1]));
        parent.Add(own, new DirectoryOfNames(this, parent, own, names, files));
    }

    internal long NextNumber() => Interlocked.Increment(ref _number);

    private void Add(string path, Inode inode)
    {
        string[] names = path.Split('/');
        Directory(names.AsSpan(..^1)).Add(new(Encoding.UTF8.GetBytes(names[^1])), inode);
    }

    private GeneratedDirectory Directory(ReadOnlySpan<string> names)
    {
        var directory = Top;
        foreach (string name in names) directory = directory.GetOrAdd(new(Encoding.UTF8.GetBytes(name)));
        return directory;
    }
}

/// <summary>A device that octets are read from and written to, without a place in it. Any thread.</summary>
public abstract class CharacterDevice
{
    /// <summary>read(2).</summary>
    public abstract Errno Read(Span<byte> destination, out int count);

    /// <summary>write(2): by default it takes everything, and forgets it.</summary>
    public virtual Errno Write(ReadOnlySpan<byte> source, out int count)
    {
        count = source.Length;
        return Errno.None;
    }

    /// <summary>null(4): nothing to read.</summary>
    public static CharacterDevice Null { get; } = new Filled(_ => 0);

    /// <summary>zero(4).</summary>
    public static CharacterDevice Zero { get; } = new Filled(Clear);

    /// <summary>full(4): zeroes to read, and no room for what is written.</summary>
    public static CharacterDevice Full { get; } = new Filled(Clear, Errno.ENOSPC);

    /// <summary>random(4).</summary>
    /// <param name="fill">Where random octets come from.</param>
    public static CharacterDevice Random(Action<Span<byte>> fill) => new Filled(destination =>
    {
        fill(destination);
        return destination.Length;
    });

    private static int Clear(Span<byte> destination)
    {
        destination.Clear();
        return destination.Length;
    }

    private sealed class Filled(Filler fill, Errno write = Errno.None) : CharacterDevice
    {
        public override Errno Read(Span<byte> destination, out int count)
        {
            count = fill(destination);
            return Errno.None;
        }

        public override Errno Write(ReadOnlySpan<byte> source, out int count)
        {
            count = write == Errno.None ? source.Length : 0;
            return write;
        }
    }

    private delegate int Filler(Span<byte> destination);
}
