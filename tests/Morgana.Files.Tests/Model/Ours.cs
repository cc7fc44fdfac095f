using System.Text;

namespace Morgana.Files.Tests.Model;

/// <summary>The calls on a <see cref="FileNamespace"/>.</summary>
internal sealed class Ours(FileNamespace files) : IPosix
{
    private readonly OpenFile?[] _open = new OpenFile?[16];

    public long Open(int slot, byte[] path, int flags, int mode)
    {
        var error = files.Open(path, (OpenFlags)flags, mode, out var file);
        _open[slot] = file;
        return -(long)error;
    }

    public long Close(int slot)
    {
        var file = _open[slot];
        _open[slot] = null;
        return file is null ? -(long)Errno.EBADF : -(long)file.Close();
    }

    public long Read(int slot, byte[] into)
    {
        int count = 0;
        return Result(_open[slot]?.Read(into, out count), () => count);
    }

    public long Write(int slot, byte[] from)
    {
        int count = 0;
        return Result(_open[slot]?.Write(from, out count), () => count);
    }

    // A bad offset is said before a bad descriptor.
    public long ReadAt(int slot, long offset, byte[] into)
    {
        int count = 0;
        return offset < 0 ? -(long)Errno.EINVAL : Result(_open[slot]?.ReadAt(offset, into, out count), () => count);
    }

    public long WriteAt(int slot, long offset, byte[] from)
    {
        int count = 0;
        return offset < 0 ? -(long)Errno.EINVAL : Result(_open[slot]?.WriteAt(offset, from, out count), () => count);
    }

    public long Seek(int slot, long offset, int whence)
    {
        long position = 0;
        if (_open[slot]?.Type == FileType.Directory) return 0;
        return Result(_open[slot]?.Seek(offset, (SeekOrigin)whence, out position), () => position);
    }

    public long Truncate(int slot, long length) => length < 0 ? -(long)Errno.EINVAL : Result(_open[slot]?.SetLength(length));

    public long Allocate(int slot, long offset, long length) => Result(_open[slot]?.Allocate(offset, length));

    public long Lock(int slot, int operation) =>
        Result(_open[slot]?.Lock((operation & 8) != 0 ? FileLock.None : (operation & 2) != 0 ? FileLock.Exclusive : FileLock.Shared, (operation & 4) == 0));

    public long Sync(int slot) => Result(_open[slot]?.Flush());

    public long StatusOf(int slot, out Status status)
    {
        FileStatus found = default;
        long result = Result(_open[slot]?.GetStatus(out found));
        status = result == 0 ? From(found) : default;
        return result;
    }

    public long StatusOf(byte[] path, bool follow, out Status status)
    {
        var error = files.GetStatus(path, follow, out var found);
        status = error == Errno.None ? From(found) : default;
        return -(long)error;
    }

    public long ChangeMode(int slot, int mode) => Result(_open[slot]?.ChangePermissions(mode));

    public long ChangeMode(byte[] path, int mode) => Result(files.ChangePermissions(path, mode));

    public long ChangeTime(int slot, long modified) => Result(_open[slot]?.ChangeTimes(null, new FileTime(modified, 0)));

    public long ChangeTime(byte[] path, bool follow, long modified) => Result(files.ChangeTimes(path, follow, null, new FileTime(modified, 0)));

    public long MakeDirectory(byte[] path, int mode) => Result(files.MakeDirectory(path, mode));

    public long RemoveDirectory(byte[] path) => Result(files.RemoveDirectory(path));

    public long Unlink(byte[] path) => Result(files.Unlink(path));

    public long Rename(byte[] from, byte[] to) => Result(files.Rename(from, to));

    public long Link(byte[] path, byte[] newPath) => Result(files.Link(path, newPath));

    public long MakeLink(byte[] target, byte[] path) => Result(files.MakeLink(target, path));

    public long ReadLink(byte[] path, out string target)
    {
        var error = files.ReadLink(path, out byte[] octets);
        target = Encoding.Latin1.GetString(octets);
        return -(long)error;
    }

    public long Access(byte[] path, int mode) => Result(files.CheckAccess(path, (AccessModes)mode));

    public long ChangeDirectory(byte[] path) => Result(files.ChangeDirectory(path));

    public long WorkingDirectory(out string path)
    {
        var error = files.GetWorkingDirectory(out byte[] octets);
        path = Encoding.Latin1.GetString(octets);
        return -(long)error;
    }

    public long List(byte[] path, out string names)
    {
        names = "";
        var error = files.OpenDirectory(path, out var directory);
        if (error != Errno.None) return -(long)error;
        List<string> found = [];
        while (directory!.TryRead(out var entry)) found.Add($"{Encoding.Latin1.GetString(entry.Name.Octets)}:{(int)entry.Type >> 12}");
        directory.Dispose();
        names = string.Join(' ', found.Order(StringComparer.Ordinal));
        return 0;
    }

    public long RealPath(byte[] path, out string real)
    {
        var error = files.GetRealPath(path, out byte[] octets);
        real = error == Errno.None ? Encoding.Latin1.GetString(octets) : "";
        return -(long)error;
    }

    private static long Result(Errno? error, Func<long>? value = null) => error switch
    {
        null => -(long)Errno.EBADF,
        Errno.None => value?.Invoke() ?? 0,
        var e => -(long)e,
    };

    private static Status From(in FileStatus s) =>
        new(s.Mode, s.Uid, s.Gid, s.Type == FileType.Directory ? 0 : s.Size, s.Type == FileType.Directory ? 0 : s.Links, Status.Coarse(s.Modified.Seconds));
}
