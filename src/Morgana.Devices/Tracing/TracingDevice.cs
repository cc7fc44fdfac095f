using Morgana.Core;

namespace Morgana.Devices;

/// <summary>Records each frame's length in a <see cref="TraceRing"/> as it passes.</summary>
/// <param name="inner">The device; the decorator owns it.</param>
/// <param name="trace">The ring of the loop that owns the device.</param>
/// <param name="subject">The interface's number in the trace.</param>
/// <param name="clock">The loop's time line.</param>
public sealed class TracingDevice(INetworkDevice inner, TraceRing trace, uint subject, Func<Instant> clock) : INetworkDevice
{
    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities => inner.Capabilities;

    /// <inheritdoc/>
    public bool IsUp => inner.IsUp;

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        int count = inner.Receive(frames);
        if (count == 0 || !trace.Enabled) return count;
        var now = clock();
        for (int i = 0; i < count; i++) trace.Record(now, TraceKind.FrameReceived, subject, (ulong)frames[i].Length);
        return count;
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        if (!trace.Enabled || frames.IsEmpty) return inner.Transmit(frames);
        // Before they are sent, as a device that hands frames over has none left to look at.
        Span<int> lengths = stackalloc int[Math.Min(frames.Length, 64)];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = frames[i].Length;
        int taken = inner.Transmit(frames[..lengths.Length]);
        var now = clock();
        for (int i = 0; i < taken; i++) trace.Record(now, TraceKind.FrameSent, subject, (ulong)lengths[i]);
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
