using System.Runtime.InteropServices;

namespace Morgana.Sandbox;

/// <summary>System calls that the C library has no functions for, made through its <c>syscall</c>.</summary>
/// <remarks>
/// Safety: syscall(2) takes its arguments as machine words; each of ours is one. That it is variadic does not matter, since none of
/// them goes into a vector register.
/// </remarks>
internal static unsafe partial class Libc
{
    public const nint Prctl = 157, Seccomp = 317, LandlockCreateRuleset = 444, LandlockAddRule = 445, LandlockRestrictSelf = 446;
    public const int ENoSys = 38, EOpNotSupp = 95;
    public const int OpenPath = 0x200000, OpenCloseOnExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Call(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* octets, nuint count);

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int GetParent();
}
