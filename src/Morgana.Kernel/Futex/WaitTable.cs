namespace Morgana.Kernel;

/// <summary>Who waits for what: the application's futexes by their address, and the kernel's own objects by theirs. First come, first woken.</summary>
internal unsafe struct WaitTable
{
    private const int Buckets = 256;

    private Storage _storage;

    private struct Storage
    {
        public fixed ulong First[Buckets];
        public fixed ulong Last[Buckets];
    }

    /// <summary>Queues a node that is in no queue.</summary>
    public void Add(WaitNode* node, ulong address, uint bitset)
    {
        int bucket = Bucket(address);
        node->Address = address;
        node->Bitset = bitset;
        node->Next = null;
        node->Previous = (WaitNode*)_storage.Last[bucket];
        if (node->Previous != null) node->Previous->Next = node;
        else _storage.First[bucket] = (ulong)node;
        _storage.Last[bucket] = (ulong)node;
    }

    /// <summary>Takes a node out of its queue.</summary>
    public void Remove(WaitNode* node)
    {
        int bucket = Bucket(node->Address);
        if (node->Previous != null) node->Previous->Next = node->Next;
        else _storage.First[bucket] = (ulong)node->Next;
        if (node->Next != null) node->Next->Previous = node->Previous;
        else _storage.Last[bucket] = (ulong)node->Previous;
        node->Next = node->Previous = null;
        node->Address = 0;
    }

    /// <summary>Takes out the one that has waited longest at an address and for one of these bits; null when there is none.</summary>
    public WaitNode* TakeFirst(ulong address, uint bitset)
    {
        for (var node = (WaitNode*)_storage.First[Bucket(address)]; node != null; node = node->Next)
        {
            if (node->Address != address || (node->Bitset & bitset) == 0) continue;
            Remove(node);
            return node;
        }

        return null;
    }

    /// <summary>Moves the one that has waited longest at an address behind those at another, without waking it: futex(2), FUTEX_REQUEUE.</summary>
    /// <returns>False when nobody waits there.</returns>
    public bool MoveFirst(ulong from, ulong to)
    {
        WaitNode* node = TakeFirst(from, uint.MaxValue);
        if (node == null) return false;
        Add(node, to, node->Bitset);
        return true;
    }

    /// <summary>How many wait at an address, counted up to <paramref name="most"/>.</summary>
    public ulong CountAt(ulong address, ulong most)
    {
        ulong count = 0;
        for (var node = (WaitNode*)_storage.First[Bucket(address)]; node != null && count < most; node = node->Next)
        {
            if (node->Address == address) count++;
        }

        return count;
    }

    private static int Bucket(ulong address)
    {
        ulong mixed = (address >> 2) * 0x9e37_79b9_7f4a_7c15;
        return (int)(mixed >> 56);
    }
}
