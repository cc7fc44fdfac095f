using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.Virtio;

public sealed unsafe partial class VirtioNetDevice
{
    private const int MostBuffers = 64, DescriptorSize = 16;

    // A frame in more buffers than these has a table of its own, so that a queue holds many long frames. For few it would be a descriptor more.
    private const int MostDirect = 4;

    private readonly PacketBuffer?[] _sending;

    // 2.7.5.3: for each chain a table of as many descriptors; null where the device does not know of such tables.
    private readonly byte* _tables;
    private readonly int _tableLength;
    private readonly DoneQueue _done;
    private bool _isFull;

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        TakeSent();
        int taken = 0;
        _isFull = false;
        for (; taken < frames.Length && _done.Room > _transmit.OutCount; taken++)
        {
            var frame = frames[taken];
            var reason = !IsUp ? DropReason.DeviceDown : frame.Length == 0 ? DropReason.BadLength : frame.Length > _maxFrame ? DropReason.TooBig : DropReason.None;
            if (reason == DropReason.None && !TrySend(frame, out reason))
            {
                _isFull = true;
                break;
            }

            if (reason == DropReason.None)
            {
                Counters.CountSent(frame.Length);
                continue;
            }

            Counters.Drops.Count(reason);
            _done.Add(frame);
        }

        if (IsUp && _transmit.Publish()) _device.Transport.Notify(TransmitQueue);
        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames)
    {
        TakeSent();
        return _done.Take(frames);
    }

    private void TakeSent()
    {
        while (IsUp && _transmit.TryTake(out int chain, out _))
        {
            _done.Add(_sending[chain]!);
            _sending[chain] = null;
        }

        if (_transmit.Fault is { } fault) Fail(fault);
        if (IsUp) return;
        // The device was reset and reads nothing any more: what it had is done with.
        for (int i = 0; i < _sending.Length; i++)
        {
            if (_sending[i] is not { } frame || _done.Room == 0) continue;
            _done.Add(frame);
            _sending[i] = null;
        }
    }

    // False when the queue is full.
    private bool TrySend(PacketBuffer frame, out DropReason reason)
    {
        Span<DmaBuffer> buffers = stackalloc DmaBuffer[MostBuffers];
        int count = 0;
        reason = DropReason.None;
        for (PoolBlock? block = frame.FirstBlock; block is not null; block = block.NextBlock)
        {
            byte* start = block.Pointer + block.Start;
            int length = block.Length;
            if (count == 0)
            {
                // The stack leaves headroom in front of every frame, and nobody else uses it: the device's header, all zeroes, goes there.
                if (block.Start < HeaderSize || !_device.Memory.Contains(block.Pointer, PoolBlock.Size))
                {
                    reason = DropReason.NoBuffer;
                    return true;
                }

                start -= HeaderSize;
                length += HeaderSize;
                new Span<byte>(start, HeaderSize).Clear();
            }

            if (length == 0) continue;
            if (count == MostBuffers)
            {
                reason = DropReason.TooBig;
                return true;
            }

            buffers[count++] = new(_device.Memory.AddressOf(start), length);
        }

        if (count > MostDirect && count <= _tableLength)
        {
            if (_transmit.FreeCount == 0) return false;
            byte* table = _tables + (_transmit.NextChain * _tableLength * DescriptorSize);
            _sending[_transmit.AddIndirect(table, _device.Memory.AddressOf(table), buffers[..count], readable: count)] = frame;
            return true;
        }

        if (count > _transmit.FreeCount) return count > _transmit.Size ? Refuse(out reason) : false;
        _sending[_transmit.Add(buffers[..count], readable: count)] = frame;
        return true;
    }

    // Of the memory that packets would have, a sixteenth at most: where there is little, long frames take a descriptor for each buffer.
    private static int TableLength(DmaMemory memory, SplitQueue queue) =>
        Math.Min(Math.Min(MostBuffers, queue.Size), memory.Left / 16 / (queue.Size * DescriptorSize));

    private static bool Refuse(out DropReason reason)
    {
        reason = DropReason.TooBig;
        return true;
    }
}
