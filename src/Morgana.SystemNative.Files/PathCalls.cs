using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>The functions that name files by their paths. Every path is one of ours: none of these reaches the host.</summary>
internal static unsafe class PathCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Stat")]
    public static int Stat(byte* path, FileStatus* status) => Stat(path, status, follow: true);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LStat")]
    public static int LStat(byte* path, FileStatus* status) => Stat(path, status, follow: false);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Access")]
    public static int Access(byte* path, int mode) => FileAnswer.OnPath(path, mode, static (p, m) => ProgramFiles.Tree.CheckAccess(p, (AccessModes)m));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ChMod")]
    public static int ChMod(byte* path, int mode) => FileAnswer.OnPath(path, mode, static (p, m) => ProgramFiles.Tree.ChangePermissions(p, m));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkDir")]
    public static int MkDir(byte* path, int mode) => FileAnswer.OnPath(path, mode, static (p, m) => ProgramFiles.Tree.MakeDirectory(p, m));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_RmDir")]
    public static int RmDir(byte* path) => FileAnswer.OnPath(path, 0, static (p, _) => ProgramFiles.Tree.RemoveDirectory(p));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Unlink")]
    public static int Unlink(byte* path) => FileAnswer.OnPath(path, 0, static (p, _) => ProgramFiles.Tree.Unlink(p));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Rename")]
    public static int Rename(byte* path, byte* newPath) => FileAnswer.OnPaths(path, newPath, static (p, n) => ProgramFiles.Tree.Rename(p, n));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Link")]
    public static int Link(byte* path, byte* newPath) => FileAnswer.OnPaths(path, newPath, static (p, n) => ProgramFiles.Tree.Link(p, n));

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SymLink")]
    public static int SymLink(byte* target, byte* path) => FileAnswer.OnPaths(target, path, static (t, p) => ProgramFiles.Tree.MakeLink(t, p));

    // mknod(2), EPERM: the file system has no such files.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkFifo")]
    public static int MkFifo(byte* path, uint mode) => FileAnswer.Fail(Errno.EPERM);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkNod")]
    public static int MkNod(byte* path, uint mode, uint major, uint minor) => FileAnswer.Fail(Errno.EPERM);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ChDir")]
    public static int ChDir(byte* path) => FileAnswer.OnPath(path, 0, static (p, _) => ProgramFiles.Tree.ChangeDirectory(p));

    // utimensat(2) with AT_SYMLINK_NOFOLLOW, as the platform layer calls it.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_UTimensat")]
    public static int UTimensat(byte* path, TimeSpec* times) =>
        FileAnswer.OnPath(path, (nint)times, static (p, t) => ProgramFiles.Tree.ChangeTimes(p, follow: false, ((TimeSpec*)t)[0].ToTime(), ((TimeSpec*)t)[1].ToTime()));

    // readlink(2): what does not fit is cut off, without a word.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadLink")]
    public static int ReadLink(byte* path, byte* buffer, int length)
    {
        try
        {
            if (length <= 0) return FileAnswer.Fail(Errno.EINVAL);
            if (path is null || buffer is null) return FileAnswer.Fail(Errno.EFAULT);
            var error = ProgramFiles.Tree.ReadLink(FileAnswer.Text(path), out byte[] target);
            if (error != Errno.None) return FileAnswer.Fail(error);
            int count = Math.Min(target.Length, length);
            target.AsSpan(0, count).CopyTo(new(buffer, count));
            return count;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    // getcwd(3), ERANGE: then .NET comes again with more room.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetCwd")]
    public static byte* GetCwd(byte* buffer, int length)
    {
        try
        {
            var error = ProgramFiles.Tree.GetWorkingDirectory(out byte[] path);
            if (error == Errno.None && path.Length >= length) error = Errno.ERANGE;
            if (FileAnswer.Status(error) != 0) return null;
            path.CopyTo(new Span<byte>(buffer, length));
            buffer[path.Length] = 0;
            return buffer;
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
            return null;
        }
    }

    // Environment.ProcessPath, and through it AppContext.BaseDirectory. The caller frees it.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetProcessPath")]
    public static byte* GetProcessPath()
    {
        try
        {
            string name = System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name ?? "program";
            byte[] path = System.Text.Encoding.UTF8.GetBytes($"{ProgramFiles.AppFolder}/{name}\0");
            byte* copy = (byte*)NativeMemory.Alloc((nuint)path.Length);
            path.CopyTo(new Span<byte>(copy, path.Length));
            return copy;
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
            return null;
        }
    }

    // pathconf(3): the two limits of names that .NET knows of. The platform layer numbers them so.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PathConf")]
    public static nint PathConf(byte* path, int name) => name switch
    {
        4 => FileName.MaxLength,
        5 => FileNamespace.MaxPathLength + 1,
        _ => FileAnswer.Fail(Errno.EINVAL),
    };

    private static int Stat(byte* path, FileStatus* status, bool follow)
    {
        try
        {
            if (path is null || status is null) return FileAnswer.Fail(Errno.EFAULT);
            var error = ProgramFiles.Tree.GetStatus(FileAnswer.Text(path), follow, out var found);
            if (error != Errno.None) return FileAnswer.Fail(error);
            *status = FileDescriptor.Convert(found);
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }
}

/// <summary>A time as the platform layer has it, with utimensat(2)'s two special values.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    private const long Now = 0x3FFFFFFF, Omit = 0x3FFFFFFE;
    public long Seconds;
    public long Nanoseconds;

    /// <summary>Null: it stays as it is.</summary>
    public readonly FileTime? ToTime() => Nanoseconds switch
    {
        Omit => null,
        Now => FileTime.From(DateTimeOffset.UtcNow),
        _ => new(Seconds, (int)Nanoseconds),
    };
}
