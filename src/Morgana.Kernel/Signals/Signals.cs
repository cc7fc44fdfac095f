using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>What the application wants to happen on a signal: rt_sigaction(2), as the C library passes it.</summary>
internal struct SignalAction
{
    public ulong Handler;
    public ulong Flags;
    public ulong Restorer;
    public ulong Mask;
}

/// <summary>Signals, as far as a .NET program lives by them: faults that become exceptions, the collector's call to stop, and the terminal's to end.</summary>
internal static unsafe class Signals
{
    public const int Interrupt = 2, IllegalInstruction = 4, Trap = 5, Abort = 6, Bus = 7, FloatingPoint = 8, Kill = 9, SegmentationViolation = 11, Pipe = 13, Terminate = 15;
    public const int Most = 64;
    public const ulong Default = 0, Ignore = 1;

    /// <summary>si_code, where sigaction(2) explains them: by the kernel, and by tgkill.</summary>
    public const int FromKernel = 0x80, FromThread = -6;

    private const int Child = 17, Continue = 18, Stop = 19, Urgent = 23, WindowChange = 28;
    private const ulong NoDefer = 0x4000_0000, Restart = 0x1000_0000, ResetHand = 0x8000_0000;

    private static Table s_actions;

    private struct Table
    {
        public fixed ulong Words[(Most + 1) * 4];
    }

    public static SignalAction* Action(int signal) => (SignalAction*)Unsafe.AsPointer(ref s_actions) + signal;

    public static ulong Bit(int signal) => 1UL << (signal - 1);

    /// <summary>What nobody can hold back or handle.</summary>
    public static ulong Unblockable => Bit(Kill) | Bit(Stop);

    /// <summary>Sends a signal to one thread.</summary>
    public static void Send(Thread* thread, int signal)
    {
        if (IsIgnored(signal)) return;
        thread->PendingSignals |= Bit(signal);
        if ((thread->BlockedSignals & Bit(signal)) != 0) return;
        EndWait(thread);
        Scheduler.Interrupt(thread);
    }

    /// <summary>Sends a signal to the application: to some thread that does not hold it back.</summary>
    public static void SendToProcess(int signal)
    {
        Thread* any = null;
        for (Thread* thread = ThreadTable.Next(0); thread != null; thread = ThreadTable.Next(thread->Id))
        {
            if (thread->State == ThreadState.Dead) continue;
            any = thread;
            if ((thread->BlockedSignals & Bit(signal)) == 0) break;
        }

        if (any != null) Send(any, signal);
    }

    /// <summary>An exception of the thread that runs: its handler is called at once, or the application ends.</summary>
    public static void Fault(Thread* thread, int signal, int code, ulong address)
    {
        SignalAction* action = Action(signal);
        if (action->Handler is Default or Ignore || (thread->BlockedSignals & Bit(signal)) != 0)
        {
            Process.EndBySignal(thread, signal, address);
            return;
        }

        Deliver(thread, signal, code, address);
    }

    /// <summary>Calls the handlers of what waits, before the thread goes on.</summary>
    /// <returns>False when the thread does not go on.</returns>
    public static bool DeliverPending(Thread* thread)
    {
        while ((thread->PendingSignals & ~thread->BlockedSignals) is var due && due != 0)
        {
            int signal = Bits.Lowest(due) + 1;
            thread->PendingSignals &= ~Bit(signal);
            if (IsIgnored(signal)) continue;
            if (Action(signal)->Handler == Default)
            {
                Process.EndBySignal(thread, signal, 0);
                return false;
            }

            Deliver(thread, signal, signal == Interrupt || signal == Terminate ? FromKernel : FromThread, 0);
        }

        return thread->State == ThreadState.Running;
    }

    /// <summary>Whether nothing happens on a signal: because the application says so, or by default (signal(7)).</summary>
    public static bool IsIgnored(int signal) => Action(signal)->Handler switch
    {
        Ignore => true,
        Default => signal is Child or Continue or Urgent or WindowChange,
        _ => false,
    };

    private static void Deliver(Thread* thread, int signal, int code, ulong address)
    {
        SignalAction* action = Action(signal);
        ulong mask = thread->HasSavedSignals ? thread->SavedSignals : thread->BlockedSignals;
        thread->HasSavedSignals = false;
        FinishInterruptedCall(thread, (action->Flags & Restart) != 0);
        if (!SignalFrame.Push(thread, signal, action, code, address, mask))
        {
            Process.EndBySignal(thread, SegmentationViolation, thread->Frame.Rsp);
            return;
        }

        thread->BlockedSignals |= action->Mask | ((action->Flags & NoDefer) == 0 ? Bit(signal) : 0);
        thread->BlockedSignals &= ~Unblockable;
        if ((action->Flags & ResetHand) != 0) action->Handler = Default;
    }

    // A blocking call ends early: signal(7), "Interruption of system calls and library functions by signal handlers".
    private static void EndWait(Thread* thread)
    {
        if (thread->State != ThreadState.Blocked) return;
        if (!thread->IsRestarting) thread->Frame.Rax = Error.Interrupted;
        Scheduler.Wake(thread);
    }

    // A call that would be made again is, after the handler, only if that is wanted, and never if it had a time limit.
    private static void FinishInterruptedCall(Thread* thread, bool restart)
    {
        if (!thread->IsRestarting) return;
        thread->IsRestarting = false;
        if (restart && thread->Deadline == ulong.MaxValue) return;
        thread->Frame.Rip += 2;
        thread->Frame.Rax = Error.Interrupted;
    }
}
