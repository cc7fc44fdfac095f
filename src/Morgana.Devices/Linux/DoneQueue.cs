using Morgana.Core;

namespace Morgana.Devices.Linux;

/// <summary>Frames that a device has finished with and whose owner has not asked for them yet. Bounded: a full one takes no more frames.</summary>
internal sealed class DoneQueue(int capacity)
{
    private readonly PacketBuffer[] _frames = new PacketBuffer[capacity];
    private int _head;
    private int _count;

    /// <summary>How many frames it still takes.</summary>
    public int Room => _frames.Length - _count;

    public void Add(PacketBuffer frame)
    {
        _frames[(_head + _count) % _frames.Length] = frame;
        _count++;
    }

    public int Take(Span<PacketBuffer> frames)
    {
        int taken = Math.Min(frames.Length, _count);
        for (int i = 0; i < taken; i++)
        {
            frames[i] = _frames[_head];
            _head = (_head + 1) % _frames.Length;
        }

        _count -= taken;
        return taken;
    }

    /// <summary>Gives everything back to the pool: the device is being disposed of.</summary>
    public void Release()
    {
        for (; _count > 0; _count--)
        {
            _frames[_head].Release();
            _head = (_head + 1) % _frames.Length;
        }
    }
}
