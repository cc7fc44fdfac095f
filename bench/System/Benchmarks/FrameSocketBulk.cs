using Morgana.Core;
using Morgana.Drivers.FrameSocket;

namespace Morgana.Bench;

/// <summary>The frame socket by itself, with frames of the gateway's size: copied in, sent, received. What a gateway could reach that did nothing else.</summary>
internal sealed class FrameSocketBulk : Benchmark
{
    private const int FrameLength = FrameSocketDevice.MaxMtu + 14;

    private readonly BufferPool _pool = new(MemoryRegion.Native(16 << 20));
    private readonly FrameSocketDevice _first;
    private readonly FrameSocketDevice _second;
    private readonly PacketBuffer[] _frames = new PacketBuffer[64];

    public FrameSocketBulk()
    {
        var settings = new FrameSocketSettings { Mtu = FrameSocketDevice.MaxMtu };
        (_first, _second) = FrameSocketDevice.CreatePair(_pool, new BufferPool(MemoryRegion.Native(16 << 20)), settings, settings);
    }

    public override string Name => "frame-socket";

    public override string Unit => "Gbit/s";

    public override Comparison Comparison => Comparison.Bits;

    public override Sample Measure(TimeSpan duration)
    {
        var pattern = Pattern.Bytes.AsSpan(0, FrameLength);
        long frames = 0;
        var meter = Meter.Start();
        do
        {
            if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var frame) || !frame.TryAppend(pattern)) throw new InvalidOperationException("The pool is empty.");
            _frames[0] = frame;
            if (_first.Transmit(_frames.AsSpan(0, 1)) == 0) frame.Release();
            Release(_first.Reclaim(_frames));
            int received = _second.Receive(_frames);
            frames += received;
            Release(received);
        }
        while (!meter.IsOver(duration));
        return meter.Stop().Bits((double)frames * FrameLength, frames, "frame");
    }

    private void Release(int count)
    {
        for (int i = 0; i < count; i++) _frames[i].Release();
    }
}
