using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>The platform's own functions, for descriptors that are not ours: what <c>--wrap</c> renames to <c>__real_</c>.</summary>
internal static unsafe partial class Real
{
    private const string Library = "libSystem.Native";

    [DllImport(Library, EntryPoint = "__real_SystemNative_Close")]
    public static extern int Close(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Read")]
    public static extern int Read(nint descriptor, byte* buffer, int count);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Write")]
    public static extern int Write(nint descriptor, byte* buffer, int count);

    [DllImport(Library, EntryPoint = "__real_SystemNative_LSeek")]
    public static extern long LSeek(nint descriptor, long offset, int whence);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FStat")]
    public static extern int FStat(nint descriptor, FileStatus* status);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Dup")]
    public static extern nint Dup(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlGetFD")]
    public static extern int FcntlGetFD(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlSetFD")]
    public static extern int FcntlSetFD(nint descriptor, int flags);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlGetIsNonBlocking")]
    public static extern int FcntlGetIsNonBlocking(nint descriptor, int* isNonBlocking);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlSetIsNonBlocking")]
    public static extern int FcntlSetIsNonBlocking(nint descriptor, int isNonBlocking);
}
