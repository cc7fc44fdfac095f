using BenchmarkDotNet.Attributes;
using Morgana.Core;

namespace Morgana.Bench.Micro;

/// <summary>Packets and blocks are rented and given back.</summary>
public class Buffers
{
    private readonly BufferPool _pool = new(MemoryRegion.Native(1 << 20));

    [Benchmark]
    public void PacketRentAndRelease()
    {
        if (_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) packet.Release();
    }

    [Benchmark]
    public void BlockRentAndReturn()
    {
        if (_pool.TryRentBlock(out var block)) _pool.Return(block);
    }
}
