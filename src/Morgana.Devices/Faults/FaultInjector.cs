using Morgana.Core;

namespace Morgana.Devices.Faults;

/// <summary>A device on a bad line: loses, doubles, delays, reorders, damages and cuts frames, each direction by its own model.</summary>
/// <param name="inner">The device; the injector owns it.</param>
/// <param name="receive">What happens to frames that come.</param>
/// <param name="transmit">What happens to frames that go. They are copied, as the sender may still need its own.</param>
/// <param name="pool">The pool of the loop that owns the device.</param>
/// <param name="clock">The loop's time line: virtual in simulations.</param>
public sealed class FaultInjector(INetworkDevice inner, FaultModel receive, FaultModel transmit, BufferPool pool, Func<Instant> clock) : INetworkDevice
{
    private readonly FaultLine _incoming = new(receive, pool);
    private readonly FaultLine _outgoing = new(transmit, pool);
    private readonly Queue<PacketBuffer> _done = new();
    private readonly PacketBuffer[] _batch = new PacketBuffer[64];

    /// <inheritdoc/>
    public NetworkDeviceCapabilities Capabilities => inner.Capabilities with { IsLossless = false };

    /// <inheritdoc/>
    public bool IsUp => inner.IsUp;

    /// <summary>When the next frame under way is due, in either direction: for whoever advances virtual time.</summary>
    public Instant NextArrival => Instant.Min(_incoming.NextArrival, _outgoing.NextArrival);

    /// <inheritdoc/>
    public int Receive(Span<PacketBuffer> frames)
    {
        var now = clock();
        Send(now);
        for (int n; (n = inner.Receive(_batch)) > 0;)
            for (int i = 0; i < n; i++) _incoming.Enter(_batch[i], now);
        int count = 0;
        for (; count < frames.Length && _incoming.TryPeek(now, out frames[count]); count++) _incoming.Leave();
        return count;
    }

    /// <inheritdoc/>
    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        var now = clock();
        int taken = 0;
        for (; taken < frames.Length && _done.Count < 256; taken++)
        {
            _outgoing.EnterCopy(frames[taken], now);
            _done.Enqueue(frames[taken]);
        }

        Send(now);
        return taken;
    }

    /// <inheritdoc/>
    public int Reclaim(Span<PacketBuffer> frames)
    {
        int count = 0;
        while (count < frames.Length && _done.TryDequeue(out frames[count]!)) count++;
        return count;
    }

    /// <inheritdoc/>
    public void Wait(TimeSpan timeout)
    {
        var now = clock();
        Send(now);
        var next = NextArrival;
        if (next != Instant.Never)
        {
            var until = next <= now ? TimeSpan.Zero : next - now + TimeSpan.FromTicks(1);
            if (timeout < TimeSpan.Zero || until < timeout) timeout = until;
        }

        inner.Wait(timeout);
        Send(clock());
    }

    /// <inheritdoc/>
    public void Wake() => inner.Wake();

    /// <inheritdoc/>
    public void Dispose()
    {
        _incoming.Clear();
        _outgoing.Clear();
        while (_done.TryDequeue(out var frame)) frame.Release();
        ReleaseSent();
        inner.Dispose();
    }

    /// <summary>Gives the device the frames that are due. What it does not take stays due.</summary>
    private void Send(Instant now)
    {
        while (_outgoing.TryPeek(now, out var frame) && inner.Transmit([frame]) == 1) _outgoing.Leave();
        ReleaseSent();
    }

    private void ReleaseSent()
    {
        for (int n; (n = inner.Reclaim(_batch)) > 0;)
            for (int i = 0; i < n; i++) _batch[i].Release();
    }
}
