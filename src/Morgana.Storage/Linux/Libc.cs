using System.Runtime.InteropServices;
using System.Text;

namespace Morgana.Storage.Linux;

/// <summary>The functions of the C library that files need and .NET does not offer; every argument is blittable.</summary>
/// <remarks>Statically linked images need <c>&lt;DirectPInvoke Include="libc" /&gt;</c>, which Morgana.Sdk sets.</remarks>
internal static unsafe partial class Libc
{
    public const int ENoEnt = 2, EIntr = 4, EAgain = 11, ENoSpc = 28, ERofs = 30, ELoop = 40;
    public const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4;
    public const int KeepSize = 1, PunchHole = 2;
    public const int SeekEnd = 2;
    public const int OpenNonBlocking = 0x800, OpenDirectory = 0x10000, OpenNoFollow = 0x20000, OpenCloseOnExec = 0x80000;

    public static int Error => Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int DataSync(SafeHandle descriptor);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeHandle descriptor, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeHandle descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(SafeHandle descriptor, long offset, int from);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(SafeHandle descriptor, int command, nint argument);

    /// <summary>Opens for reading.</summary>
    public static int Open(string path, int flags)
    {
        fixed (byte* p = Encoding.UTF8.GetBytes(path + '\0')) return Open(p, flags, 0);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);
}
