using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Threads that wait for a time, and each processor's timer, armed for the nearest of them.</summary>
internal static unsafe class Timers
{
    private static ThreadHeap s_sleeping;

    private static ThreadHeap* Sleeping => (ThreadHeap*)Unsafe.AsPointer(ref s_sleeping);

    public static void Init() => Sleeping->Init((HeapNode**)KernelMemory.Reserve((ThreadTable.Most + 2) * 8));

    public static void Add(Thread* thread, ulong deadline) => Sleeping->Add(&thread->TimerNode, deadline);

    public static void Remove(Thread* thread) => Sleeping->Remove(&thread->TimerNode);

    /// <summary>Wakes those whose time has come.</summary>
    public static void Expire(ulong now)
    {
        while (Sleeping->First is var first && first != null && first->Key <= now)
        {
            Thread* thread = first->Owner;
            Scheduler.Wake(thread);
            thread->HasTimedOut = true;
            // A call that is made again finds out by itself that its time is over; the others are told here.
            if (!thread->IsRestarting) thread->Frame.Rax = Error.TimedOut;
        }

        if (now >= Clock.NextRefinement) Clock.Refine();
    }

    /// <summary>Arms a processor's timer for the nearest deadline, or for the end of the running thread's quantum if that is nearer.</summary>
    /// <remarks>A timer that is armed for an earlier time stays so: an interrupt too many costs no more than the write that would avoid it.</remarks>
    public static void Arm(Cpu* cpu, ulong now, ulong quantumEnd)
    {
        ulong nearest = Clock.NextRefinement;
        if (s_sleeping.Count > 0) nearest = Bits.Min(nearest, Sleeping->First->Key);
        if (quantumEnd != 0) nearest = Bits.Min(nearest, quantumEnd);
        if (nearest >= cpu->ArmedFor) return;
        cpu->ArmedFor = nearest;
        Clock.SetTimer(nearest > now ? nearest - now : 0);
    }
}
