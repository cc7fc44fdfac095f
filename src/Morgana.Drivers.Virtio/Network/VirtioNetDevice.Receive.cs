using Morgana.Core;

namespace Morgana.Drivers.Virtio;

public sealed unsafe partial class VirtioNetDevice
{
    // The device's header lies in front of the frame, in the headroom; behind Ethernet's 14 octets, IP's header lies at a multiple of 16.
    private const int FrameStart = PacketBuffer.Headroom + 2;
    private const int BufferSize = PoolBlock.Size - FrameStart + HeaderSize;

    private readonly PacketBuffer?[] _waiting;
    private bool _poolWasEmpty;

    // A frame of several buffers of which not all have come. The device gives them back one after the other, all at once as a rule.
    private PacketBuffer? _partial;
    private int _partialLeft;
    private bool _isPartialTooLong;

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        int count = 0;
        while (count < frames.Length && IsUp && _receive.TryTake(out int chain, out int written))
        {
            var buffer = _waiting[chain]!;
            _waiting[chain] = null;
            if (TakeBuffer(buffer, written) is { } frame) frames[count++] = frame;
        }

        if (_receive.Fault is { } fault) Fail(fault);
        if (IsUp) Refill();
        return count;
    }

    // One buffer that the device has filled; a frame once it is whole.
    private PacketBuffer? TakeBuffer(PacketBuffer buffer, int written)
    {
        if (_partial is not null)
        {
            // 5.1.6.4: further buffers of a merged frame have no header.
            return Continue(buffer, buffer.FirstBlock.Pointer + FrameStart - HeaderSize, written);
        }

        if (written < HeaderSize)
        {
            buffer.Release();
            Fail($"a frame came without its header, in {written} octets");
            return null;
        }

        int merged = *(ushort*)(buffer.FirstBlock.Pointer + FrameStart - HeaderSize + CountOffset);
        if (merged == 0 || merged > _receive.Size)
        {
            buffer.Release();
            Fail($"a frame was said to be in {merged} buffers");
            return null;
        }

        buffer.Append(written - HeaderSize);
        if (merged == 1) return Finish(buffer);
        _partial = buffer;
        _partialLeft = merged - 1;
        _isPartialTooLong = false;
        return null;
    }

    private PacketBuffer? Continue(PacketBuffer buffer, byte* data, int written)
    {
        var block = buffer.FirstBlock;
        block.Start = (int)(data - block.Pointer);
        block.End = block.Start;
        buffer.Append(written);
        var frame = _partial!;
        if (_isPartialTooLong || !frame.TryJoin(buffer))
        {
            // It is counted once it has come whole; the rest of it is not kept.
            _isPartialTooLong = true;
            buffer.Release();
        }

        if (--_partialLeft > 0) return null;
        _partial = null;
        if (!_isPartialTooLong) return Finish(frame);
        frame.Release();
        Counters.Drops.Count(DropReason.TooBig);
        return null;
    }

    private PacketBuffer? Finish(PacketBuffer frame)
    {
        if (frame.Length <= _maxFrame && frame.Length > 0)
        {
            Counters.CountReceived(frame.Length);
            return frame;
        }

        Counters.Drops.Count(frame.Length == 0 ? DropReason.BadLength : DropReason.TooBig);
        frame.Release();
        return null;
    }

    // Gives the device as many empty buffers as there is room for; never more than a quarter of the pool lies and waits.
    private void Refill()
    {
        _poolWasEmpty = false;
        int most = Math.Min(_receive.Size, Math.Max(4, _pool!.Capacity / 4));
        // Telling the device is a way out of the machine: not for each frame, but for a quarter of the queue.
        if (_receive.OutCount > most - Math.Max(1, most / 4)) return;
        bool added = false;
        while (_receive.OutCount < most)
        {
            if (!_pool.TryRentPacket(FrameStart, out var buffer))
            {
                // With nothing out the device can say nothing: look again soon.
                _poolWasEmpty = _receive.OutCount == 0;
                Counters.CountPoolEmpty();
                break;
            }

            byte* start = buffer.FirstBlock.Pointer + FrameStart - HeaderSize;
            int chain = _receive.Add([new(_device.Memory.AddressOf(start), BufferSize)], readable: 0);
            _waiting[chain] = buffer;
            added = true;
        }

        if (added && _receive.Publish()) _device.Transport.Notify(ReceiveQueue);
    }
}
