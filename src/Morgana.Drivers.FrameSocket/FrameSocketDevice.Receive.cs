using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.FrameSocket;

public sealed unsafe partial class FrameSocketDevice
{
    // Behind an Ethernet header of 14 octets, the IP header then lies at a multiple of 16.
    private const int ReceiveHeadroom = PacketBuffer.Headroom + 2;

    // Octets that were read and not yet made into packets: _staging[_start.._end]. A whole frame always fits behind _start after Compact.
    private readonly byte* _staging;
    private readonly int _stagingSize;
    private int _start;
    private int _end;
    private bool _poolWasEmpty;

    private bool HasStagedFrame => _end - _start >= LengthSize && (uint)(_end - _start - LengthSize) >= StagedLength;

    private uint StagedLength => BinaryPrimitives.ReadUInt32BigEndian(new(_staging + _start, LengthSize));

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        _poolWasEmpty = false;
        int count = 0;
        bool drained = false;
        while (count < frames.Length && IsUp)
        {
            if (!HasStagedFrame)
            {
                if (!CheckStagedLength() || drained || !Fill(out drained)) break;
                continue;
            }

            if (!CheckStagedLength() || !TryTake(out var frame)) break;
            if (frame is not null) frames[count++] = frame;
        }

        return count;
    }

    /// <summary>A length that is none is found as soon as its four octets are there, not only when as many octets as it claims have come.</summary>
    private bool CheckStagedLength()
    {
        if (_end - _start < LengthSize) return true;
        uint length = StagedLength;
        if (length != 0 && length <= (uint)_maxFrame) return true;
        Counters.Drops.Count(DropReason.BadLength);
        Fail($"the peer sent a frame of {length} octets; 1 to {_maxFrame} are possible with this MTU");
        return false;
    }

    /// <summary>Makes the staged frame a packet. False when the pool is empty, and the frame stays.</summary>
    /// <param name="frame">Null when the frame had to be dropped.</param>
    private bool TryTake(out PacketBuffer? frame)
    {
        int length = (int)StagedLength;
        if (!_pool.TryRentPacket(ReceiveHeadroom, out frame))
        {
            // Everything, the reserve included, is in the stack's hands just now: the frame can wait.
            _poolWasEmpty = true;
            Counters.CountPoolEmpty();
            return false;
        }

        bool fits = frame.TryAppend(new ReadOnlySpan<byte>(_staging + _start + LengthSize, length));
        _start += LengthSize + length;
        if (fits)
        {
            Counters.CountReceived(length);
            return true;
        }

        // Only a packet of several blocks can fail here, when just the reserve is left. It must not wait: behind it may be the
        // acknowledgements that would free the queues which hold the memory.
        frame.Release();
        frame = null;
        Counters.CountPoolEmpty();
        Counters.Drops.Count(DropReason.NoBuffer);
        return true;
    }

    /// <summary>Reads what the socket has. False when nothing came.</summary>
    private bool Fill(out bool drained)
    {
        Compact();
        int room = _stagingSize - _end;
        nint read;
        int error;
        do
        {
            read = Libc.Receive(_descriptor, _staging + _end, (nuint)room, Libc.MessageDontWait);
            error = read < 0 ? Libc.Error : 0;
        }
        while (error == Libc.EIntr);

        drained = read < room;
        if (read > 0)
        {
            _end += (int)read;
            return true;
        }

        if (read == 0) Fail(_end > _start ? "the peer closed the socket in the middle of a frame" : "the peer closed the socket");
        else if (error != Libc.EAgain) Fail($"the socket failed: {Libc.Describe(error)}");
        return false;
    }

    private void Compact()
    {
        if (_start == 0) return;
        int staged = _end - _start;
        // The octets of less than one frame move, and only when the rest of that frame might not fit.
        if (staged > 0 && _stagingSize - _start >= _maxFrame + LengthSize) return;
        new ReadOnlySpan<byte>(_staging + _start, staged).CopyTo(new(_staging, staged));
        _start = 0;
        _end = staged;
    }
}
