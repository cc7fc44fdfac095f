using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>The platform's own functions of files, for descriptors and memory that are not ours.</summary>
internal static unsafe class RealFiles
{
    private const string Library = "libSystem.Native";

    [DllImport(Library, EntryPoint = "__real_SystemNative_Open")]
    public static extern nint Open(byte* path, int flags, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PRead")]
    public static extern int PRead(nint descriptor, byte* buffer, int count, long offset);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PWrite")]
    public static extern int PWrite(nint descriptor, byte* buffer, int count, long offset);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PReadV")]
    public static extern long PReadV(nint descriptor, FileVector* vectors, int count, long offset);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PWriteV")]
    public static extern long PWriteV(nint descriptor, FileVector* vectors, int count, long offset);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FTruncate")]
    public static extern int FTruncate(nint descriptor, long length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FAllocate")]
    public static extern int FAllocate(nint descriptor, long offset, long length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FSync")]
    public static extern int FSync(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FLock")]
    public static extern int FLock(nint descriptor, int operation);

    [DllImport(Library, EntryPoint = "__real_SystemNative_LockFileRegion")]
    public static extern int LockFileRegion(nint descriptor, long offset, long length, short type);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PosixFAdvise")]
    public static extern int PosixFAdvise(nint descriptor, long offset, long length, int advice);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FChMod")]
    public static extern int FChMod(nint descriptor, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FUTimens")]
    public static extern int FUTimens(nint descriptor, TimeSpec* times);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetFileSystemType")]
    public static extern uint GetFileSystemType(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_CopyFile")]
    public static extern int CopyFile(nint source, nint destination, long length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MMap")]
    public static extern byte* MMap(byte* address, ulong length, int protection, int flags, nint descriptor, long offset);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MUnmap")]
    public static extern int MUnmap(byte* address, ulong length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MSync")]
    public static extern int MSync(byte* address, ulong length, int flags);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MAdvise")]
    public static extern int MAdvise(byte* address, ulong length, int advice);

    [DllImport(Library, EntryPoint = "__real_SystemNative_INotifyRemoveWatch")]
    public static extern int INotifyRemoveWatch(nint descriptor, int watch);
}

/// <summary>A piece of memory, as <c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileVector
{
    public byte* Base;
    public nuint Length;
}
