using Morgana.Storage;

namespace Morgana.Drivers.Virtio;

/// <summary>Requests on their way to the device and back. Any thread; everything happens under one lock, and nothing in it waits.</summary>
/// <remarks>
/// What the device answers is checked: a status that there is none of, or content shorter than it says, and the device is reset and gone for
/// good. So it is when it does not answer in time: what it would write after all could undo what was written since.
/// </remarks>
internal sealed unsafe class BlockQueue(VirtioTransport transport, SplitQueue queue, BlockMemory memory, BlockQueueLimits limits)
{
    private const int RequestQueue = 0;

    // 5.2.6, and what no device says.
    private const byte Done = 0, Failed = 1, Unsupported = 2, Unanswered = 0xff;

    // An interrupt that got lost costs a second.
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1), s_idle = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<BlockRequest> _waiting = new();
    private readonly BlockRequest?[] _out = new BlockRequest?[queue.Size];
    private Func<Exception>? _end;

    /// <summary>Throws when nothing works any more.</summary>
    public void Check()
    {
        if (Volatile.Read(ref _end) is { } end) throw end();
    }

    /// <summary>Sends requests to the device, now or once there is room for them.</summary>
    public void Submit(ReadOnlySpan<BlockRequest> requests)
    {
        lock (_gate)
        {
            foreach (var request in requests)
            {
                if (_end is null) _waiting.Enqueue(request);
                else request.SetException(_end());
            }

            BeginWaiting();
        }
    }

    /// <summary>Gives up the wait for requests, those that the device may still write excepted.</summary>
    public void Abandon(ReadOnlySpan<BlockRequest> requests, CancellationToken cancel)
    {
        lock (_gate)
        {
            foreach (var request in requests)
                if (request.CanBeAbandoned) request.TrySetCanceled(cancel);
        }
    }

    /// <summary>Takes what the device has given back, and says how long to sleep until its next interrupt at most.</summary>
    /// <returns>Zero if there is something to take at once.</returns>
    public TimeSpan TakeFinished()
    {
        lock (_gate)
        {
            if (_end is not null) return Timeout.InfiniteTimeSpan;
            while (queue.TryTake(out int chain, out int written) && _end is null) Finish(chain, written);
            if (_end is null && queue.Fault is { } fault) Misbehave(fault);
            if (_end is null) CheckDeadlines();
            if (_end is not null) return Timeout.InfiniteTimeSpan;
            BeginWaiting();
            if (VirtioTransport.LosesBarriers && queue.MayBeUnseen) Notify();
            queue.EnableInterrupt();
            // What came until now is told by no interrupt.
            transport.Order();
            return queue.HasUsed ? TimeSpan.Zero : Shorter(limits.Timeout, queue.OutCount > 0 ? s_look : s_idle);
        }
    }

    /// <summary>Ends everything: what is out and what waits fails so.</summary>
    public void End(Func<Exception> end)
    {
        lock (_gate)
        {
            if (_end is not null) return;
            Volatile.Write(ref _end, end);
            // From here on the device touches no memory.
            transport.Reset();
            foreach (var request in _out) request?.TrySetException(end());
            foreach (var request in _waiting) request.TrySetException(end());
            Array.Clear(_out);
            _waiting.Clear();
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void BeginWaiting()
    {
        int before = queue.OutCount;
        while (_waiting.TryPeek(out var next))
        {
            // First come, first served: a large request is not kept waiting by small ones that fit.
            bool isWanted = !next.Task.IsCompleted;
            if (isWanted && !HasRoom(next)) break;
            _waiting.Dequeue();
            if (isWanted) Begin(next);
        }

        if (queue.OutCount == before) return;
        // While the device has others, their coming back leads to a look at MayBeUnseen; without, nothing would.
        if (queue.Publish() || before == 0) Notify();
    }

    private bool HasRoom(BlockRequest request) =>
        memory.HasRoom(request.Length) && queue.FreeCount >= (limits.IsIndirect ? 1 : memory.PagesPerRequest + 2);

    private void Begin(BlockRequest request)
    {
        int slot = request.Slot = memory.Take(request.Length);
        request.Deadline = Environment.TickCount64 + (long)limits.Timeout.TotalMilliseconds;
        // virtio_blk_req: type, reserved, sector. 5.2.6: of a flush, and of ranges, the sector is 0.
        byte* header = memory.Header(slot);
        bool hasRange = request.Operation is BlockOperation.Discard or BlockOperation.WriteZeroes;
        *(uint*)header = (uint)request.Operation;
        *(uint*)(header + 4) = 0;
        *(ulong*)(header + 8) = hasRange ? 0 : (ulong)request.Sector;
        memory.Status(slot) = Unanswered;

        Span<DmaBuffer> buffers = stackalloc DmaBuffer[memory.PagesPerRequest + 2];
        buffers[0] = memory.HeaderBuffer(slot);
        int count = 1;
        if (hasRange)
        {
            WriteRange(request, slot);
            buffers[count++] = memory.RangeBuffer(slot);
        }

        if (request.Operation == BlockOperation.Write) memory.Fill(slot, request.Memory);
        count += memory.Describe(slot, request.Length, limits.MostPerBuffer, buffers[count..]);
        int readable = request.Operation == BlockOperation.Read ? 1 : count;
        buffers[count++] = memory.StatusBuffer(slot);
        int chain = limits.IsIndirect
            ? queue.AddIndirect(memory.Table(slot), memory.TableAddress(slot), buffers[..count], readable)
            : queue.Add(buffers[..count], readable);
        _out[chain] = request;
    }

    // virtio_blk_discard_write_zeroes: sector, count, and a flag that lets zeroes take no storage.
    private void WriteRange(BlockRequest request, int slot)
    {
        const uint unmap = 1;
        byte* range = memory.Range(slot);
        *(ulong*)range = (ulong)request.Sector;
        *(uint*)(range + 8) = (uint)request.Count;
        *(uint*)(range + 12) = request.Operation == BlockOperation.WriteZeroes && limits.ZeroesMayUnmap ? unmap : 0;
    }

    private void Finish(int chain, int written)
    {
        var request = _out[chain]!;
        byte status = Volatile.Read(ref memory.Status(request.Slot));
        // The length counts the status too, but not with every monitor; only what is missing of the content is a lie that does harm.
        if (status == Done && request.Operation == BlockOperation.Read && written < request.Length)
            Misbehave($"it has read {written} octets of {request.Length} and calls that done");
        else if (status == Done)
            Complete(request);
        else if (status == Failed && request.Operation == BlockOperation.Flush)
            // As with a file: what was written may be lost, and the next flush would not say so again.
            End(() => new BlockDeviceException(BlockError.Gone, "The device could not flush: what was written since the last flush may be lost."));
        else if (status == Unsupported && request.Operation is (BlockOperation.Discard or BlockOperation.WriteZeroes))
            request.TrySetException(new NotSupportedException($"The device does not {Describe(request)}."));
        else if (status is Failed or Unsupported)
            request.TrySetException(new BlockDeviceException(BlockError.Failed, $"The device failed to {Describe(request)}."));
        else
            Misbehave($"it gave a request back with status {status}");
        if (_end is not null) return;
        _out[chain] = null;
        memory.Return(request.Slot);
    }

    private void Complete(BlockRequest request)
    {
        if (request.Task.IsCompleted) return;               // Nobody waits for it, and its memory is somebody else's.
        if (request.Operation == BlockOperation.Read) memory.Empty(request.Slot, request.Memory);
        request.SetResult();
    }

    private void CheckDeadlines()
    {
        long now = Environment.TickCount64;
        foreach (var request in _out)
        {
            if (request is null || now < request.Deadline) continue;
            string what = Describe(request);
            End(() => new BlockDeviceException(BlockError.Gone, $"The device did not {what} within {limits.Timeout.TotalSeconds:0.###} s, and was given up."));
            return;
        }
    }

    private static string Describe(BlockRequest request) => request.Operation switch
    {
        BlockOperation.Read => $"read {request.Count} sectors from {request.Sector} on",
        BlockOperation.Write => $"write {request.Count} sectors from {request.Sector} on",
        BlockOperation.Flush => "flush",
        BlockOperation.Discard => $"discard {request.Count} sectors from {request.Sector} on",
        _ => $"write zeroes to {request.Count} sectors from {request.Sector} on",
    };

    private void Misbehave(string how) => End(() => new BlockDeviceException(BlockError.Gone, $"The virtio device misbehaves: {how}."));

    private void Notify()
    {
        queue.MarkNotified();
        transport.Notify(RequestQueue);
    }
}

/// <summary>What the device and its driver have agreed on.</summary>
/// <param name="IsIndirect">Whether a chain takes one descriptor of the ring, and lies in a table of its own.</param>
/// <param name="MostPerBuffer">Octets that one buffer may have.</param>
/// <param name="ZeroesMayUnmap">Whether zeroes may give storage back.</param>
/// <param name="Timeout">How long the device may take.</param>
internal sealed record BlockQueueLimits(bool IsIndirect, int MostPerBuffer, bool ZeroesMayUnmap, TimeSpan Timeout);
