using System.Runtime;

namespace Morgana.Kernel;

/// <summary>What comes through the gates: interrupts, and the application's and the kernel's own exceptions.</summary>
internal static unsafe class Interrupts
{
    private const ulong FaultWasWrite = 2, FaultWasFetch = 16;

    /// <summary>From the application, by an interrupt or an exception. Its registers are in the current thread's block.</summary>
    [RuntimeExport("handle_trap")]
    private static Thread* HandleTrap(Cpu* cpu)
    {
        BigLock.Enter(cpu);
        Thread* thread = cpu->Current;
        if (thread->Frame.Vector < Vectors.FirstDevice) HandleException(thread, (uint)thread->Frame.Vector);
        else Serve(cpu, (uint)thread->Frame.Vector);
        Thread* next = Scheduler.Choose(cpu);
        BigLock.Leave();
        return next;
    }

    /// <summary>From the kernel itself: where it waits for interrupts, where it touches the application's memory or a growing table, or by a bug.</summary>
    [RuntimeExport("handle_kernel_trap")]
    private static void HandleKernelTrap(Registers* frame)
    {
        if (frame->Vector >= Vectors.FirstDevice)
        {
            // Only idle processors let interrupts in, and they do not hold the lock: what is to be done is done when they do.
            Cpu* cpu = Processors.Current();
            cpu->Arrived[frame->Vector / 64] |= 1UL << (int)(frame->Vector & 63);
            return;
        }

        if (frame->Vector == Vectors.PageFault)
        {
            ulong address = Machine.ReadCr2();
            if (KernelMemory.HandleFault(address)) return;
            if (frame->Rip >= Machine.UserAccessStart() && frame->Rip < Machine.UserAccessEnd())
            {
                if (address >= AddressSpace.End || AddressSpace.HandleFault(address, (frame->Error & FaultWasWrite) != 0, false) != FaultResult.Served)
                    frame->Rip = Machine.UserAccessFixup();
                return;
            }
        }

        Panic.Trap(frame);
    }

    /// <summary>A double fault, a machine check or a non-maskable interrupt: on a stack of its own, and the end.</summary>
    [RuntimeExport("handle_fatal_trap")]
    private static void HandleFatalTrap(Registers* frame) => Panic.Trap(frame);

    /// <summary>Does what is due for the interrupts that came while the processor was idle, the most urgent first.</summary>
    public static void ServeArrived(Cpu* cpu)
    {
        for (int word = 3; word >= 0; word--)
        {
            while (cpu->Arrived[word] != 0)
            {
                int bit = Bits.Highest(cpu->Arrived[word]);
                cpu->Arrived[word] &= ~(1UL << bit);
                Serve(cpu, (uint)((word * 64) + bit));
            }
        }
    }

    private static void Serve(Cpu* cpu, uint vector)
    {
        if (vector == Vectors.Spurious) return;
        // The others' purpose is that the kernel was entered: requests were served with the lock, and a thread is chosen at the end.
        if (vector == Vectors.Timer) cpu->ArmedFor = ulong.MaxValue;
        else if (vector == Vectors.Serial) Terminal.HandleInterrupt();
        else if (vector <= Vectors.LastDevice) Uio.HandleInterrupt(vector);
        LocalApic.EndOfInterrupt();
    }

    // signal(7): which signal an exception of the application's is, and how siginfo_t tells it (sigaction(2)).
    private static void HandleException(Thread* thread, uint vector)
    {
        const int kernelOrigin = 0x80, integerDivide = 1, floatInvalid = 7, illegalOpcode = 2, breakpoint = 1, alignment = 1;
        ulong rip = thread->Frame.Rip;
        switch (vector)
        {
            case Vectors.PageFault: HandlePageFault(thread); break;
            case Vectors.DivideError: Signals.Fault(thread, Signals.FloatingPoint, integerDivide, rip); break;
            case 16 or 19: Signals.Fault(thread, Signals.FloatingPoint, floatInvalid, rip); break;
            case 1 or Vectors.Breakpoint: Signals.Fault(thread, Signals.Trap, breakpoint, rip); break;
            case Vectors.InvalidOpcode: Signals.Fault(thread, Signals.IllegalInstruction, illegalOpcode, rip); break;
            case Vectors.Alignment: Signals.Fault(thread, Signals.Bus, alignment, 0); break;
            default: Signals.Fault(thread, Signals.SegmentationViolation, kernelOrigin, 0); break;
        }
    }

    private static void HandlePageFault(Thread* thread)
    {
        const int notMapped = 1, notAllowed = 2;
        ulong address = Machine.ReadCr2(), error = thread->Frame.Error;
        FaultResult result = address >= AddressSpace.End ? FaultResult.NotMapped
            : AddressSpace.HandleFault(address, (error & FaultWasWrite) != 0, (error & FaultWasFetch) != 0);
        if (result == FaultResult.Served) return;
        StackOverflow.Report(thread, address);
        Signals.Fault(thread, Signals.SegmentationViolation, result == FaultResult.NotMapped ? notMapped : notAllowed, address);
    }
}
