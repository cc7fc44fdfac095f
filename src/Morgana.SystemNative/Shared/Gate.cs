using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Where one thread sleeps until another signals it: a mutex and a condition of the platform's, which wake faster than a managed monitor.</summary>
internal sealed class Gate
{
    private const string Library = "libSystem.Native";

    [ThreadStatic]
    private static Gate? t_current;

    private readonly nint _monitor = Create();
    private bool _isSignalled;

    /// <summary>This thread's own.</summary>
    public static Gate Current => t_current ??= new();

    ~Gate() => Destroy(_monitor);

    /// <summary>Forgets a signal. Before anybody who may signal hears of this gate.</summary>
    public void Reset()
    {
        Acquire(_monitor);
        _isSignalled = false;
        Release(_monitor);
    }

    /// <summary>Ends the current or the next <see cref="Wait"/>. Any thread.</summary>
    public void Signal()
    {
        Acquire(_monitor);
        _isSignalled = true;
        SignalAndRelease(_monitor);
    }

    /// <param name="milliseconds">-1 waits without limit.</param>
    /// <returns>Whether it was signalled.</returns>
    public bool Wait(int milliseconds)
    {
        long deadline = milliseconds < 0 ? long.MaxValue : Environment.TickCount64 + milliseconds;
        Acquire(_monitor);
        while (!_isSignalled)
        {
            if (milliseconds < 0)
            {
                WaitFor(_monitor);
                continue;
            }

            long left = deadline - Environment.TickCount64;
            if (left <= 0 || (!TimedWait(_monitor, (int)left) && Environment.TickCount64 >= deadline)) break;
        }

        bool signalled = _isSignalled;
        Release(_monitor);
        return signalled;
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
