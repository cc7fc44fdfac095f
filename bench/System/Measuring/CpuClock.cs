using System.Runtime.InteropServices;

namespace Morgana.Bench;

/// <summary>Whose processor time a figure is divided by.</summary>
internal enum CpuClock
{
    /// <summary>CLOCK_PROCESS_CPUTIME_ID: all threads, with what the kernel does for them.</summary>
    Process = 2,

    /// <summary>CLOCK_THREAD_CPUTIME_ID: the calling thread alone.</summary>
    Thread = 3,
}

/// <summary>Processor time, which stands still while somebody else has the core: a busy machine does not change the figures.</summary>
internal static partial class CpuClocks
{
    /// <summary>Seconds on the clock.</summary>
    public static double Now(this CpuClock clock) =>
        GetTime((int)clock, out var time) == 0 ? time.Seconds + (time.Nanoseconds * 1e-9) : throw new InvalidOperationException("clock_gettime fails.");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
