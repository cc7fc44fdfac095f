namespace Morgana.Kernel;

/// <summary>Calls on signals.</summary>
internal static unsafe class SignalCalls
{
    /// <summary>rt_sigaction(2), with the kernel's own layout of struct sigaction.</summary>
    public static ulong RtSigaction(Thread* thread, ulong signal, ulong action, ulong previous, ulong size)
    {
        if (size != 8 || signal is 0 or > Signals.Most || ((Signals.Unblockable & Signals.Bit((int)signal)) != 0 && action != 0)) return Error.Invalid;
        SignalAction* current = Signals.Action((int)signal);
        if (previous != 0 && !UserMemory.CopyOut(previous, current, 32)) return Error.Fault;
        if (action == 0) return 0;
        ulong* wanted = stackalloc ulong[4];
        if (!UserMemory.CopyIn(wanted, action, 32)) return Error.Fault;
        Machine.Copy(current, wanted, 32);
        return 0;
    }

    /// <summary>rt_sigprocmask(2)</summary>
    public static ulong RtSigprocmask(Thread* thread, ulong how, ulong set, ulong previous, ulong size)
    {
        const ulong block = 0, unblock = 1, assign = 2;
        if (size != 8) return Error.Invalid;
        if (previous != 0 && !UserMemory.Write64(previous, thread->BlockedSignals)) return Error.Fault;
        if (set == 0) return 0;
        if (!UserMemory.Read64(set, out ulong bits)) return Error.Fault;
        bits &= ~Signals.Unblockable;
        switch (how)
        {
            case block: thread->BlockedSignals |= bits; return 0;
            case unblock: thread->BlockedSignals &= ~bits; return 0;
            case assign: thread->BlockedSignals = bits; return 0;
            default: return Error.Invalid;
        }
    }

    /// <summary>rt_sigreturn(2)</summary>
    public static ulong RtSigreturn(Thread* thread)
    {
        if (!SignalFrame.Pop(thread)) Process.EndBySignal(thread, Signals.SegmentationViolation, thread->Frame.Rsp);
        return thread->Frame.Rax;
    }

    /// <summary>sigaltstack(2)</summary>
    public static ulong Sigaltstack(Thread* thread, ulong stack, ulong previous)
    {
        const ulong disable = 2, least = 2048;
        ulong* s = stackalloc ulong[3];
        s[0] = thread->AlternateStack;
        s[1] = thread->AlternateStackSize == 0 ? disable : 0;
        s[2] = thread->AlternateStackSize;
        if (previous != 0 && !UserMemory.CopyOut(previous, s, 24)) return Error.Fault;
        if (stack == 0) return 0;
        if (!UserMemory.CopyIn(s, stack, 24)) return Error.Fault;
        bool isOff = (s[1] & disable) != 0;
        if (!isOff && s[2] < least) return Error.NoMemory;
        thread->AlternateStack = isOff ? 0 : s[0];
        thread->AlternateStackSize = isOff ? 0 : s[2];
        return 0;
    }

    /// <summary>kill(2): there is one process.</summary>
    public static ulong Kill(Thread* thread, ulong process, ulong signal)
    {
        if ((int)process is not (Process.Id or 0 or -1)) return Error.NoProcess;
        if (signal > Signals.Most) return Error.Invalid;
        if (signal != 0) Signals.SendToProcess((int)signal);
        return 0;
    }

    /// <summary>tkill(2)</summary>
    public static ulong Tkill(Thread* thread, ulong id, ulong signal) => Tgkill(thread, Process.Id, id, signal);

    /// <summary>tgkill(2): how .NET's collector stops a thread that does not look.</summary>
    public static ulong Tgkill(Thread* thread, ulong process, ulong id, ulong signal)
    {
        Thread* target = ThreadTable.Find((int)id);
        if ((int)process != Process.Id || target == null || target->State == ThreadState.Dead) return Error.NoProcess;
        if (signal > Signals.Most) return Error.Invalid;
        if (signal != 0) Signals.Send(target, (int)signal);
        return 0;
    }
}
