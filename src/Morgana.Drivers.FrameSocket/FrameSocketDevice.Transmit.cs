using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Devices.Linux;

namespace Morgana.Drivers.FrameSocket;

public sealed unsafe partial class FrameSocketDevice
{
    private const int MaxBatch = 64;
    private const int MaxVectors = 512;         // The kernel takes 1,024; a frame of 64 KB needs 34.

    private readonly DoneQueue _done = new(256);
    private readonly byte* _lengths;
    private readonly IoVector* _vectors;
    private PacketBuffer? _partial;             // The frame whose first _partialSent octets, length included, the socket has taken.
    private int _partialSent;
    private bool _wasFull;

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        if (_partial is not null && !FlushPartial()) return 0;
        int taken = 0;
        while (taken < frames.Length && _done.Room > 0)
        {
            if (!IsUp || CheckFrame(frames[taken]) != DropReason.None)
            {
                Counters.Drops.Count(IsUp ? CheckFrame(frames[taken]) : DropReason.DeviceDown);
                _done.Add(frames[taken++]);
                continue;
            }

            int batch = Gather(frames[taken..], out int vectors);
            nint sent = Send(vectors);
            if (sent < 0)
            {
                if (!IsUp) continue;
                break;
            }

            int whole = Account(frames.Slice(taken, batch), sent);
            taken += whole;
            if (whole < batch || _partial is not null) break;
        }

        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames)
    {
        FlushPartial();
        return _done.Take(frames);
    }

    private DropReason CheckFrame(PacketBuffer frame) =>
        frame.Length == 0 ? DropReason.BadLength : frame.Length > _maxFrame ? DropReason.TooBig : DropReason.None;

    /// <summary>Describes as many frames as one call can carry.</summary>
    private int Gather(ReadOnlySpan<PacketBuffer> frames, out int vectors)
    {
        int batch = 0;
        int limit = Math.Min(Math.Min(frames.Length, MaxBatch), _done.Room);
        vectors = 0;
        for (; batch < limit; batch++)
        {
            var frame = frames[batch];
            if (CheckFrame(frame) != DropReason.None) break;
            byte* length = _lengths + (batch * LengthSize);
            int after = Describe(frame, length, 0, vectors);
            if (after < 0) break;
            vectors = after;
        }

        return batch;
    }

    /// <summary>Appends the vectors for a frame without its first <paramref name="skip"/> octets.</summary>
    /// <returns>How many vectors there are then, or -1 if they are too many; never so for the first frame.</returns>
    private int Describe(PacketBuffer frame, byte* length, int skip, int vectors)
    {
        BinaryPrimitives.WriteUInt32BigEndian(new(length, LengthSize), (uint)frame.Length);
        if (skip < LengthSize)
        {
            if (vectors == MaxVectors) return -1;
            _vectors[vectors++] = new(length + skip, (nuint)(LengthSize - skip));
        }

        skip = Math.Max(0, skip - LengthSize);
        for (PoolBlock? block = frame.FirstBlock; block is not null; block = block.NextBlock)
        {
            if (skip >= block.Length)
            {
                skip -= block.Length;
                continue;
            }

            if (vectors == MaxVectors) return -1;
            _vectors[vectors++] = new(block.Pointer + block.Start + skip, (nuint)(block.Length - skip));
            skip = 0;
        }

        return vectors;
    }

    /// <summary>Sends the vectors. Negative when the socket is full, or has failed and the device is down.</summary>
    private nint Send(int vectors)
    {
        MessageHeader message = default;
        message.Vectors = _vectors;
        message.VectorCount = (nuint)vectors;
        while (true)
        {
            nint sent = Libc.SendMessage(_descriptor, &message, Libc.MessageDontWait | Libc.MessageNoSignal);
            if (sent >= 0) return sent;
            int error = Libc.Error;
            if (error == Libc.EIntr) continue;
            if (error is Libc.EAgain or Libc.ENoBufs) _wasFull = true;
            else Fail($"the socket failed: {Libc.Describe(error)}");
            return -1;
        }
    }

    /// <summary>Finds which frames have left. One that has left in part is kept, and counts as taken.</summary>
    private int Account(ReadOnlySpan<PacketBuffer> batch, nint sent)
    {
        int taken = 0;
        while (taken < batch.Length && sent > 0)
        {
            var frame = batch[taken++];
            int whole = LengthSize + frame.Length;
            if (sent < whole)
            {
                _partial = frame;
                _partialSent = (int)sent;
                // Whoever waits now does not wait for room.
                _wait.Wake();
                break;
            }

            sent -= whole;
            Counters.CountSent(frame.Length);
            _done.Add(frame);
        }

        if (taken < batch.Length) _wasFull = true;
        return taken;
    }

    /// <summary>Sends what is left of the frame that has left in part. True when nothing is left of it.</summary>
    private bool FlushPartial()
    {
        if (_partial is not { } frame) return true;
        int vectors = Describe(frame, _lengths, _partialSent, 0);
        nint sent = Send(vectors);
        if (sent < 0) return !IsUp;         // Fail has put the frame among the finished ones.
        _partialSent += (int)sent;
        if (_partialSent < LengthSize + frame.Length) return false;
        Counters.CountSent(frame.Length);
        _done.Add(frame);
        _partial = null;
        return true;
    }
}
