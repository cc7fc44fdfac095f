namespace Morgana.Sandbox;

/// <summary>The system calls that a guest keeps once it serves.</summary>
public static class SystemCallTable
{
    private const uint Execute = 4;                                         // PROT_EXEC of mmap(2)
    // CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: glibc's pthread_create, and nothing else.
    private const uint ThreadFlags = 0x3d0f00;

    /// <summary>Numbered from Linux's arch/x86/entry/syscalls/syscall_64.tbl. No more than 26: a test counts them.</summary>
    /// <param name="process">The guest's own process number: it may send signals to no other.</param>
    public static IReadOnlyList<SystemCallRule> Served(int process) =>
    [
        // Devices and console, by the descriptors that were handed over.
        new("read", 0, "a tap's frames, the loop's wake-ups"),
        new("write", 1, "a tap's frames, the loop's wake-ups, the log"),
        new("sendmsg", 46, "frames to a frame socket"),
        new("recvfrom", 45, "frames from a frame socket"),
        new("ppoll", 271, "the loop waits for its devices"),

        // Memory. No page becomes executable.
        new("mmap", 9, "the collector's regions, stacks", new ArgumentRule(2, Execute, 0)),
        new("munmap", 11, "the same, given back"),
        new("mprotect", 10, "memory that is reserved first and committed later", new ArgumentRule(2, Execute, 0)),
        new("madvise", 28, "pages given back"),
        new("sysinfo", 99, "the collector asks how much memory is left; libc does not check whether the call failed"),

        // Threads.
        new("clone", 56, "a thread of this process", new ArgumentRule(0, uint.MaxValue, ThreadFlags)),
        new("exit", 60, "the end of a thread"),
        new("futex", 202, "locks and waits"),
        new("gettid", 186, "a thread's own number"),
        new("getpid", 39, "for tgkill"),
        new("sched_yield", 24, "spinning that gives way"),

        // The collector stops threads by a signal; a crash ends the process by taking its own handler away.
        new("rt_sigaction", 13, "without it, a fault in a fault's handler would come back for ever"),
        new("tgkill", 234, "a signal to a thread of this process", new ArgumentRule(0, uint.MaxValue, (uint)process)),
        new("kill", 62, "a signal that no handler of the program's has taken ends this process as it always would", new ArgumentRule(0, uint.MaxValue, (uint)process)),
        new("rt_sigreturn", 15, "the end of a signal's handler"),
        new("rt_sigprocmask", 14, "around the start of a thread"),
        new("sigaltstack", 131, "each thread's stack for the report that its own has overflowed"),
        new("membarrier", 324, "the collector's fence across all processors"),

        // The rest.
        new("clock_gettime", 228, "where the kernel's clock cannot be read without it"),
        new("restart_syscall", 219, "the kernel makes it by itself after a stop signal"),
        new("exit_group", 231, "the end"),
    ];

    /// <summary>What a guest with disks keeps beside: its disks are files, open when it is sealed. Nothing else that it has open can be read or written at a place.</summary>
    public static IReadOnlyList<SystemCallRule> Disks =>
    [
        new("pread64", 17, "sectors of a disk"),
        new("pwrite64", 18, "the same, written"),
        new("preadv", 295, "sectors into several pieces of memory"),
        new("pwritev", 296, "the same, written"),
        new("fdatasync", 75, "a flush: what was written survives power loss"),
    ];

    /// <summary>clone3(2) has its flags in memory, where a filter cannot look. ENOSYS makes libc use clone.</summary>
    internal const int Clone3 = 435;

    /// <summary>brk(2) answers the new end of the heap; libc takes an error's number for one. Zero says to it that there is no room: it uses mmap.</summary>
    internal const int Break = 12;
}
