namespace Morgana.Drivers.Virtio;

/// <summary>A split virtqueue (virtio 1.2, 2.7): a table of descriptors, a ring of what is available to the device, and a ring of what it has used.</summary>
/// <remarks>
/// What lies in the used ring was written by the device, and is a lie until checked: a chain that was not out, or more octets than it has,
/// and the queue is broken for good. Nothing that the device writes leads to an access outside of the queue. One thread's alone.
/// </remarks>
internal sealed unsafe class SplitQueue
{
    private const int DescriptorSize = 16, NoDescriptor = -1;
    private const ushort Next = 1, Write = 2, Indirect = 4, NoInterrupt = 1, NoNotify = 1;

    private readonly byte* _descriptors, _available, _used;
    private readonly bool _hasEventIndex;

    // The driver's own notes, where the device cannot reach: what links descriptors, and how much each chain may hold.
    private readonly short[] _next;
    private readonly int[] _capacity;
    private readonly short[] _chainLength;
    private int _firstFree;
    private ushort _availableIndex, _usedIndex, _notifiedIndex;

    /// <summary>Lays a queue into <paramref name="memory"/>.</summary>
    /// <param name="memory">The device's.</param>
    /// <param name="size">Descriptors: a power of two.</param>
    /// <param name="hasEventIndex">Whether VIRTIO_F_EVENT_IDX was agreed on.</param>
    public SplitQueue(DmaMemory memory, int size, bool hasEventIndex)
    {
        Size = size;
        _hasEventIndex = hasEventIndex;
        // 2.7: alignments 16, 2 and 4.
        _descriptors = memory.Take(size * DescriptorSize, 16);
        _available = memory.Take(6 + (size * 2), 2);
        _used = memory.Take(6 + (size * 8), 4);
        new Span<byte>(_descriptors, size * DescriptorSize).Clear();
        new Span<byte>(_available, 6 + (size * 2)).Clear();
        new Span<byte>(_used, 6 + (size * 8)).Clear();
        DescriptorsAddress = memory.AddressOf(_descriptors);
        AvailableAddress = memory.AddressOf(_available);
        UsedAddress = memory.AddressOf(_used);
        _next = new short[size];
        _capacity = new int[size];
        _chainLength = new short[size];
        for (int i = 0; i < size; i++) _next[i] = (short)(i + 1 < size ? i + 1 : NoDescriptor);
        FreeCount = size;
    }

    /// <summary>Descriptors in all.</summary>
    public int Size { get; }

    /// <summary>Descriptors that no chain uses.</summary>
    public int FreeCount { get; private set; }

    /// <summary>The number that the next chain will have. There is a free descriptor.</summary>
    public int NextChain => _firstFree;

    /// <summary>Chains that the device has not given back.</summary>
    public int OutCount { get; private set; }

    /// <summary>What the device did wrong, or null.</summary>
    public string? Fault { get; private set; }

    public ulong DescriptorsAddress { get; }

    public ulong AvailableAddress { get; }

    public ulong UsedAddress { get; }

    private ref ushort AvailableFlags => ref *(ushort*)_available;

    private ref ushort AvailableIndex => ref *(ushort*)(_available + 2);

    private ref ushort UsedFlags => ref *(ushort*)_used;

    private ref ushort UsedIndex => ref *(ushort*)(_used + 2);

    // 2.7.6 and 2.7.8: behind each ring, the place of the other side's next event.
    private ref ushort UsedEvent => ref *(ushort*)(_available + 4 + (Size * 2));

    private ref ushort AvailableEvent => ref *(ushort*)(_used + 4 + (Size * 8));

    /// <summary>Makes a chain of buffers available, of which the first <paramref name="readable"/> are the device's to read and the others to write.</summary>
    /// <param name="buffers">Address and length of each. There are as many free descriptors.</param>
    /// <param name="readable">How many the device reads.</param>
    /// <returns>The chain's number, by which it comes back. The device sees it after <see cref="Publish"/>.</returns>
    public int Add(ReadOnlySpan<DmaBuffer> buffers, int readable)
    {
        int head = _firstFree, index = head;
        for (int i = 0; i < buffers.Length; i++)
        {
            bool isLast = i == buffers.Length - 1;
            int next = _next[index];
            Describe(_descriptors + (index * DescriptorSize), buffers[i], (i >= readable ? Write : 0) | (isLast ? 0 : Next), isLast ? 0 : next);
            if (isLast) _firstFree = next;
            else index = next;
        }

        _next[index] = NoDescriptor;
        return AddHead(head, buffers.Length, Capacity(buffers[readable..]));
    }

