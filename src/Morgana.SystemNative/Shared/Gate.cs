using System.Diagnostics;
using System.Runtime.InteropServices;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>Where one thread sleeps until another signals it: a semaphore of the C library's.</summary>
/// <remarks>
/// It is used only by a thread that does sleep, and to wake it: otherwise a signal is one interlocked exchange. A mutex and a condition would
/// wake the thread twice, for the condition and for the mutex that whoever signals holds still; a managed monitor takes longer yet.
/// Safety: the semaphore is native memory of this object's alone; both sides keep the object alive while they use it.
/// </remarks>
internal sealed unsafe class Gate : ITurnSignal
{
    private const string Library = "libc";
    private const int SemaphoreSize = 32;       // sem_t.
    private const int MonotonicClock = 1;       // CLOCK_MONOTONIC, which Stopwatch reads.
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int Quiet = 0;
    private const int Signalled = 1;
    private const int Asleep = 2;

    [ThreadStatic]
    private static Gate? t_current;

    private readonly void* _semaphore;
    private int _state;

    public Gate()
    {
        _semaphore = NativeMemory.AllocZeroed(SemaphoreSize);
        _ = Initialize(_semaphore, 0, 0);
    }

    /// <summary>This thread's own.</summary>
    public static Gate Current => t_current ??= new();

    ~Gate()
    {
        _ = Destroy(_semaphore);
        NativeMemory.Free(_semaphore);
    }

    /// <summary>Forgets a signal. The thread that waits here; before anybody who may signal hears of this gate.</summary>
    public void Reset() => Interlocked.Exchange(ref _state, Quiet);

    /// <summary>Ends the current or the next <see cref="Wait"/>. Any thread.</summary>
    public void Signal()
    {
        // Whoever says that he sleeps is posted to exactly once.
        if (Interlocked.Exchange(ref _state, Signalled) == Asleep) _ = Post(_semaphore);
        GC.KeepAlive(this);
    }

    /// <param name="milliseconds">-1 waits without limit.</param>
    /// <returns>Whether it was signalled.</returns>
    public bool Wait(int milliseconds)
    {
        if (Interlocked.CompareExchange(ref _state, Asleep, Quiet) == Signalled) return true;
        if (milliseconds >= 0 && !SleepUntil(Stopwatch.GetTimestamp() + (milliseconds * (NanosecondsPerSecond / 1000))))
        {
            if (Interlocked.CompareExchange(ref _state, Quiet, Asleep) == Asleep) return false;
            // It was signalled at the last moment: its post is on the way, and not to be left for the next wait.
            milliseconds = -1;
        }

        // sem_wait(3): a signal handler, such as the collector's, ends it early.
        while (milliseconds < 0 && WaitFor(_semaphore) != 0)
        {
        }

        GC.KeepAlive(this);
        return true;
    }

    private bool SleepUntil(long deadline)
    {
        long* time = stackalloc long[] { deadline / NanosecondsPerSecond, deadline % NanosecondsPerSecond };
        while (TimedWaitFor(_semaphore, MonotonicClock, time) != 0)
            if (Stopwatch.GetTimestamp() >= deadline) return false;
        return true;
    }

    [DllImport(Library, EntryPoint = "sem_init")]
    private static extern int Initialize(void* semaphore, int shared, uint value);

    [DllImport(Library, EntryPoint = "sem_destroy")]
    private static extern int Destroy(void* semaphore);

    [DllImport(Library, EntryPoint = "sem_post")]
    private static extern int Post(void* semaphore);

    [DllImport(Library, EntryPoint = "sem_wait")]
    private static extern int WaitFor(void* semaphore);

    [DllImport(Library, EntryPoint = "sem_clockwait")]
    private static extern int TimedWaitFor(void* semaphore, int clock, long* time);
}
