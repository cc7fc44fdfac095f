namespace Morgana.Files.Host;

/// <summary>A regular file of the host's; or a node that cannot be opened: a socket, a pipe, a device.</summary>
internal sealed unsafe class HostFile(HostFileSystem fileSystem, HostDirectory directory, byte[] name, HostStatus status, int descriptor) : HostInode(fileSystem, status.Identity)
{
    private readonly Lock _opening = new();
    private int _descriptor = descriptor;
    private int _users;
    private bool _truncated;

    // Who has made it may not come to open it.
    ~HostFile()
    {
        if (_descriptor >= 0) _ = Libc.Close(_descriptor);
    }

    public override FileType Type { get; } = status.Type;

    protected override (HostDirectory Directory, byte[] Name)? Place => (directory, name);

    protected override int Descriptor => _users > 0 ? _descriptor : -1;

    public override Errno Acquire(OpenFlags flags)
    {
        lock (_opening)
        {
            if (_descriptor < 0)
            {
                // A device or a pipe is not the program's: as on a mount with nodev, mount(8).
                if (Type != FileType.Regular) return Errno.EACCES;
                var error = InPlace((at, own, how) => Open(at, own, (OpenFlags)how), (nint)flags);
                if (error != Errno.None) return error;
            }

            _users++;
            return Errno.None;
        }
    }

    public override Errno Release(OpenFlags flags)
    {
        lock (_opening)
        {
            if (--_users > 0) return Errno.None;
            int closed = _descriptor;
            _descriptor = -1;
            return Check(Libc.Close(closed));
        }
    }

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        nint read;
        fixed (byte* p = destination)
        {
            do read = Libc.Read(_descriptor, p, destination.Length, offset);
            while (read < 0 && Libc.Error == Errno.EINTR);
        }

        count = (int)Math.Max(0, read);
        return Check(read);
    }

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        nint written;
        fixed (byte* p = source)
        {
            do written = offset < 0 ? Libc.Append(_descriptor, p, source.Length) : Libc.Write(_descriptor, p, source.Length, offset);
            while (written < 0 && Libc.Error == Errno.EINTR);
        }

        count = (int)Math.Max(0, written);
        end = offset + count;
        if (written < 0) return Libc.Error;
        if (offset >= 0) return Errno.None;
        var error = GetStatus(out var now);
        end = now.Size;
        return error;
    }

    public override Errno SetLength(long length)
    {
        // It was emptied as it was opened, which one that is only to be read cannot be otherwise.
        if (length == 0 && _truncated)
        {
            _truncated = false;
            return Errno.None;
        }

        return Check(Libc.Truncate(_descriptor, length));
    }

    public override Errno Allocate(long offset, long length) => Check(Libc.Allocate(_descriptor, 1, offset, length));

    public override Errno Flush() => Check(Libc.Sync(_descriptor));

    public override Errno? Lock(FileLock kind, bool wait)
    {
        int operation = (kind switch { FileLock.None => Libc.LockRemove, FileLock.Shared => Libc.LockShared, _ => Libc.LockExclusive }) | (wait ? 0 : Libc.LockNoWait);
        Errno error;
        do error = Check(Libc.Lock(_descriptor, operation));
        while (error == Errno.EINTR);
        return error;
    }

    public override Errno Map(long length, bool writes, out nint address)
    {
        address = Libc.Map(0, (nint)length, Libc.ProtectRead | (writes ? Libc.ProtectWrite : 0), Libc.MapShared, _descriptor, 0);
        if (address != -1) return Errno.None;
        address = 0;
        return Libc.Error;
    }

    public override void Unmap(nint address, long length) => _ = Libc.Unmap(address, (nint)length);

    // First what it is, by a descriptor that opens nothing; then that very file, whatever has come to its place since.
    private Errno Open(int at, byte* own, OpenFlags flags)
    {
        int found = Libc.Open(at, own, Libc.OpenPath | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
        if (found < 0) return Libc.Error;
        try
        {
            long* s = stackalloc long[HostStatus.Length];
            if (Libc.Status(found, s) != 0) return Libc.Error;
            var now = new HostStatus(s);
            if (now.Type != FileType.Regular) return Errno.EACCES;
            bool truncates = flags.HasFlag(OpenFlags.Truncate);
            int opened = Reopen(found, (int)(flags & OpenFlags.AccessMask) | (truncates ? Libc.OpenTruncate : 0));
            if (opened < 0) return Libc.Error;
            (Identity, _descriptor, _truncated) = (now.Identity, opened, truncates);
            return Errno.None;
        }
        finally
        {
            _ = Libc.Close(found);
        }
    }
}
