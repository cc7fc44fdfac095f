using System.Text;

namespace Morgana.Files.Host;

/// <summary>A directory of the host's, and what is below it: what the program does there, Linux does, and answers.</summary>
/// <remarks>
/// <para>Nothing leads out. Linux is given one name at a time, which is no <c>..</c> and never followed if it is a symbolic link: where links and
/// dots lead is found by <see cref="FileNamespace"/>, within the mount. The way down to a directory is walked by openat2(2) with
/// RESOLVE_BENEATH and no links, and must end at the very directory that was found before; else it is ENOENT. Devices and pipes of the
/// host's cannot be opened.</para>
/// <para>Linux itself decides who may do what, as for any process of this user's.</para>
/// </remarks>
public sealed unsafe class HostFileSystem : FileSystem
{
    private readonly int _root;
    private readonly HostDirectory _rootDirectory;
    private readonly long _rootDevice;

    /// <summary>Directories that somebody knows, by what they are: one object each, which learns when it moves.</summary>
    private readonly Dictionary<(long, long), WeakReference<HostDirectory>> _directories = [];
    private int _purgeAt = 256;

    /// <summary>A directory that is open at a descriptor, which belongs to the file system from now on and is never closed.</summary>
    /// <exception cref="IOException">It is no directory.</exception>
    public HostFileSystem(int descriptor, bool isReadOnly = false)
    {
        (_root, IsReadOnly) = (descriptor, isReadOnly);
        long* status = stackalloc long[HostStatus.Length];
        if (Libc.Status(descriptor, status) != 0) throw new IOException($"Descriptor {descriptor} is no open directory (error {(int)Libc.Error}).");
        var found = new HostStatus(status);
        if (found.Type != FileType.Directory) throw new IOException($"Descriptor {descriptor} is no directory.");
        _rootDevice = found.Device;
        _rootDirectory = new(this, null, [], found.Identity);
    }

    /// <inheritdoc/>
    public override Inode Root => _rootDirectory;

    /// <inheritdoc/>
    public override bool IsReadOnly { get; }

    /// <inheritdoc/>
    public override bool ChecksAccess => true;

    /// <summary>Guards where directories are. No system call is made with it.</summary>
    internal Lock Places { get; } = new();

