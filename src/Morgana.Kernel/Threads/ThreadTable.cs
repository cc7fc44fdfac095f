namespace Morgana.Kernel;

/// <summary>All threads by their number. A thread's block is one frame of memory.</summary>
internal static unsafe class ThreadTable
{
    /// <summary>The most threads at a time.</summary>
    public const int Most = 32_768;

    private static ulong* s_threads;            // by number, from 1
    private static int s_lastId, s_highestId;

    public static int Count;

    public static void Init() => s_threads = (ulong*)KernelMemory.Reserve((Most + 1) * 8);

    /// <summary>Makes a thread that is nowhere queued yet; null when there is no memory or no number left.</summary>
    public static Thread* Create()
    {
        if (Count == Most) return null;
        ulong frame = PhysicalMemory.Tables->TakeZeroed();
        if (frame == FrameAllocator.None) return null;
        // Numbers go round, so that a number that was just given up is not at once another's.
        do s_lastId = s_lastId == Most ? 1 : s_lastId + 1;
        while (s_threads[s_lastId] != 0);

        var thread = (Thread*)Physical.Pointer(frame);
        s_threads[s_lastId] = (ulong)thread;
        Count++;
        if (s_lastId > s_highestId) s_highestId = s_lastId;
        thread->Id = s_lastId;
        thread->RunNode.Owner = thread->TimerNode.Owner = thread->WaitNode.Owner = thread;
        thread->Affinity = ulong.MaxValue;
        return thread;
    }

    public static Thread* Find(int id) => id is < 1 or > Most ? null : (Thread*)s_threads[id];

    /// <summary>Some thread with a number above <paramref name="id"/>, in ascending order; null at the end.</summary>
    public static Thread* Next(int id)
    {
        while (++id <= s_highestId)
        {
            if (s_threads[id] != 0) return (Thread*)s_threads[id];
        }

        return null;
    }

    /// <summary>Frees a dead thread's block. No processor has it as its current one.</summary>
    public static void Free(Thread* thread)
    {
        s_threads[thread->Id] = 0;
        Count--;
        PhysicalMemory.Frames->Return(Physical.Address(thread));
    }
}
