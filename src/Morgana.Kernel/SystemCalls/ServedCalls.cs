namespace Morgana.Kernel;

/// <summary>The table's content. Arguments are as on the man pages, in section 2.</summary>
internal static unsafe class ServedCalls
{
    public static void Register()
    {
        RegisterFiles();
        RegisterMemory();
        RegisterThreads();
        RegisterRest();
        // Answered so on purpose, and quietly: the C library and .NET try them and do without.
        SystemCallTable.Serve(16, (delegate*<Thread*, ulong>)&FileCalls.Ioctl);
        SystemCallTable.Serve(137, (delegate*<Thread*, ulong>)&InfoCalls.NotThere);         // statfs
        SystemCallTable.Serve(138, (delegate*<Thread*, ulong>)&InfoCalls.NotThere);         // fstatfs
        SystemCallTable.Serve(239, (delegate*<Thread*, ulong>)&InfoCalls.NotThere);         // get_mempolicy
        SystemCallTable.Serve(334, (delegate*<Thread*, ulong>)&InfoCalls.NotThere);         // rseq
    }

    private static void RegisterFiles()
    {
        SystemCallTable.Serve(0, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Read);
        SystemCallTable.Serve(1, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Write);
        SystemCallTable.Serve(3, (delegate*<Thread*, ulong, ulong>)&FileCalls.Close);
        SystemCallTable.Serve(4, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Stat);
        SystemCallTable.Serve(5, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Fstat);
        SystemCallTable.Serve(6, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Stat);                  // lstat
        SystemCallTable.Serve(7, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Poll);
        SystemCallTable.Serve(8, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Lseek);
        SystemCallTable.Serve(17, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&FileCalls.Pread64);
        SystemCallTable.Serve(20, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Writev);
        SystemCallTable.Serve(21, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Access);
        SystemCallTable.Serve(32, (delegate*<Thread*, ulong, ulong>)&FileCalls.Dup);
        SystemCallTable.Serve(33, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Dup2);
        SystemCallTable.Serve(72, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Fcntl);
        SystemCallTable.Serve(79, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Getcwd);
        SystemCallTable.Serve(89, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Readlink);
        SystemCallTable.Serve(257, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Openat);
        SystemCallTable.Serve(262, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&FileCalls.Newfstatat);
        SystemCallTable.Serve(269, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Faccessat);
        SystemCallTable.Serve(271, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&FileCalls.Ppoll);
        SystemCallTable.Serve(290, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Eventfd2);
        SystemCallTable.Serve(292, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&FileCalls.Dup3);
        SystemCallTable.Serve(293, (delegate*<Thread*, ulong, ulong, ulong>)&FileCalls.Pipe2);
    }

