using System.Runtime.InteropServices;
using Perfolizer.Horology;

namespace Morgana.Bench.Micro;

/// <summary>The thread's processor time: on a machine that others use too, wall time would measure them.</summary>
internal sealed partial class ProcessorClock : IClock
{
    private const int ThreadCpuTime = 3;

    public string Title => "CLOCK_THREAD_CPUTIME_ID";

    public bool IsAvailable => OperatingSystem.IsLinux();

    public Frequency Frequency => new(1_000_000_000);

    public long GetTimestamp() => GetTime(ThreadCpuTime, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : throw new InvalidOperationException("clock_gettime fails.");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
