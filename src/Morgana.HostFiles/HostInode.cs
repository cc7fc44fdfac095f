namespace Morgana.Files.Host;

/// <summary>What everything in a directory of the host's has. It is found by its directory and its name there.</summary>
internal abstract unsafe class HostInode(HostFileSystem fileSystem, (long, long) identity) : Inode
{
    protected const int MaxTarget = 4096;

    public override FileSystem FileSystem => fileSystem;

    public HostFileSystem Host => fileSystem;

    /// <summary>Device and number of it: what it is, whatever it is called.</summary>
    public (long, long) Identity { get; protected set; } = identity;

    /// <summary>Where it is; null for the root.</summary>
    protected abstract (HostDirectory Directory, byte[] Name)? Place { get; }

    /// <summary>Its descriptor, if it has one that can do everything; else -1.</summary>
    protected virtual int Descriptor => -1;

    public override bool Equals(object? obj) => obj is HostInode other && other.Identity == Identity && other.Host == Host;

    public override int GetHashCode() => Identity.GetHashCode();

    public override Errno GetStatus(out FileStatus status)
    {
        status = default;
        long* s = stackalloc long[HostStatus.Length];
        var error = Descriptor >= 0 ? Check(Libc.Status(Descriptor, s)) : InPlace((at, name, to) => Check(Libc.Status(at, name, (long*)to, Libc.NoFollow)), (nint)s);
        if (error == Errno.None) status = new HostStatus(s).ToStatus(fileSystem);
        return error;
    }

    public override Errno Change(in AttributeChange change)
    {
        if (change.Permissions is { } permissions)
        {
            var error = Descriptor >= 0 ? Check(Libc.ChangeMode(Descriptor, permissions)) : InPlace(ChangeMode, permissions);
            if (error != Errno.None) return error;
        }

        if (change.Accessed is null && change.Modified is null) return Errno.None;
        const long omit = 0x3FFFFFFE;
        long* times = stackalloc long[] { change.Accessed?.Seconds ?? 0, change.Accessed?.Nanoseconds ?? omit, change.Modified?.Seconds ?? 0, change.Modified?.Nanoseconds ?? omit };
        return Descriptor >= 0 ? Check(Libc.ChangeTimes(Descriptor, times)) : InPlace((at, name, t) => Check(Libc.ChangeTimes(at, name, (long*)t, Libc.NoFollow)), (nint)times);
    }

    public override Errno CheckAccess(AccessModes wanted) => InPlace((at, name, mode) =>
    {
        var error = Check(Libc.Access(at, name, (int)mode, Libc.EffectiveUser | Libc.NoFollow));
        // A kernel before 5.8: then what is done next says so itself.
        return error == Errno.ENOSYS ? Errno.None : error;
    }, (nint)wanted);

    /// <summary>Gives it another name.</summary>
    public Errno LinkTo(HostDirectory directory, byte[] newName) => InPlace((at, name, _) =>
    {
        byte* other = stackalloc byte[FileName.MaxLength + 1];
        Write(newName, other);
        var error = directory.EnterHere(Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered) return Check(Libc.Link(at, name, entered.Descriptor, other, 0));
    }, 0);

    protected static Errno Check(nint result) => result < 0 ? Libc.Error : Errno.None;

    /// <summary>Does something with its directory and its name.</summary>
    protected Errno InPlace(PlaceCall call, nint argument)
    {
        byte* name = stackalloc byte[FileName.MaxLength + 1];
        var place = Place;
        Write(place is { } p ? p.Name : "."u8, name);
        var error = fileSystem.Enter(place?.Directory ?? (HostDirectory)fileSystem.Root, Libc.OpenPath, out var entered);
        if (error != Errno.None) return error;
        using (entered) return call(entered.Descriptor, name, argument);
    }

    /// <summary>A name as C has it; it has no NUL, and 255 octets at most.</summary>
    protected static void Write(ReadOnlySpan<byte> name, byte* to)
    {
        name.CopyTo(new(to, FileName.MaxLength));
        to[name.Length] = 0;
    }

    /// <summary>Opens what a descriptor without rights stands for, and nothing else. proc(5), /proc/pid/fd.</summary>
    protected static int Reopen(int descriptor, int flags)
    {
        byte* path = stackalloc byte[32];
        WriteSelf(descriptor, path);
        return Libc.Open(-100, path, flags | Libc.OpenCloseOnExec | Libc.OpenNoTerminal, 0);
    }

    // fchmod(2) takes no descriptor without rights, and chmod(2) would follow a link that has come since.
    private static Errno ChangeMode(int at, byte* name, nint permissions)
    {
        int found = Libc.Open(at, name, Libc.OpenPath | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
        if (found < 0) return Libc.Error;
        byte* path = stackalloc byte[32];
        WriteSelf(found, path);
        var error = Check(Libc.ChangeMode(path, (int)permissions));
        _ = Libc.Close(found);
        return error;
    }

    private static void WriteSelf(int descriptor, byte* path)
    {
        "/proc/self/fd/"u8.CopyTo(new(path, 32));
        System.Buffers.Text.Utf8Formatter.TryFormat(descriptor, new(path + 14, 12), out int length);
        path[14 + length] = 0;
    }

    protected delegate Errno PlaceCall(int directory, byte* name, nint argument);
}

/// <summary>A symbolic link of the host's. It is read, and never followed by Linux.</summary>
internal sealed unsafe class HostLink(HostFileSystem fileSystem, HostDirectory directory, byte[] name, (long, long) identity) : HostInode(fileSystem, identity)
{
    public override FileType Type => FileType.Link;

    protected override (HostDirectory Directory, byte[] Name)? Place => (directory, name);

    public override Errno ReadLink(out byte[] target)
    {
        byte[] buffer = new byte[MaxTarget];
        nint count = 0;
        var error = InPlace((at, own, _) =>
        {
            fixed (byte* p = buffer) count = Libc.ReadLink(at, own, p, buffer.Length);
            return Check(count);
        }, 0);
        target = error == Errno.None ? buffer[..(int)count] : [];
        return error;
    }
}