    private static void RegisterMemory()
    {
        SystemCallTable.Serve(9, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong, ulong, ulong>)&MemoryCalls.Mmap);
        SystemCallTable.Serve(10, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&MemoryCalls.Mprotect);
        SystemCallTable.Serve(11, (delegate*<Thread*, ulong, ulong, ulong>)&MemoryCalls.Munmap);
        SystemCallTable.Serve(12, (delegate*<Thread*, ulong, ulong>)&MemoryCalls.Brk);
        SystemCallTable.Serve(28, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&MemoryCalls.Madvise);
        SystemCallTable.Serve(149, (delegate*<Thread*, ulong, ulong, ulong>)&MemoryCalls.Mlock);
        SystemCallTable.Serve(150, (delegate*<Thread*, ulong, ulong, ulong>)&MemoryCalls.Mlock);      // munlock
    }

    private static void RegisterThreads()
    {
        SystemCallTable.Serve(24, (delegate*<Thread*, ulong>)&ThreadCalls.SchedYield);
        SystemCallTable.Serve(56, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong, ulong>)&ThreadCalls.Clone);
        SystemCallTable.Serve(60, (delegate*<Thread*, ulong, ulong>)&ThreadCalls.Exit);
        SystemCallTable.Serve(186, (delegate*<Thread*, ulong>)&ThreadCalls.Gettid);
        SystemCallTable.Serve(202, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong, ulong, ulong>)&FutexCalls.Futex);
        SystemCallTable.Serve(203, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&ThreadCalls.SchedSetaffinity);
        SystemCallTable.Serve(204, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&ThreadCalls.SchedGetaffinity);
        SystemCallTable.Serve(218, (delegate*<Thread*, ulong, ulong>)&ThreadCalls.SetTidAddress);
        SystemCallTable.Serve(231, (delegate*<Thread*, ulong, ulong>)&ThreadCalls.ExitGroup);
        SystemCallTable.Serve(273, (delegate*<Thread*, ulong>)&ThreadCalls.SetRobustList);
        SystemCallTable.Serve(309, (delegate*<Thread*, ulong, ulong, ulong>)&ThreadCalls.Getcpu);
        SystemCallTable.Serve(324, (delegate*<Thread*, ulong, ulong, ulong>)&ThreadCalls.Membarrier);
        SystemCallTable.Serve(435, (delegate*<Thread*, ulong, ulong, ulong>)&ThreadCalls.Clone3);
        SystemCallTable.Serve(157, (delegate*<Thread*, ulong, ulong, ulong>)&ThreadCalls.Prctl);
        SystemCallTable.Serve(158, (delegate*<Thread*, ulong, ulong, ulong>)&ThreadCalls.ArchPrctl);
    }

    private static void RegisterRest()
    {
        SystemCallTable.Serve(13, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&SignalCalls.RtSigaction);
        SystemCallTable.Serve(14, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&SignalCalls.RtSigprocmask);
        SystemCallTable.Serve(15, (delegate*<Thread*, ulong>)&SignalCalls.RtSigreturn);
        SystemCallTable.Serve(62, (delegate*<Thread*, ulong, ulong, ulong>)&SignalCalls.Kill);
        SystemCallTable.Serve(131, (delegate*<Thread*, ulong, ulong, ulong>)&SignalCalls.Sigaltstack);
        SystemCallTable.Serve(200, (delegate*<Thread*, ulong, ulong, ulong>)&SignalCalls.Tkill);
        SystemCallTable.Serve(234, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&SignalCalls.Tgkill);

        SystemCallTable.Serve(35, (delegate*<Thread*, ulong, ulong, ulong>)&TimeCalls.Nanosleep);
        SystemCallTable.Serve(96, (delegate*<Thread*, ulong, ulong, ulong>)&TimeCalls.Gettimeofday);
        SystemCallTable.Serve(201, (delegate*<Thread*, ulong, ulong>)&TimeCalls.Time);
        SystemCallTable.Serve(228, (delegate*<Thread*, ulong, ulong, ulong>)&TimeCalls.ClockGettime);
        SystemCallTable.Serve(229, (delegate*<Thread*, ulong, ulong, ulong>)&TimeCalls.ClockGetres);
        SystemCallTable.Serve(230, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&TimeCalls.ClockNanosleep);

        SystemCallTable.Serve(39, (delegate*<Thread*, ulong>)&InfoCalls.Getpid);
        SystemCallTable.Serve(63, (delegate*<Thread*, ulong, ulong>)&InfoCalls.Uname);
        SystemCallTable.Serve(97, (delegate*<Thread*, ulong, ulong, ulong>)&InfoCalls.Getrlimit);
        SystemCallTable.Serve(98, (delegate*<Thread*, ulong, ulong, ulong>)&InfoCalls.Getrusage);
        SystemCallTable.Serve(99, (delegate*<Thread*, ulong, ulong>)&InfoCalls.Sysinfo);
        SystemCallTable.Serve(102, (delegate*<Thread*, ulong>)&InfoCalls.Zero);             // getuid
        SystemCallTable.Serve(104, (delegate*<Thread*, ulong>)&InfoCalls.Zero);             // getgid
        SystemCallTable.Serve(107, (delegate*<Thread*, ulong>)&InfoCalls.Zero);             // geteuid
        SystemCallTable.Serve(108, (delegate*<Thread*, ulong>)&InfoCalls.Zero);             // getegid
        SystemCallTable.Serve(110, (delegate*<Thread*, ulong>)&InfoCalls.Zero);             // getppid
        SystemCallTable.Serve(302, (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong>)&InfoCalls.Prlimit64);
        SystemCallTable.Serve(318, (delegate*<Thread*, ulong, ulong, ulong, ulong>)&InfoCalls.Getrandom);
    }
}
