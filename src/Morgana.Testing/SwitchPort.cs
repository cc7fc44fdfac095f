using System.Diagnostics;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Faults;

namespace Morgana.Testing;

/// <summary>A host's end of a cable to a <see cref="TestNetwork"/>. Frames are copied by the sender's thread into the receivers' queues.</summary>
internal sealed class SwitchPort(TestNetwork network, BufferPool pool, MacAddress mac, FaultModel faults) : INetworkDevice
{
    private const int QueueLimit = 4096;
    private const int LinkHeader = 14;
    private readonly object _gate = new();
    private readonly PriorityQueue<byte[], long> _incoming = new();     // By when they arrive.
    private readonly Queue<PacketBuffer> _sent = new();
    private bool _isWoken;
    private bool _isClosed;
    private long _order;
    private long _lost;

    public NetworkDeviceCapabilities Capabilities { get; } = new() { Mac = mac, Mtu = 1500 };

    public bool IsUp => !Volatile.Read(ref _isClosed);

    /// <summary>Frames of this host that never arrived.</summary>
    public long Lost => Volatile.Read(ref _lost) + faults.Lost;

    public int Receive(Span<PacketBuffer> frames)
    {
        int count = 0;
        long now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (count < frames.Length && _incoming.TryPeek(out byte[]? octets, out long arrival) && arrival <= now && pool.TryRentPacket(PacketBuffer.Headroom + 2, out var frame))
            {
                _incoming.Dequeue();
                if (frame.TryAppend(octets)) frames[count++] = frame;
                else frame.Release();
            }
        }

        return count;
    }

    public int Transmit(ReadOnlySpan<PacketBuffer> frames)
    {
        foreach (var frame in frames)
        {
            byte[] octets = new byte[frame.Length];
            frame.CopyTo(0, octets);
            _sent.Enqueue(frame);
            if (octets.Length >= LinkHeader) Send(octets);
        }

        return frames.Length;
    }

    public int Reclaim(Span<PacketBuffer> frames)
    {
        int count = 0;
        while (count < frames.Length && _sent.TryDequeue(out var frame)) frames[count++] = frame;
        return count;
    }

    public void Wait(TimeSpan timeout)
    {
        lock (_gate)
        {
            if (!_isWoken && _incoming.TryPeek(out _, out long arrival))
            {
                var until = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), arrival);
                if (until <= TimeSpan.Zero) return;
                if (timeout < TimeSpan.Zero || until < timeout) timeout = until;
            }

            // A deadline is not missed for want of a millisecond's fraction.
            if (!_isWoken) Monitor.Wait(_gate, timeout < TimeSpan.Zero ? Timeout.Infinite : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue));
            _isWoken = false;
        }
    }

    public void Wake()
    {
        lock (_gate)
        {
            _isWoken = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        Volatile.Write(ref _isClosed, true);
        while (_sent.TryDequeue(out var frame)) frame.Release();
    }

    /// <summary>A frame arrives, now or after a delay. Any thread.</summary>
    public void Deliver(byte[] frame, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_isClosed) return;
            if (_incoming.Count >= QueueLimit)
            {
                _lost++;
                return;
            }

            // Frames of one moment keep their order: a priority queue alone would not.
            long arrival = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);
            if (delay == TimeSpan.Zero) arrival = _order = Math.Max(arrival, _order + 1);
            _incoming.Enqueue(frame, arrival);
            Monitor.Pulse(_gate);
        }
    }

    private void Send(byte[] octets)
    {
        var now = new Instant((long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));
        var fate = faults.Decide(octets.Length, now);
        if (fate.IsLost) return;
        if (fate.Length < octets.Length) octets = octets[..fate.Length];
        if (octets.Length < LinkHeader) return;
        if (fate.CorruptBit >= 0) octets[fate.CorruptBit / 8] ^= (byte)(1 << (fate.CorruptBit % 8));
        network.Forward(this, octets, fate.Arrival - now);
        if (fate.IsDuplicated) network.Forward(this, octets, fate.SecondArrival - now);
    }
}
