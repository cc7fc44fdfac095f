using System.Runtime.InteropServices;
using System.Text;

namespace Morgana.Files.Tests.Model;

/// <summary>The calls on Linux's own files, on a thread that has a root, a working directory and a user of its own.</summary>
internal sealed unsafe class Linux : IPosix
{
    private const int KeepSize = 1, NoFollow = 0x100, AccessEffective = 0x200, WorkingDirectoryHere = -100, CloseOnExecute = 0x80000;
    private const nint SetGroups = 116, SetFileUser = 122, SetFileGroup = 123, AccessAt = 439;
    private const long Omit = 0x3FFFFFFE;
    private readonly int[] _open = [.. Enumerable.Repeat(-1, 16)];

    /// <summary>Runs <paramref name="work"/> in <paramref name="folder"/>, which is <c>/</c> for it where that can be.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="user">Who does it: asked for by root alone.</param>
    /// <param name="asRoot">Whether the folder is to be <c>/</c>.</param>
    /// <param name="work">What. It must load nothing: run it once without a root first.</param>
    public static void Run(string folder, uint? user, bool asRoot, Action<Linux> work)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                fixed (byte* here = Text(Encoding.UTF8.GetBytes(folder)))
                {
                    Must(Libc.Unshare(Libc.CloneFs));
                    Must(asRoot ? Libc.ChangeRoot(here) : 0);
                }

                fixed (byte* top = Text(Encoding.UTF8.GetBytes(asRoot ? "/" : folder))) Must(Libc.ChangeDirectory(top));
                Libc.Mask(0x12);
                if (user is { } uid)
                {
                    Must((int)Libc.SystemCall(SetGroups, 0, 0, 0, 0));
                    Libc.SystemCall(SetFileGroup, (nint)uid, 0, 0, 0);
                    Libc.SystemCall(SetFileUser, (nint)uid, 0, 0, 0);
                }