    /// <summary>The same by way of a table of the chain's own (2.7.5.3), so that it takes one descriptor. Only where VIRTIO_F_INDIRECT_DESC was agreed on.</summary>
    /// <param name="table">Room for a descriptor of 16 octets for each buffer, left alone until the chain has come back.</param>
    /// <param name="address">Where the device sees the table.</param>
    /// <param name="buffers">Address and length of each; no more than the queue has descriptors. There is one free descriptor.</param>
    /// <param name="readable">How many the device reads.</param>
    /// <returns>The chain's number.</returns>
    public int AddIndirect(byte* table, ulong address, ReadOnlySpan<DmaBuffer> buffers, int readable)
    {
        for (int i = 0; i < buffers.Length; i++)
            Describe(table + (i * DescriptorSize), buffers[i], (i >= readable ? Write : 0) | (i < buffers.Length - 1 ? Next : 0), i < buffers.Length - 1 ? i + 1 : 0);
        int head = _firstFree;
        _firstFree = _next[head];
        _next[head] = NoDescriptor;
        Describe(_descriptors + (head * DescriptorSize), new(address, buffers.Length * DescriptorSize), Indirect, 0);
        return AddHead(head, 1, Capacity(buffers[readable..]));
    }

    /// <summary>Shows the device what was added.</summary>
    /// <returns>Whether it has to be notified.</returns>
    public bool Publish()
    {
        Volatile.Write(ref AvailableIndex, _availableIndex);
        // The device looks at the index after it has said what it waits for; so the other way round here.
        Interlocked.MemoryBarrier();
        ushort since = (ushort)(_availableIndex - _notifiedIndex);
        if (since == 0) return false;
        bool wanted = _hasEventIndex
            ? (ushort)(_availableIndex - Volatile.Read(ref AvailableEvent) - 1) < since         // 2.7.10.1
            : (Volatile.Read(ref UsedFlags) & NoNotify) == 0;
        if (wanted) _notifiedIndex = _availableIndex;
        return wanted;
    }

    /// <summary>Whether the device has not been told of something that it may not have seen either.</summary>
    public bool MayBeUnseen => OutCount > 0 && _notifiedIndex != _availableIndex;

    /// <summary>Says that the device is told of everything now.</summary>
    public void MarkNotified() => _notifiedIndex = _availableIndex;

    /// <summary>Whether the device has given something back.</summary>
    public bool HasUsed => Volatile.Read(ref UsedIndex) != _usedIndex;

    /// <summary>Takes the next chain that the device has given back.</summary>
    /// <param name="chain">Its number.</param>
    /// <param name="written">Octets that the device says it wrote: at most what the chain holds.</param>
    public bool TryTake(out int chain, out int written)
    {
        chain = written = 0;
        ushort index = Volatile.Read(ref UsedIndex);
        if (Fault is not null || index == _usedIndex) return false;
        if ((ushort)(index - _usedIndex) > OutCount)
        {
            Fault = $"it gave back {(ushort)(index - _usedIndex)} chains of {OutCount}";
            return false;
        }

        byte* element = _used + 4 + ((_usedIndex & (Size - 1)) * 8);
        uint head = *(uint*)element, length = *(uint*)(element + 4);
        if (head >= (uint)Size || _chainLength[head] == 0)
        {
            Fault = $"it gave back chain {head}, which it did not have";
            return false;
        }

        if (length > (uint)_capacity[head])
        {
            Fault = $"it wrote {length} octets where there was room for {_capacity[head]}";
            return false;
        }

        _usedIndex++;
        Free((int)head);
        chain = (int)head;
        written = (int)length;
        return true;
    }

    /// <summary>Asks for an interrupt with the next chain that comes back, or with the <paramref name="after"/>th.</summary>
    /// <remarks>Look at <see cref="HasUsed"/> afterwards, behind a barrier: what came before is not told any more.</remarks>
    public void EnableInterrupt(int after = 1)
    {
        if (_hasEventIndex) Volatile.Write(ref UsedEvent, (ushort)(_usedIndex + after - 1));
        else Volatile.Write(ref AvailableFlags, 0);
    }

    /// <summary>Says that no interrupt is needed for now.</summary>
    public void DisableInterrupt()
    {
        // With event indices an event far behind does the same.
        if (_hasEventIndex) Volatile.Write(ref UsedEvent, (ushort)(_usedIndex - 1));
        else Volatile.Write(ref AvailableFlags, NoInterrupt);
    }

    private static void Describe(byte* descriptor, DmaBuffer buffer, int flags, int next)
    {
        *(ulong*)descriptor = buffer.Address;
        *(uint*)(descriptor + 8) = (uint)buffer.Length;
        *(ushort*)(descriptor + 12) = (ushort)flags;
        *(ushort*)(descriptor + 14) = (ushort)next;
    }

    private static int Capacity(ReadOnlySpan<DmaBuffer> writable)
    {
        int capacity = 0;
        foreach (var buffer in writable) capacity += buffer.Length;
        return capacity;
    }

    private int AddHead(int head, int length, int capacity)
    {
        _capacity[head] = capacity;
        _chainLength[head] = (short)length;
        FreeCount -= length;
        OutCount++;
        *(ushort*)(_available + 4 + ((_availableIndex & (Size - 1)) * 2)) = (ushort)head;
        _availableIndex++;
        return head;
    }

    private void Free(int head)
    {
        int count = _chainLength[head], last = head;
        while (_next[last] != NoDescriptor) last = _next[last];
        _next[last] = (short)_firstFree;
        _firstFree = head;
        _chainLength[head] = 0;
        FreeCount += count;
        OutCount--;
    }
}
