using Morgana.Core;

namespace Morgana.Devices;

/// <summary>What a driver has counted. The loop's thread counts; others may read slightly old values.</summary>
public sealed class DeviceCounters
{
    private long _framesReceived, _octetsReceived, _framesSent, _octetsSent, _poolEmpty;

    /// <summary>Frames handed to the stack.</summary>
    public long FramesReceived => Volatile.Read(ref _framesReceived);

    /// <summary>Octets of the frames handed to the stack.</summary>
    public long OctetsReceived => Volatile.Read(ref _octetsReceived);

    /// <summary>Frames that left.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Octets of the frames that left.</summary>
    public long OctetsSent => Volatile.Read(ref _octetsSent);

    /// <summary>How often a frame waited and the pool had nothing to receive it into.</summary>
    public long PoolEmpty => Volatile.Read(ref _poolEmpty);

    /// <summary>Frames that were lost in the driver, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>Counts a frame that came in.</summary>
    public void CountReceived(int octets)
    {
        _framesReceived++;
        _octetsReceived += octets;
    }

    /// <summary>Counts a frame that left.</summary>
    public void CountSent(int octets)
    {
        _framesSent++;
        _octetsSent += octets;
    }

    /// <summary>Counts an attempt to receive into an empty pool.</summary>
    public void CountPoolEmpty() => _poolEmpty++;
}
