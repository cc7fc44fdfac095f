namespace Morgana.Core.Tests;

public class ValueTests
{
    [Fact]
    public void Random_numbers_follow_from_the_seed()
    {
        // xoshiro256** seeded with splitmix64(0): computed apart, from the authors' C code.
        var random = new DeterministicRandom(0);
        Assert.Equal([0x99ec5f36cb75f2b4ul, 0xbf6e1f784956452aul, 0x1a5f849d4933e6e0ul], new[] { random.NextUInt64(), random.NextUInt64(), random.NextUInt64() });
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++) counts[random.Next(7)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(random.NextDouble(), 0, 0.9999999999999999));
        Assert.False(random.Chance(0));
        Assert.True(random.Chance(1));
        byte[] a = new byte[13], b = new byte[13];
        new DeterministicRandom(5).Fill(a);
        new DeterministicRandom(5).Fill(b);
        Assert.Equal(a, b);
        Assert.Contains(a[8..], x => x != 0);
    }

    [Fact]
    public void A_leak_is_reported_with_the_renters_stack()
    {
        var leaks = new PoolLeakObserver();
        var pool = new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size)) { Observer = leaks };
        Assert.True(pool.TryRentPacket(0, out var packet));
        Assert.Equal(2, leaks.Count);
        var failure = Assert.Throws<InvalidOperationException>(leaks.ThrowIfLeaked);
        Assert.Contains(nameof(A_leak_is_reported_with_the_renters_stack), failure.Message);
        packet.Release();
        leaks.ThrowIfLeaked();
        Assert.Equal("", leaks.Report());
    }

    [Fact]
    public void Sequence_numbers_are_ordered_around_the_ring()
    {
        var a = new SequenceNumber(uint.MaxValue - 5);
        var b = a + 10;
        Assert.True(a < b && b > a && a <= b && b >= a && b - a == 10 && a - b == -10);
        Assert.True(b.IsIn(a, 11) && !b.IsIn(a, 10) && a.IsIn(a, 1) && !a.IsIn(a, 0) && !(a - 1).IsIn(a, 100));
        Assert.Equal(b, SequenceNumber.Max(a, b));
        Assert.Equal(a, SequenceNumber.Min(b, a));
    }

    [Fact]
    public void The_trace_ring_keeps_the_last_events()
    {
        var ring = new TraceRing();
        ring.Record(default, TraceKind.FrameSent, 1);
        Assert.Empty(ring.Snapshot());
        ring.Enable(4);
        for (ulong i = 0; i < 6; i++) ring.Record(new((long)i), TraceKind.FrameSent, 1, i);
        ring.Disable();
        ring.Record(default, TraceKind.FrameSent, 1, 99);
        Assert.Equal([2, 3, 4, 5], ring.Snapshot().Select(e => (int)e.A));
    }
}
