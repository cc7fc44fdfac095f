using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Who runs where: the thread with the least virtual time goes next, for one quantum while others wait.</summary>
internal static unsafe class Scheduler
{
    private const ulong Quantum = 4_000_000;                // nanoseconds

    /// <summary>A thread that wakes goes before the one that runs if it has had that much less time.</summary>
    private const ulong WakeGranularity = 1_000_000;

    private static ThreadHeap s_ready;
    private static WaitTable s_waiting;

    // What every thread has had at least: where sleepers and newcomers are put, so that nobody saves time up.
    private static ulong s_leastTime;

    // What all threads together have had.
    private static ulong s_totalTime;

    public static int ReadyCount => s_ready.Count;

    private static ThreadHeap* Ready => (ThreadHeap*)Unsafe.AsPointer(ref s_ready);

    public static WaitTable* Waiting => (WaitTable*)Unsafe.AsPointer(ref s_waiting);

    public static void Init() => Ready->Init((HeapNode**)KernelMemory.Reserve((ThreadTable.Most + 2) * 8));

    /// <summary>Puts a new thread, or one that has woken, among those that wait for a processor, and finds one for it.</summary>
    public static void MakeReady(Thread* thread)
    {
        thread->State = ThreadState.Ready;
        if (thread->VirtualTime < s_leastTime) thread->VirtualTime = s_leastTime;
        Ready->Add(&thread->RunNode, thread->VirtualTime);
        Notify(thread);
    }

    /// <summary>Lets the current thread wait at an address, or for a time, or for both. What it waits for has been looked at under the lock.</summary>
    /// <param name="thread">The thread. It is running.</param>
    /// <param name="address">What it waits for, or 0 for nothing but time.</param>
    /// <param name="bitset">Which wake-ups count.</param>
    /// <param name="deadline">When it stops waiting, on the kernel's clock; <see cref="ulong.MaxValue"/> for never.</param>
    public static void Block(Thread* thread, ulong address, uint bitset, ulong deadline)
    {
        thread->State = ThreadState.Blocked;
        thread->HasTimedOut = false;
        if (address != 0) Waiting->Add(&thread->WaitNode, address, bitset);
        if (deadline != ulong.MaxValue) Timers.Add(thread, deadline);
    }

    /// <summary>Like <see cref="Block"/>, for a call that has nothing to say yet: when the thread wakes, it makes the call again.</summary>
    public static void BlockAndRestart(Thread* thread, ulong address, ulong deadline)
    {
        const int systemCallInstruction = 2;                // octets of "syscall"
        thread->Frame.Rip -= systemCallInstruction;
        thread->Frame.Rax = thread->Frame.Error;
        thread->IsRestarting = true;
        thread->Deadline = deadline;
        Block(thread, address, 1, deadline);
    }

    /// <summary>Ends a thread's waiting, for whatever reason.</summary>
    public static void Wake(Thread* thread)
    {
        if (thread->State != ThreadState.Blocked) return;
        if (thread->WaitNode.IsQueued) Waiting->Remove(&thread->WaitNode);
        if (thread->TimerNode.IsQueued) Timers.Remove(thread);
        MakeReady(thread);
    }

    /// <summary>Wakes those that wait at an address, the longest waiting first.</summary>
    /// <returns>How many.</returns>
    public static ulong WakeAt(ulong address, ulong most, uint bitset)
    {
        ulong woken = 0;
        for (; woken < most; woken++)
        {
            WaitNode* node = Waiting->TakeFirst(address, bitset);
            if (node == null) break;
            Wake(node->Owner);
        }

        return woken;
    }

    /// <summary>Wakes all that wait for an object of the kernel.</summary>
    public static void WakeAllAt(void* thing) => WakeAt((ulong)thing, ulong.MaxValue, uint.MaxValue);

    /// <summary>The current thread lets others go first: sched_yield(2).</summary>
    public static void Yield(Thread* thread)
    {
        if (s_ready.Count == 0) return;
        Charge(thread, Clock.Now());
        // Behind the first of those that wait, or it would be its turn again at once.
        HeapNode* first = Ready->First;
        if (thread->VirtualTime <= first->Key) thread->VirtualTime = first->Key + 1;
        MakeReady(thread);
    }

    /// <summary>The end of every way into the kernel: which thread this processor goes on with. Waits here when there is none.</summary>
    public static Thread* Choose(Cpu* cpu)
    {
        while (true)
        {
            ulong now = Clock.Now();
            Timers.Expire(now);
            Thread* next = Pick(cpu, now);
            if (next == null)
            {
                Idle(cpu);
                continue;
            }

            if (next->PendingSignals != 0 && !Signals.DeliverPending(next)) continue;
            bool othersWait = s_ready.Count > 0;
            if (!othersWait) cpu->QuantumEnd = 0;
            else if (cpu->QuantumEnd == 0) cpu->QuantumEnd = now + Quantum;
            Timers.Arm(cpu, now, cpu->QuantumEnd);
            return next;
        }
    }

