namespace Morgana.Kernel;

/// <summary>futex(2): waiting for a word in memory to change. All of the C library's and .NET's locks come down to it.</summary>
internal static unsafe class FutexCalls
{
    private const ulong Wait = 0, Wake = 1, Requeue = 3, CompareRequeue = 4, WaitBitset = 9, WakeBitset = 10;
    private const ulong PrivateFlag = 128, RealtimeFlag = 256;

    public static ulong Futex(Thread* thread, ulong address, ulong operation, ulong value, ulong timeout, ulong other, ulong value3)
    {
        if ((address & 3) != 0 || !UserMemory.IsRange(address, 4)) return Error.Invalid;
        bool isRealtime = (operation & RealtimeFlag) != 0;
        switch (operation & ~(PrivateFlag | RealtimeFlag))
        {
            case Wait: return WaitAt(thread, address, (uint)value, timeout, isAbsolute: false, isRealtime, uint.MaxValue);
            case WaitBitset: return WaitAt(thread, address, (uint)value, timeout, isAbsolute: true, isRealtime, (uint)value3);
            case Wake: return Scheduler.WakeAt(address, (uint)value, uint.MaxValue);
            case WakeBitset: return value3 == 0 ? Error.Invalid : Scheduler.WakeAt(address, (uint)value, (uint)value3);
            case Requeue: return Move(address, value, other, timeout);
            case CompareRequeue:
                if (!UserMemory.Read32(address, out uint now)) return Error.Fault;
                return now == (uint)value3 ? Move(address, value, other, timeout) : Error.Again;
            default: return Error.NotImplemented;
        }
    }

    // FUTEX_WAIT's time limit is a duration; FUTEX_WAIT_BITSET's a time, on the monotonic clock unless it says otherwise.
    private static ulong WaitAt(Thread* thread, ulong address, uint value, ulong timeout, bool isAbsolute, bool isRealtime, uint bitset)
    {
        if (bitset == 0) return Error.Invalid;
        ulong deadline = ulong.MaxValue;
        if (timeout != 0)
        {
            if (TimeCalls.ReadTime(timeout, out ulong time) is var error && error != 0) return error;
            deadline = isAbsolute ? TimeCalls.ToDeadline(time, isRealtime) : TimeCalls.Add(Clock.Now(), time);
        }

        if (!UserMemory.Read32(address, out uint now)) return Error.Fault;
        if (now != value) return Error.Again;
        if (deadline <= Clock.Now()) return Error.TimedOut;
        Scheduler.Block(thread, address, bitset, deadline);
        return 0;
    }

    // Wakes some, and lets others wait elsewhere; the "timeout" is how many.
    private static ulong Move(ulong address, ulong wake, ulong to, ulong most)
    {
        // Nothing waits at 0: that address says of a thread that it is in no queue.
        if ((to & 3) != 0 || to == 0 || !UserMemory.IsRange(to, 4)) return Error.Invalid;
        ulong done = Scheduler.WakeAt(address, (uint)wake, uint.MaxValue);
        // One by one to where they are already, they would never be all.
        if (to == address) return done + Scheduler.Waiting->CountAt(address, (uint)most);
        for (ulong i = 0; i < (uint)most && Scheduler.Waiting->MoveFirst(address, to); i++) done++;
        return done;
    }
}
