using Morgana.Core;

namespace Morgana.Devices;

/// <summary>What a network device is and can do. Fixed while the device lives.</summary>
public sealed record NetworkDeviceCapabilities
{
    /// <summary>The device's own address, or zero where it has none and the stack is to choose.</summary>
    public MacAddress Mac { get; init; }

    /// <summary>The largest IP packet that a frame carries, in octets: 68 to 65,535.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Whether received transport checksums can come verified, and missing ones are filled in on transmit.</summary>
    public bool ChecksumOffload { get; init; }

    /// <summary>Whether frames longer than the MTU with a segment size are cut by the device.</summary>
    public bool SegmentationOffload { get; init; }

    /// <summary>Whether octets cannot be damaged on the way (shared memory): peers may then skip checksums on receive. Off by default.</summary>
    public bool IsLossless { get; init; }

    /// <summary>
    /// Whether <see cref="INetworkDevice.Transmit"/> and <see cref="INetworkDevice.Reclaim"/> may be called while another thread is in
    /// <see cref="INetworkDevice.Wait"/>. When the device was full then, that wait does not end by itself with room: it is to be woken.
    /// </summary>
    public bool TransmitsWhileWaiting { get; init; }

    /// <summary>Queues that can be driven by loops of their own.</summary>
    public int Queues { get; init; } = 1;
}

/// <summary>A network device: Ethernet frames in and out. Not thread-safe: one loop owns it.</summary>
public interface INetworkDevice : IDisposable
{
    /// <summary>What it is and can do.</summary>
    NetworkDeviceCapabilities Capabilities { get; }

    /// <summary>Fills in frames that have come, rented from the loop's pool. The caller owns them now.</summary>
    /// <returns>How many; 0 when none waits or the pool is empty. Never blocks.</returns>
    int Receive(Span<PacketBuffer> frames);

    /// <summary>Lends frames to the device, until <see cref="Reclaim"/> hands them back. Takes from the front what fits.</summary>
    /// <returns>How many it took. Never blocks. A failed device takes frames and loses them, and says so in <see cref="IsUp"/>.</returns>
    int Transmit(ReadOnlySpan<PacketBuffer> frames);

    /// <summary>Hands back lent frames whose octets the device no longer reads.</summary>
    /// <remarks>A device may keep a frame for good, as one in memory does that hands it to its peer: such a frame never comes back.</remarks>
    /// <returns>How many; call until 0.</returns>
    int Reclaim(Span<PacketBuffer> frames);

    /// <summary>Blocks until a frame waits, a full queue has room again, someone wakes it, or <paramref name="timeout"/> has passed.</summary>
    /// <param name="timeout">Zero does not block; <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.</param>
    /// <remarks>A duration, since a device does not share the caller's time line. It may end early, when lent frames have come back for example.</remarks>
    void Wait(TimeSpan timeout);

    /// <summary>Ends the current or the next <see cref="Wait"/>. The one member that any thread may call.</summary>
    void Wake();

    /// <summary>False once the peer has gone or the device has failed for good.</summary>
    bool IsUp { get; }
}
