using System.Runtime.InteropServices;

namespace Morgana.Kernel;

internal enum ThreadState : byte
{
    /// <summary>Waits for a processor, in the run queue.</summary>
    Ready,

    /// <summary>Runs on <see cref="Thread.Cpu"/>, or is in the kernel on it.</summary>
    Running,

    /// <summary>Waits for something to happen.</summary>
    Blocked,

    /// <summary>Ended. Its block is freed once no processor stands on it.</summary>
    Dead,
}

/// <summary>A thread, in a page of its own: what the kernel knows of it, its registers where the processor pushes them, and its vector registers.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
internal unsafe struct Thread
{
    public const int FrameOffset = 848, FrameEnd = 1024, VectorOffset = 1024, MostVectorSize = 4096 - VectorOffset;

    [FieldOffset(0)] public int Id;
    [FieldOffset(4)] public ThreadState State;

    /// <summary>The call it blocks in is made again when it wakes: the blocked call has no result of its own yet.</summary>
    [FieldOffset(5)] public bool IsRestarting;

    /// <summary>It woke because its time was over.</summary>
    [FieldOffset(6)] public bool HasTimedOut;

    /// <summary>The processor it runs on, or ran on last.</summary>
    [FieldOffset(8)] public Cpu* Cpu;

    /// <summary>Processor time used, weighed against the others': who has the least goes next.</summary>
    [FieldOffset(16)] public ulong VirtualTime;

    /// <summary>Processor time used, in nanoseconds.</summary>
    [FieldOffset(24)] public ulong UsedTime;

    /// <summary>Which processors it may run on: sched_setaffinity(2).</summary>
    [FieldOffset(32)] public ulong Affinity;

    /// <summary>The FS register's base: thread-local storage.</summary>
    [FieldOffset(40)] public ulong FsBase;

    /// <summary>Cleared, and woken at, when the thread ends: set_tid_address(2).</summary>
    [FieldOffset(48)] public ulong ClearOnExit;

    /// <summary>Signals that wait for it, and those that it holds back: a bit for each, from 1.</summary>
    [FieldOffset(56)] public ulong PendingSignals;
    [FieldOffset(64)] public ulong BlockedSignals;

    /// <summary>sigaltstack(2).</summary>
    [FieldOffset(72)] public ulong AlternateStack;
    [FieldOffset(80)] public ulong AlternateStackSize;

    /// <summary>When a call with a time limit that is made again ends: the first making decides.</summary>
    [FieldOffset(88)] public ulong Deadline;

    [FieldOffset(96)] public HeapNode RunNode;
    [FieldOffset(128)] public HeapNode TimerNode;
    [FieldOffset(160)] public WaitNode WaitNode;

    /// <summary>prctl(2), PR_SET_NAME.</summary>
    [FieldOffset(208)] public fixed byte Name[16];

    /// <summary>The mask to go back to after rt_sigsuspend or ppoll.</summary>
    [FieldOffset(224)] public ulong SavedSignals;
    [FieldOffset(232)] public bool HasSavedSignals;

    [FieldOffset(FrameOffset)] public Registers Frame;
    [FieldOffset(VectorOffset)] public fixed byte Vectors[MostVectorSize];
}
