namespace Morgana.Kernel;

/// <summary>Calls on time. The application mostly reads clocks without them: Assembly/Vdso.S.</summary>
internal static unsafe class TimeCalls
{
    private const ulong Second = 1_000_000_000;
    private const ulong Realtime = 0, ProcessTime = 2, ThreadTime = 3, RealtimeCoarse = 5, LastClock = 7;

    /// <summary>clock_gettime(2)</summary>
    public static ulong ClockGettime(Thread* thread, ulong clock, ulong to)
    {
        ulong now;
        switch (clock)
        {
            case Realtime or RealtimeCoarse: now = Clock.WallNow(); break;
            case ProcessTime: now = ProcessNow(thread); break;
            case ThreadTime: now = ThreadNow(thread); break;
            case <= LastClock: now = Clock.Now(); break;
            default:
                // The C library's number for a thread's own clock: ~id << 3 | 6 (pthread_getcpuclockid(3)).
                Thread* other = ThreadTable.Find((int)~((long)(int)clock >> 3));
                if ((clock & 7) != 6) return Error.Invalid;
                now = other == null ? ThreadNow(thread) : ThreadNow(other);
                break;
        }

        return WriteTime(to, now) ? 0 : Error.Fault;
    }

    /// <summary>clock_getres(2)</summary>
    public static ulong ClockGetres(Thread* thread, ulong clock, ulong to) => to == 0 || WriteTime(to, 1) ? 0 : Error.Fault;

    /// <summary>gettimeofday(2)</summary>
    public static ulong Gettimeofday(Thread* thread, ulong to, ulong zone)
    {
        ulong now = Clock.WallNow();
        return UserMemory.Write64(to, now / Second) && UserMemory.Write64(to + 8, now % Second / 1000) ? 0 : Error.Fault;
    }

    /// <summary>time(2)</summary>
    public static ulong Time(Thread* thread, ulong to)
    {
        ulong seconds = Clock.WallNow() / Second;
        return to == 0 || UserMemory.Write64(to, seconds) ? seconds : Error.Fault;
    }

    /// <summary>nanosleep(2)</summary>
    public static ulong Nanosleep(Thread* thread, ulong duration, ulong remainder) => ClockNanosleep(thread, 1, 0, duration, remainder);

    /// <summary>clock_nanosleep(2). A signal's handler ends it; what then remained is written by whoever asks for it again, as the deadline is kept.</summary>
    public static ulong ClockNanosleep(Thread* thread, ulong clock, ulong flags, ulong time, ulong remainder)
    {
        if (clock > LastClock) return Error.Invalid;
        ulong deadline;
        if (thread->IsRestarting) deadline = thread->Deadline;
        else if (ReadTime(time, out ulong value) is var error && error != 0) return error;
        else deadline = (flags & 1) != 0 ? ToDeadline(value, clock is Realtime or RealtimeCoarse) : Add(Clock.Now(), value);
        if (deadline <= Clock.Now()) return 0;
        // Written before, as a signal does not come back here: what remains is at most this.
        if (remainder != 0 && (flags & 1) == 0) WriteTime(remainder, deadline - Clock.Now());
        Scheduler.BlockAndRestart(thread, 0, deadline);
        return 0;
    }

    /// <summary>Reads a struct timespec.</summary>
    /// <returns>0, or what is wrong with it.</returns>
    public static ulong ReadTime(ulong from, out ulong nanoseconds)
    {
        ulong* time = stackalloc ulong[2];
        nanoseconds = 0;
        if (!UserMemory.CopyIn(time, from, 16)) return Error.Fault;
        if ((long)time[0] < 0 || time[1] >= Second) return Error.Invalid;
        const ulong farthest = ulong.MaxValue / 4 / Second;
        nanoseconds = time[0] > farthest ? ulong.MaxValue / 4 : (time[0] * Second) + time[1];
        return 0;
    }

    /// <summary>Reads a duration, and says when it will be over.</summary>
    public static ulong ReadDeadline(ulong from, out ulong deadline)
    {
        ulong error = ReadTime(from, out ulong duration);
        deadline = Add(Clock.Now(), duration);
        return error;
    }

    /// <summary>A point in time on the kernel's clock. What is past becomes zero.</summary>
    public static ulong ToDeadline(ulong time, bool isRealtime)
    {
        if (!isRealtime) return time;
        return time > Clock.WallOffset ? time - Clock.WallOffset : 0;
    }

    public static ulong Add(ulong a, ulong b) => a + b < a ? ulong.MaxValue - 1 : a + b;

    private static bool WriteTime(ulong to, ulong nanoseconds)
    {
        ulong* time = stackalloc ulong[2];
        time[0] = nanoseconds / Second;
        time[1] = nanoseconds % Second;
        return UserMemory.CopyOut(to, time, 16);
    }

    private static ulong ThreadNow(Thread* thread)
    {
        if (thread->State == ThreadState.Running) Scheduler.Charge(thread, Clock.Now());
        return thread->UsedTime;
    }

    private static ulong ProcessNow(Thread* thread) => Scheduler.TotalTime(Clock.Now());
}