                work(new());
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException($"On Linux's side: {failure.Message}", failure);
    }

    public long Open(int slot, byte[] path, int flags, int mode)
    {
        fixed (byte* p = Text(path)) _open[slot] = Libc.Open(p, flags | CloseOnExecute, mode);
        return _open[slot] < 0 ? -Error() : 0;
    }

    public long Close(int slot)
    {
        int fd = _open[slot];
        _open[slot] = -1;
        return Result(Libc.Close(fd));
    }

    public long Read(int slot, byte[] into)
    {
        fixed (byte* p = Filled(into)) return Result(Libc.Read(_open[slot], p, into.Length));
    }

    public long Write(int slot, byte[] from)
    {
        fixed (byte* p = Filled(from)) return Result(Libc.Write(_open[slot], p, from.Length));
    }

    public long ReadAt(int slot, long offset, byte[] into)
    {
        fixed (byte* p = Filled(into)) return Result(Libc.ReadAt(_open[slot], p, into.Length, offset));
    }

    public long WriteAt(int slot, long offset, byte[] from)
    {
        fixed (byte* p = Filled(from)) return Result(Libc.WriteAt(_open[slot], p, from.Length, offset));
    }

    // The end of a directory is the file system's own matter.
    public long Seek(int slot, long offset, int whence) =>
        StatusOf(slot, out var status) == 0 && (status.Mode & 0xF000) == 0x4000 ? 0 : Result(Libc.Seek(_open[slot], offset, whence));

    public long Truncate(int slot, long length) => Result(Libc.Truncate(_open[slot], length));

    public long Allocate(int slot, long offset, long length) => Result(Libc.Allocate(_open[slot], KeepSize, offset, length));

    public long Lock(int slot, int operation) => Result(Libc.Lock(_open[slot], operation));

    public long Sync(int slot) => Result(Libc.Sync(_open[slot]));

    public long StatusOf(int slot, out Status status)
    {
        long* s = stackalloc long[18];
        return Take(Libc.StatusOf(_open[slot], s), s, out status);
    }

    public long StatusOf(byte[] path, bool follow, out Status status)
    {
        long* s = stackalloc long[18];
        fixed (byte* p = Text(path)) return Take(follow ? Libc.Status(p, s) : Libc.LinkStatus(p, s), s, out status);
    }

    public long ChangeMode(int slot, int mode) => Result(Libc.ChangeMode(_open[slot], mode));

    public long ChangeMode(byte[] path, int mode)
    {
        fixed (byte* p = Text(path)) return Result(Libc.ChangeMode(p, mode));
    }

    public long ChangeTime(int slot, long modified)
    {
        long* times = stackalloc long[] { 0, Omit, modified, 0 };
        return Result(Libc.ChangeTimes(_open[slot], times));
    }

    public long ChangeTime(byte[] path, bool follow, long modified)
    {
        long* times = stackalloc long[] { 0, Omit, modified, 0 };
        fixed (byte* p = Text(path)) return Result(Libc.ChangeTimes(WorkingDirectoryHere, p, times, follow ? 0 : NoFollow));
    }

    public long MakeDirectory(byte[] path, int mode)
    {
        fixed (byte* p = Text(path)) return Result(Libc.MakeDirectory(p, mode));
    }

    public long RemoveDirectory(byte[] path)
    {
        fixed (byte* p = Text(path)) return Result(Libc.RemoveDirectory(p));
    }

    public long Unlink(byte[] path)
    {
        fixed (byte* p = Text(path)) return Result(Libc.Unlink(p));
    }

    public long Rename(byte[] from, byte[] to)
    {
        fixed (byte* a = Text(from), b = Text(to)) return Result(Libc.Rename(a, b));
    }

    public long Link(byte[] path, byte[] newPath)
    {
        fixed (byte* a = Text(path), b = Text(newPath)) return Result(Libc.Link(a, b));
    }

    public long MakeLink(byte[] target, byte[] path)
    {
        fixed (byte* a = Text(target), b = Text(path)) return Result(Libc.MakeLink(a, b));
    }

    public long ReadLink(byte[] path, out string target)
    {
        byte* buffer = stackalloc byte[4096];
        fixed (byte* p = Text(path))
        {
            long count = Result(Libc.ReadLink(p, buffer, 4096));
            target = count > 0 ? Encoding.Latin1.GetString(buffer, (int)count) : "";
            return Math.Min(count, 0);
        }
    }

    public long Access(byte[] path, int mode)
    {
        fixed (byte* p = Text(path)) return Result(Libc.SystemCall(AccessAt, WorkingDirectoryHere, (nint)p, mode, AccessEffective));
    }

    public long ChangeDirectory(byte[] path)
    {
        fixed (byte* p = Text(path)) return Result(Libc.ChangeDirectory(p));
    }

    public long WorkingDirectory(out string path)
    {
        byte* buffer = stackalloc byte[4096];
        return Take(Libc.WorkingDirectory(buffer, 4096), out path);
    }

    public long RealPath(byte[] path, out string real)
    {
        byte* buffer = stackalloc byte[4096];
        fixed (byte* p = Text(path)) return Take(Libc.RealPath(p, buffer), out real);
    }

    public long List(byte[] path, out string names)
    {
        names = "";
        nint directory;
        fixed (byte* p = Text(path)) directory = Libc.OpenDirectory(p);
        if (directory == 0) return -Error();
        List<string> found = [];
        while (Libc.ReadDirectory(directory) is var entry && entry != null) found.Add($"{Latin(entry + 19)}:{entry[18]}");
        Libc.CloseDirectory(directory);
        names = string.Join(' ', found.Order(StringComparer.Ordinal));
        return 0;
    }

    private static int Error() => Marshal.GetLastPInvokeError();

    private static void Must(int result)
    {
        if (result < 0) throw new InvalidOperationException($"Errno {Error()}.");
    }

    private static byte[] Text(byte[] octets) => [.. octets, 0];

    /// <summary>An array that has an address even if it is empty.</summary>
    private static byte[] Filled(byte[] octets) => octets.Length > 0 ? octets : [0];

    private static string Latin(byte* text) => Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    private static long Result(long result) => result < 0 ? -Error() : result;

    private static long Take(byte* text, out string value)
    {
        value = text == null ? "" : Latin(text);
        return text == null ? -Error() : 0;
    }

    private static long Take(int result, long* s, out Status status)
    {
        status = default;
        if (result < 0) return -Error();
        int mode = (int)s[3];
        bool directory = (mode & 0xF000) == 0x4000;
        status = new(mode, (uint)(s[3] >> 32), (uint)s[4], directory ? 0 : s[6], directory ? 0 : s[2], Status.Coarse(s[11]));
        return 0;
    }
}
