using System.Runtime.InteropServices;

namespace Morgana.Kernel;

/// <summary>One processor: all that would be a static otherwise. GS points at it while the kernel runs.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2048)]
internal unsafe struct Cpu
{
    /// <summary>The most processors that there is room for.</summary>
    public const int Most = 64;

    // Assembly/Layout.inc knows the first four.
    [FieldOffset(0)] public Cpu* Self;
    [FieldOffset(8)] public ulong StackTop;
    [FieldOffset(16)] public ulong FrameEnd;
    [FieldOffset(24)] public ulong Scratch;

    /// <summary>The thread whose registers are, or were last, on this processor. Null after it went to sleep.</summary>
    [FieldOffset(32)] public Thread* Current;

    /// <summary>0 is the one that booted.</summary>
    [FieldOffset(40)] public int Index;
    [FieldOffset(44)] public uint ApicId;

    /// <summary>Waits for interrupts without the lock. Changes with the lock held, so that who holds it sees it stand still.</summary>
    [FieldOffset(48)] public bool IsIdle;

    /// <summary>Came up, and takes part.</summary>
    [FieldOffset(49)] public bool IsOnline;

    /// <summary>Somebody has already sent it an interrupt to end its idleness.</summary>
    [FieldOffset(50)] public bool IsKicked;

    /// <summary>Another processor changed page tables (bit 0) or asks for a barrier (bit 1), and waits until this is zero: Cpus/Shootdown.cs.</summary>
    [FieldOffset(52)] public uint FlushRequest;

    /// <summary>When the current thread must let others run; 0 while nobody waits.</summary>
    [FieldOffset(56)] public ulong QuantumEnd;

    /// <summary>When the current thread was last charged for its time.</summary>
    [FieldOffset(64)] public ulong ChargedAt;

    /// <summary>What the timer is armed for, or <see cref="ulong.MaxValue"/>.</summary>
    [FieldOffset(72)] public ulong ArmedFor;

    /// <summary>Interrupts that came while it was idle: a bit for each vector.</summary>
    [FieldOffset(80)] public fixed ulong Arrived[4];

    /// <summary>While the only processor is idle: the thread whose vector registers it still has. Nobody can run it elsewhere.</summary>
    [FieldOffset(112)] public Thread* Asleep;

    /// <summary>The task state segment (Intel SDM 3A, 8.7): RSP0 at 4, IST1 at 36.</summary>
    [FieldOffset(128)] public fixed byte TaskState[104];
    [FieldOffset(256)] public fixed ulong Gdt[8];

    /// <summary>Where the processor begins to push when it leaves the application for the kernel: RSP0.</summary>
    public void SetFrameEnd(ulong end)
    {
        FrameEnd = end;
        SetTaskField(4, end);
    }

    /// <summary>The stack for what comes at any time: IST1.</summary>
    public void SetFaultStack(ulong end) => SetTaskField(36, end);

    // Two halves, as the fields lie at odd multiples of four.
    private void SetTaskField(int offset, ulong value)
    {
        byte* field = Self->TaskState + offset;
        *(uint*)field = (uint)value;
        *(uint*)(field + 4) = (uint)(value >> 32);
    }
}
