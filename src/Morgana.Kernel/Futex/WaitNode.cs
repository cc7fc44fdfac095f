namespace Morgana.Kernel;

/// <summary>A thread's place among those that wait for something at an address: part of its block.</summary>
internal unsafe struct WaitNode
{
    public WaitNode* Next;
    public WaitNode* Previous;

    /// <summary>What is waited for: a futex's address, or that of an object of the kernel. 0 while nothing is.</summary>
    public ulong Address;

    /// <summary>Which wake-ups count: futex(2), FUTEX_WAIT_BITSET.</summary>
    public uint Bitset;

    public Thread* Owner;

    public readonly bool IsQueued => Address != 0;
}