    /// <summary>Makes a processor look at its thread's signals, or at who is to run, soon.</summary>
    public static void Interrupt(Thread* thread)
    {
        if (thread->State == ThreadState.Running && thread->Cpu != Processors.Current()) LocalApic.Send(thread->Cpu->ApicId, Vectors.Reschedule);
    }

    /// <summary>Adds the time since the last look to what a running thread has had.</summary>
    public static void Charge(Thread* thread, ulong now)
    {
        Cpu* cpu = thread->Cpu;
        ulong used = now > cpu->ChargedAt ? now - cpu->ChargedAt : 0;
        cpu->ChargedAt = now;
        thread->UsedTime += used;
        s_totalTime += used;
        thread->VirtualTime += used;
    }

    /// <summary>Processor time that the application has used. What other processors did since they were last in the kernel comes later.</summary>
    public static ulong TotalTime(ulong now)
    {
        Charge(Processors.Current()->Current, now);
        return s_totalTime;
    }

    // The current thread as long as it may, else the first of those that wait and may run here; null when there is none.
    private static Thread* Pick(Cpu* cpu, ulong now)
    {
        Thread* current = cpu->Current;
        if (current != null && current->State == ThreadState.Running)
        {
            Charge(current, now);
            HeapNode* first = Ready->First;
            bool mustYield = first != null && ((cpu->QuantumEnd != 0 && now >= cpu->QuantumEnd) || first->Key + WakeGranularity < current->VirtualTime);
            bool mayStay = ((current->Affinity >> cpu->Index) & 1) != 0;
            if (mayStay && !mustYield) return current;
            MakeReady(current);
        }

        Thread* next = TakeReady(cpu);
        Switch(cpu, next, now);
        return next;
    }

    private static Thread* TakeReady(Cpu* cpu)
    {
        // The first in the heap's order that may run here. Few threads are bound to processors, so the first is nearly always it.
        for (int place = 1; place <= s_ready.Count; place++)
        {
            Thread* thread = Ready->At(place)->Owner;
            if (((thread->Affinity >> cpu->Index) & 1) == 0) continue;
            if (place == 1 && thread->VirtualTime > s_leastTime) s_leastTime = thread->VirtualTime;
            Ready->Remove(&thread->RunNode);
            return thread;
        }

        return null;
    }

    private static void Switch(Cpu* cpu, Thread* next, ulong now)
    {
        Thread* previous = cpu->Current;
        cpu->QuantumEnd = 0;
        cpu->ChargedAt = now;
        if (next != null)
        {
            next->State = ThreadState.Running;
            next->Cpu = cpu;
        }

        if (previous == next) return;
        if (previous != null)
        {
            if (previous->State == ThreadState.Dead) ThreadTable.Free(previous);
            // Whoever went to sleep is most often the next to run: its vectors stay where they are until another's turn comes.
            else if (next == null && Processors.OnlineCount == 1) cpu->Asleep = previous;
            else Machine.SaveVectors(previous->Vectors);
        }

        cpu->Current = next;
        if (next == null) return;
        if (cpu->Asleep != next)
        {
            if (cpu->Asleep != null) Machine.SaveVectors(cpu->Asleep->Vectors);
            Machine.LoadVectors(next->Vectors);
        }

        cpu->Asleep = null;
        Machine.WriteMsr(FsBase, next->FsBase);
        cpu->SetFrameEnd((ulong)next + Thread.FrameEnd);
    }

    private const uint FsBase = 0xc000_0100;

    private static void Idle(Cpu* cpu)
    {
        cpu->IsIdle = true;
        cpu->IsKicked = false;
        Timers.Arm(cpu, Clock.Now(), 0);
        BigLock.Leave();
        Machine.WaitForInterrupt();
        BigLock.Enter(cpu);
        cpu->IsIdle = false;
        Interrupts.ServeArrived(cpu);
    }

    // Sends an idle processor to work; or, if all are busy, lets those that thought themselves alone begin to share.
    private static void Notify(Thread* thread)
    {
        if (Processors.OnlineCount == 1) return;
        Cpu* own = Processors.Current();
        for (int i = 0; i < Processors.Count; i++)
        {
            Cpu* cpu = Processors.At(i);
            if (cpu == own || !cpu->IsIdle || cpu->IsKicked || ((thread->Affinity >> i) & 1) == 0) continue;
            cpu->IsKicked = true;
            LocalApic.Send(cpu->ApicId, Vectors.Reschedule);
            return;
        }

        for (int i = 0; i < Processors.Count; i++)
        {
            Cpu* cpu = Processors.At(i);
            if (cpu == own || !cpu->IsOnline || cpu->IsIdle || cpu->QuantumEnd != 0) continue;
            cpu->QuantumEnd = Clock.Now() + Quantum;
            LocalApic.Send(cpu->ApicId, Vectors.Reschedule);
        }
    }
}
