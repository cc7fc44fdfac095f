namespace Morgana.Kernel;

/// <summary>A thread's place in a <see cref="ThreadHeap"/>: part of its block, so that queueing never needs memory.</summary>
internal unsafe struct HeapNode
{
    /// <summary>The least goes first.</summary>
    public ulong Key;

    /// <summary>Place in the heap, from 1; 0 while it is in none.</summary>
    public int Place;

    /// <summary>Whose node this is.</summary>
    public Thread* Owner;

    public readonly bool IsQueued => Place != 0;
}
