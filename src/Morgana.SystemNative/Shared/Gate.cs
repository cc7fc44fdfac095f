using System.Runtime.InteropServices;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>Where one thread sleeps until another signals it: a mutex and a condition of the platform's, which wake faster than a managed monitor.</summary>
/// <remarks>They are used only by a thread that does sleep, and to wake it: otherwise a signal is one interlocked exchange.</remarks>
internal sealed class Gate : ITurnSignal
{
    private const string Library = "libSystem.Native";
    private const int Quiet = 0;
    private const int Signalled = 1;
    private const int Asleep = 2;

    [ThreadStatic]
    private static Gate? t_current;

    private readonly nint _monitor = Create();
    private int _state;

    /// <summary>This thread's own.</summary>
    public static Gate Current => t_current ??= new();

    ~Gate() => Destroy(_monitor);

    /// <summary>Forgets a signal. The thread that waits here; before anybody who may signal hears of this gate.</summary>
    public void Reset() => Interlocked.Exchange(ref _state, Quiet);

    /// <summary>Ends the current or the next <see cref="Wait"/>. Any thread.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _state, Signalled) != Asleep) return;
        // Whoever is on the way to sleep holds the mutex until he does, and looks once more before.
        Acquire(_monitor);
        SignalAndRelease(_monitor);
    }

    /// <param name="milliseconds">-1 waits without limit.</param>
    /// <returns>Whether it was signalled.</returns>
    public bool Wait(int milliseconds)
    {
        if (Interlocked.CompareExchange(ref _state, Asleep, Quiet) == Signalled) return true;
        long deadline = milliseconds < 0 ? long.MaxValue : Environment.TickCount64 + milliseconds;
        Acquire(_monitor);
        while (Volatile.Read(ref _state) == Asleep)
        {
            if (milliseconds < 0)
            {
                WaitFor(_monitor);
                continue;
            }

            long left = deadline - Environment.TickCount64;
            if (left <= 0 || (!TimedWait(_monitor, (int)left) && Environment.TickCount64 >= deadline)) break;
        }

        Release(_monitor);
        return Interlocked.CompareExchange(ref _state, Quiet, Asleep) == Signalled;
    }

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Create")]
    private static extern nint Create();

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Destroy")]
    private static extern void Destroy(nint monitor);

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Acquire")]
    private static extern void Acquire(nint monitor);

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Release")]
    private static extern void Release(nint monitor);

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Wait")]
    private static extern void WaitFor(nint monitor);

    private static bool TimedWait(nint monitor, int milliseconds) => TimedWaitFor(monitor, milliseconds) != 0;

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_TimedWait")]
    private static extern int TimedWaitFor(nint monitor, int milliseconds);

    [DllImport(Library, EntryPoint = "SystemNative_LowLevelMonitor_Signal_Release")]
    private static extern void SignalAndRelease(nint monitor);
}
