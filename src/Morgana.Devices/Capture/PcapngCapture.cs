using Morgana.Core;

namespace Morgana.Devices;

/// <summary>Captures every frame of a device as it passes.</summary>
/// <param name="inner">The device; the decorator owns it.</param>
/// <param name="file">The capture, which others may share; its owner disposes of it, after the device.</param>
/// <param name="name">The interface's name in the capture.</param>
/// <param name="time">Nanoseconds since 1970 now; see <see cref="UtcNow"/>.</param>
public sealed class PcapngCapture(INetworkDevice inner, PcapngFile file, string name, Func<long> time) : INetworkDevice
{
    private readonly int _interface = file.AddInterface(name);
    private int _captured;      // Frames at the front of the next Transmit that are captured already, as the device has not taken them yet.

    /// <summary>The time of day, for captures of real traffic.</summary>
    public static Func<long> UtcNow { get; } = () => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities => inner.Capabilities;

    /// <inheritdoc/>
    public bool IsUp => inner.IsUp;

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        int count = inner.Receive(frames);
        if (count == 0) return 0;
        long now = time();
        for (int i = 0; i < count; i++) file.Write(_interface, now, isInbound: true, frames[i]);
        return count;
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        // One at a time and before it leaves, since a device may hand a frame over; one that was not taken comes again.
        int taken = 0;
        long now = frames.IsEmpty ? 0 : time();
        for (; taken < frames.Length; taken++)
        {
            if (_captured == 0) file.Write(_interface, now, isInbound: false, frames[taken]);
            _captured = 1;
            if (inner.Transmit(frames.Slice(taken, 1)) == 0) break;
            _captured = 0;
        }

        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames) => inner.Reclaim(frames);

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout) => inner.Wait(timeout);

    /// <inheritdoc/>
    public void Wake() => inner.Wake();

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
