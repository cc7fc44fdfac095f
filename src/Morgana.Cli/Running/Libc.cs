using System.Runtime.InteropServices;

namespace Morgana.Cli.Running;

/// <summary>The C library's calls for starting and ending a guest. .NET's own Process closes every descriptor that a child could inherit.</summary>
internal static unsafe partial class Libc
{
    public const int Interrupt = 2, Terminate = 15, Kill = 9;                              // signal(7)
    public const short SpawnSetSession = 0x80, SpawnSetProcessGroup = 0x02, SpawnSetSignalDefaults = 0x04, SpawnSetSignalMask = 0x08;   // spawn.h of glibc
    public const int DuplicateCloseOnExec = 1030, EIntr = 4, EIo = 5, EAgain = 11;
    public const int OpenDirectory = 0x10000, OpenCloseOnExec = 0x80000;
    public const int EWouldBlock = 11, ETextBusy = 26, EReadOnlyFileSystem = 30;     // errno(3)

    // posix_spawnattr_t has 336 octets, posix_spawn_file_actions_t 80 and sigset_t 128 in glibc for x86-64.
    public const int AttributesSize = 512, ActionsSize = 256, SignalSetSize = 128;

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int Spawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int InitializeAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SetSignalDefaults(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SetSignalMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int InitializeActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int DestroyActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int AddDuplicate(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int AddOpen(void* actions, int descriptor, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial int AddCloseFrom(void* actions, int first);

    /// <summary>Opens for reading: what .NET's files do not open, a directory.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode = 0);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Signal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    public static partial int MaskSignals(int how, void* signals, void* before);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    public static partial int ForegroundGroup(int terminal);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    public static partial int ProcessGroup();

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    public static partial int GetTerminal(int terminal, void* settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    public static partial int SetTerminal(int terminal, int when, void* settings);

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    public static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    public static partial int GrantTerminal(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    public static partial int UnlockTerminal(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    public static partial int TerminalName(int master, byte* name, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int ControlDevice(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);
}