    /// <summary>Opens a directory of the host's.</summary>
    /// <exception cref="IOException">It is none, or cannot be opened.</exception>
    public static HostFileSystem Open(string path, bool isReadOnly = false)
    {
        int descriptor;
        fixed (byte* p = Encoding.UTF8.GetBytes(path + '\0')) descriptor = Libc.Open(-100, p, Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        if (descriptor < 0) throw new IOException($"{path} cannot be opened as a directory: {Libc.Error}.");
        return new(descriptor, isReadOnly);
    }

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace()
    {
        long* space = stackalloc long[16];
        return Libc.Space(_root, space) == 0 ? new(space[0], space[2] * space[1], space[4] * space[1], space[5], space[6]) : default;
    }

    /// <summary>A number of this file system's own for a file; what is mounted below has numbers of its own kind.</summary>
    internal long NumberOf(in HostStatus status) => status.Device == _rootDevice ? status.Number : status.Number ^ (status.Device << 32) ^ long.MinValue;

    /// <summary>Opens a directory where it is now, for as long as the answer is used.</summary>
    internal Errno Enter(HostDirectory directory, int flags, out Entered entered)
    {
        entered = default;
        if (directory.IsRoot && flags == Libc.OpenPath)
        {
            entered = new(_root, owned: false);
            return Errno.None;
        }

        byte[] path = PathOf(directory);
        int descriptor;
        fixed (byte* p = path)
        {
            flags |= Libc.OpenDirectory | Libc.OpenCloseOnExec;
            descriptor = Libc.OpenBeneath(_root, p, flags);
            // EAGAIN: something was renamed meanwhile, openat2(2).
            for (int i = 0; descriptor < 0 && Libc.Error == Errno.EAGAIN && i < 100; i++) descriptor = Libc.OpenBeneath(_root, p, flags);
            if (descriptor < 0 && Libc.Error == Errno.ENOSYS) descriptor = Walk(path, flags);
        }

        if (descriptor < 0) return Libc.Error is Errno.ELOOP or Errno.ENOTDIR or Errno.EXDEV ? Errno.ENOENT : Libc.Error;
        long* status = stackalloc long[HostStatus.Length];
        entered = new(descriptor, owned: true);
        if (Libc.Status(descriptor, status) == 0 && new HostStatus(status).Identity == directory.Identity) return Errno.None;
        entered.Dispose();
        return Errno.ENOENT;
    }

    /// <summary>The one object of a directory, which was found at a place now.</summary>
    internal HostDirectory Find(HostDirectory parent, byte[] name, in HostStatus status)
    {
        lock (Places)
        {
            if (status.Identity == _rootDirectory.Identity) return _rootDirectory;
            if (_directories.TryGetValue(status.Identity, out var reference) && reference.TryGetTarget(out var known))
            {
                known.PlaceIn(parent, name);
                return known;
            }

            if (_directories.Count >= _purgeAt)
            {
                foreach (var (identity, dead) in _directories)
                    if (!dead.TryGetTarget(out _)) _directories.Remove(identity);
                _purgeAt = Math.Max(256, _directories.Count * 2);
            }

            var made = new HostDirectory(this, parent, name, status.Identity);
            _directories[status.Identity] = new(made);
            return made;
        }
    }

    /// <summary>A directory is gone; its number may be another's soon.</summary>
    internal void Forget((long, long) identity, in FileStatus last)
    {
        lock (Places)
            if (_directories.Remove(identity, out var reference) && reference.TryGetTarget(out var known)) known.MarkRemoved(last);
    }

    /// <summary>A directory has moved; whoever knows it finds it there.</summary>
    internal void Moved((long, long) identity, HostDirectory parent, byte[] name)
    {
        lock (Places)
            if (_directories.TryGetValue(identity, out var reference) && reference.TryGetTarget(out var known)) known.PlaceIn(parent, name);
    }

    private byte[] PathOf(HostDirectory directory)
    {
        List<byte[]> names = [];
        lock (Places)
            for (var at = directory; at.PlacedIn is { } above; at = above) names.Add(at.PlacedAs);
        if (names.Count == 0) return ".\0"u8.ToArray();
        names.Reverse();
        var path = new MemoryStream();
        foreach (byte[] name in names)
        {
            if (path.Length > 0) path.WriteByte((byte)'/');
            path.Write(name);
        }

        path.WriteByte(0);
        return path.ToArray();
    }

    // A kernel before 5.6: one step after the other, and none over a link.
    private int Walk(byte[] path, int flags)
    {
        int at = _root;
        string[] steps = Encoding.Latin1.GetString(path, 0, path.Length - 1).Split('/');
        for (int i = 0; i < steps.Length; i++)
        {
            int next;
            bool isLast = i == steps.Length - 1;
            fixed (byte* p = Encoding.Latin1.GetBytes(steps[i] + '\0')) next = Libc.Open(at, p, isLast ? flags | Libc.OpenNoFollow : Libc.OpenPath | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
            var error = Libc.Error;
            if (at != _root) _ = Libc.Close(at);
            System.Runtime.InteropServices.Marshal.SetLastPInvokeError((int)error);
            if (next < 0) return next;
            at = next;
        }

        return at;
    }
}

/// <summary>A directory that is open for a moment.</summary>
internal readonly ref struct Entered(int descriptor, bool owned)
{
    public int Descriptor => descriptor;

    public void Dispose()
    {
        if (owned) _ = Libc.Close(descriptor);
    }
}

/// <summary>struct stat of x86-64.</summary>
internal readonly unsafe struct HostStatus(long* s)
{
    public const int Length = 18;

    private readonly long _device = s[0], _number = s[1], _links = s[2], _mode = s[3], _group = s[4], _size = s[6], _accessed = s[9], _accessedPart = s[10], _modified = s[11], _modifiedPart = s[12], _changed = s[13], _changedPart = s[14];

    public long Device => _device;

    public long Number => _number;

    public (long, long) Identity => (_device, _number);

    public FileType Type => (FileType)((int)_mode & 0xF000);

    public FileStatus ToStatus(HostFileSystem files) => new()
    {
        Type = Type,
        Permissions = (int)_mode & 0xFFF,
        Uid = (uint)(_mode >> 32),
        Gid = (uint)_group,
        Size = _size,
        Links = (int)Math.Min(_links, int.MaxValue),
        Device = files.Device,
        Number = files.NumberOf(this),
        Accessed = new(_accessed, (int)_accessedPart),
        Modified = new(_modified, (int)_modifiedPart),
        Changed = new(_changed, (int)_changedPart),
    };
}
