using System.Runtime.InteropServices;

namespace Morgana.Files.Host;

/// <summary>The functions of the C library that a directory of the host's needs, with nothing but numbers and addresses between.</summary>
/// <remarks>
/// Safety: every pointer is to memory of the caller's frame, or pinned by it, and as long as the number beside it says; the kernel keeps none.
/// syscall(2) takes its arguments as machine words; that it is variadic does not matter, since none of them goes into a vector register.
/// </remarks>
internal static unsafe partial class Libc
{
    public const int OpenCreate = 0x40, OpenExclusive = 0x80, OpenNoTerminal = 0x100, OpenTruncate = 0x200, OpenDirectory = 0x10000, OpenNoFollow = 0x20000, OpenCloseOnExec = 0x80000, OpenPath = 0x200000;
    public const int NoFollow = 0x100, RemoveDirectory = 0x200, EffectiveUser = 0x200;
    public const ulong NoMagicLinks = 2, NoLinks = 4, Beneath = 8;
    public const int AppendOnce = 0x10, LockShared = 1, LockExclusive = 2, LockNoWait = 4, LockRemove = 8;
    public const int ProtectRead = 1, ProtectWrite = 2, MapShared = 1;
    private const nint GetEntriesCall = 217, WriteVectorsCall = 328, OpenBeneathCall = 437, AccessCall = 439;

    public static Errno Error => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>openat2(2).</summary>
    public static int OpenBeneath(int directory, byte* path, int flags)
    {
        var how = new OpenHow { Flags = (ulong)(uint)flags, Resolve = Beneath | NoLinks | NoMagicLinks };
        return (int)Call(OpenBeneathCall, directory, (nint)path, (nint)(&how), sizeof(OpenHow), 0, 0);
    }

    /// <summary>faccessat2(2).</summary>
    public static int Access(int directory, byte* name, int mode, int flags) => (int)Call(AccessCall, directory, (nint)name, mode, flags, 0, 0);

    /// <summary>getdents64(2).</summary>
    public static int GetEntries(int directory, byte* buffer, int length) => (int)Call(GetEntriesCall, directory, (nint)buffer, length, 0, 0, 0);

    /// <summary>pwritev2(2) with RWF_APPEND: to the end, in one step with finding it.</summary>
    public static nint Append(int descriptor, byte* octets, nint count)
    {
        nint* vector = stackalloc nint[] { (nint)octets, count };
        return Call(WriteVectorsCall, descriptor, (nint)vector, 1, 0, 0, AppendOnce);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int Open(int directory, byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    public static partial int Status(int descriptor, long* status);

    [LibraryImport("libc", EntryPoint = "fstatat", SetLastError = true)]
    public static partial int Status(int directory, byte* name, long* status, int flags);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int Space(int descriptor, long* space);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, long length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int descriptor, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(int descriptor, int mode);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true)]
    public static partial int ChangeMode(byte* path, int mode);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    public static partial int ChangeTimes(int descriptor, long* times);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    public static partial int ChangeTimes(int directory, byte* name, long* times, int flags);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectory(int directory, byte* name, int mode);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    public static partial int MakeNode(int directory, byte* name, int mode, ulong device);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    public static partial int MakeLink(byte* target, int directory, byte* name);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    public static partial int Link(int directory, byte* name, int newDirectory, byte* newName, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int Unlink(int directory, byte* name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int Rename(int directory, byte* name, int newDirectory, byte* newName);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    public static partial nint ReadLink(int directory, byte* name, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}
