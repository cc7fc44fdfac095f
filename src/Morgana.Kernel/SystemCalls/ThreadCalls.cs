namespace Morgana.Kernel;

/// <summary>Calls on threads.</summary>
internal static unsafe class ThreadCalls
{
    // clone(2)
    private const ulong ShareMemory = 0x100, NewThread = 0x1_0000, SetTls = 0x8_0000, ParentSetId = 0x10_0000, ChildClearId = 0x20_0000, ChildSetId = 0x100_0000;

    /// <summary>clone(2), in the order of x86-64. Threads alone: there are no other processes.</summary>
    public static ulong Clone(Thread* thread, ulong flags, ulong stack, ulong parentId, ulong childId, ulong tls) =>
        Start(thread, flags, stack, parentId, childId, tls);

    /// <summary>clone3(2)</summary>
    public static ulong Clone3(Thread* thread, ulong arguments, ulong size)
    {
        ulong* a = stackalloc ulong[8];
        if (size < 64) return Error.Invalid;
        if (!UserMemory.CopyIn(a, arguments, 64)) return Error.Fault;
        // flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls
        return Start(thread, a[0], a[5] + a[6], a[3], a[2], a[7]);
    }

    /// <summary>exit(2): ends this thread; the application with its last one.</summary>
    public static ulong Exit(Thread* thread, ulong status)
    {
        if (ThreadTable.Count == 1) Process.End((int)(status & 0xff));
        if (thread->ClearOnExit != 0 && UserMemory.Write32(thread->ClearOnExit, 0)) Scheduler.WakeAt(thread->ClearOnExit, 1, uint.MaxValue);
        thread->State = ThreadState.Dead;
        return 0;
    }

    /// <summary>exit_group(2)</summary>
    public static ulong ExitGroup(Thread* thread, ulong status)
    {
        Process.End((int)(status & 0xff));
        return 0;
    }

    /// <summary>gettid(2)</summary>
    public static ulong Gettid(Thread* thread) => (ulong)thread->Id;

    /// <summary>set_tid_address(2)</summary>
    public static ulong SetTidAddress(Thread* thread, ulong address)
    {
        thread->ClearOnExit = address;
        return (ulong)thread->Id;
    }

    /// <summary>set_robust_list(2): a thread that dies with a lock held takes the application with it.</summary>
    public static ulong SetRobustList(Thread* thread) => 0;

    /// <summary>sched_yield(2)</summary>
    public static ulong SchedYield(Thread* thread)
    {
        Scheduler.Yield(thread);
        return 0;
    }

    /// <summary>sched_getaffinity(2): answers how many octets of the mask were written.</summary>
    public static ulong SchedGetaffinity(Thread* thread, ulong id, ulong size, ulong to)
    {
        Thread* which = id == 0 ? thread : ThreadTable.Find((int)id);
        if (which == null) return Error.NoProcess;
        if (size < 8) return Error.Invalid;
        return UserMemory.Write64(to, which->Affinity & AllProcessors()) ? 8 : Error.Fault;
    }

    /// <summary>sched_setaffinity(2)</summary>
    public static ulong SchedSetaffinity(Thread* thread, ulong id, ulong size, ulong from)
    {
        Thread* which = id == 0 ? thread : ThreadTable.Find((int)id);
        if (which == null) return Error.NoProcess;
        ulong mask = 0;
        if (size == 0 || !UserMemory.CopyIn(&mask, from, Bits.Min(size, 8))) return Error.Fault;
        if ((mask & AllProcessors()) == 0) return Error.Invalid;
        which->Affinity = mask;
        // One that runs where it may not any more moves at once; one that waits is moved when its turn comes.
        if (which->State == ThreadState.Running && ((mask >> which->Cpu->Index) & 1) == 0)
        {
            if (which == thread) Scheduler.MakeReady(thread);
            else which->Cpu->QuantumEnd = 1;
            Scheduler.Interrupt(which);
        }

        return 0;
    }

    /// <summary>getcpu(2)</summary>
    public static ulong Getcpu(Thread* thread, ulong cpu, ulong node)
    {
        if (cpu != 0 && !UserMemory.Write32(cpu, (uint)thread->Cpu->Index)) return Error.Fault;
        return node == 0 || UserMemory.Write32(node, 0) ? 0 : Error.Fault;
    }

    /// <summary>membarrier(2): .NET's way to make all of its threads see what one of them wrote.</summary>
    public static ulong Membarrier(Thread* thread, ulong command, ulong flags)
    {
        const ulong query = 0, global = 1, privateExpedited = 8, registerPrivateExpedited = 16;
        switch (command)
        {
            case query: return global | privateExpedited | registerPrivateExpedited;
            case registerPrivateExpedited: return 0;
            case global or privateExpedited: Shootdown.BarrierEverywhere(); return 0;
            default: return Error.Invalid;
        }
    }

    /// <summary>prctl(2): the name of a thread.</summary>
    public static ulong Prctl(Thread* thread, ulong option, ulong argument)
    {
        const ulong setName = 15, getName = 16;
        switch (option)
        {
            case setName:
                UserMemory.ReadText(argument, thread->Name, 15);
                thread->Name[15] = 0;
                return 0;
            case getName: return UserMemory.CopyOut(argument, thread->Name, 16) ? 0 : Error.Fault;
            default: return Error.Invalid;
        }
    }

    /// <summary>arch_prctl(2): where thread-local storage is.</summary>
    public static ulong ArchPrctl(Thread* thread, ulong code, ulong address)
    {
        const ulong setFs = 0x1002, getFs = 0x1003;
        if (code == getFs) return UserMemory.Write64(address, thread->FsBase) ? 0 : Error.Fault;
        if (code != setFs || address >= AddressSpace.End) return Error.Invalid;
        thread->FsBase = address;
        Machine.WriteMsr(0xc000_0100, address);
        return 0;
    }

    private static ulong AllProcessors() => Processors.OnlineCount >= 64 ? ulong.MaxValue : (1UL << Processors.OnlineCount) - 1;

    private static ulong Start(Thread* parent, ulong flags, ulong stack, ulong parentId, ulong childId, ulong tls)
    {
        const ulong needed = ShareMemory | NewThread;
        if ((flags & needed) != needed || stack == 0 || stack >= AddressSpace.End || ((flags & SetTls) != 0 && tls >= AddressSpace.End)) return Error.Invalid;
        Thread* child = ThreadTable.Create();
        if (child == null) return Error.Again;
        if ((flags & ParentSetId) != 0) UserMemory.Write32(parentId, (uint)child->Id);
        if ((flags & ChildSetId) != 0) UserMemory.Write32(childId, (uint)child->Id);
        if ((flags & ChildClearId) != 0) child->ClearOnExit = childId;

        Machine.Copy(&child->Frame, &parent->Frame, (ulong)sizeof(Registers));
        child->Frame.Rax = 0;
        child->Frame.Rsp = stack;
        Machine.SaveVectors(child->Vectors);
        child->FsBase = (flags & SetTls) != 0 ? tls : parent->FsBase;
        child->BlockedSignals = parent->BlockedSignals;
        child->VirtualTime = parent->VirtualTime;
        child->Affinity = parent->Affinity;
        Machine.Copy(child->Name, parent->Name, 16);
        Scheduler.MakeReady(child);
        return (ulong)child->Id;
    }
}
