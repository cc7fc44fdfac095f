using Morgana.Core;
using Morgana.Protocols.Ip;

namespace Morgana.Protocols.Tests.Ip;

/// <summary>Reassembly by itself, against a naive model and at each of its limits.</summary>
public class Ipv4ReassemblerTests
{
    private const int HeaderLength = 20;
    private readonly BufferPool _pool = new(MemoryRegion.Pinned(4 << 20));
    private readonly DropCounters _drops = new();
    private Instant _now = Instant.FromOrigin(TimeSpan.FromSeconds(1000));

    [Fact]
    public void Fragments_cut_anywhere_and_in_any_order_are_the_packet_again()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var reassembler = new Ipv4Reassembler(new(), _drops);
            byte[] payload = new byte[random.Next(9, 9000)];
            random.NextBytes(payload);
            var cuts = new List<(int Offset, int Length)>();
            for (int at = 0; at < payload.Length;)
            {
                int length = Math.Min(payload.Length - at, 8 * random.Next(1, 150));
                cuts.Add((at, length));
                at += length;
            }

            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(cuts));
            PacketBuffer? whole = null;
            foreach (var (offset, length) in cuts)
            {
                Assert.True(whole is null, $"seed {seed}: whole before the last fragment");
                Assert.Equal(DropReason.None, Hand(reassembler, 1, offset, offset + length < payload.Length, payload.AsSpan(offset, length), out whole));
            }

            Assert.True(whole is not null, $"seed {seed}: not whole");
            byte[] octets = new byte[whole.Length];
            whole.CopyTo(0, octets);
            whole.Release();
            Assert.True(payload.AsSpan().SequenceEqual(octets), $"seed {seed}");
            Assert.Equal((0, 0, 0), (reassembler.Count, reassembler.Octets, _pool.InUse));
        }
    }

    [Fact]
    public void Whatever_comes_a_packet_is_whole_only_if_no_octet_came_twice_and_none_is_missing()
    {
        int completed = 0, refused = 0;
        for (int seed = 1; seed <= 2000; seed++)
        {
            var random = new Random(seed);
            var reassembler = new Ipv4Reassembler(new(), _drops);
            var seen = new HashSet<(int, int, bool)>();
            var owner = new int[64];
            for (int i = 0; i < 12; i++)
            {
                int offset = 8 * random.Next(0, 6), length = 8 * random.Next(1, 4);
                bool more = random.Next(4) != 0;
                var reason = Hand(reassembler, 1, offset, more, new byte[length], out var whole);
                if (reason != DropReason.None) refused++;
                else if (seen.Add((offset, length, more)))
                    for (int at = offset; at < offset + length; at++) owner[at]++;
                if (whole is null) continue;
                completed++;
                Assert.True(owner.AsSpan(0, whole.Length).IndexOfAnyExcept(1) < 0, $"seed {seed}: overlapping octets made a packet");
                Assert.True(owner.AsSpan(whole.Length).IndexOfAnyExcept(0) < 0, $"seed {seed}: octets behind the end");
                whole.Release();
                break;
            }

            _now += TimeSpan.FromSeconds(31);
            reassembler.HandleTimeouts(_now);
            while (reassembler.TryTakeExpired(out var first)) first.Release();
            Assert.True((reassembler.Count, reassembler.Octets, _pool.InUse) == (0, 0, 0), $"seed {seed}: something is left");
        }

        Assert.True(completed > 50 && refused > 500, $"{completed} completed, {refused} refused: the test does not reach what it is for.");
    }

    [Fact]
    public void The_timeout_counts_from_the_first_fragment_and_later_ones_do_not_extend_it()
    {
        var reassembler = new Ipv4Reassembler(new(), _drops);
        Hand(reassembler, 1, 0, true, new byte[8], out _);
        _now += TimeSpan.FromSeconds(29);
        Hand(reassembler, 1, 16, true, new byte[8], out _);
        reassembler.HandleTimeouts(_now);
        Assert.Equal(1, reassembler.Count);
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(_now, reassembler.NextTimeout);
        reassembler.HandleTimeouts(_now);
        Assert.Equal((0, 1L), (reassembler.Count, _drops[DropReason.ReassemblyTimeout]));
        Assert.True(reassembler.TryTakeExpired(out var first));
        Assert.Equal(HeaderLength + 8, first.Length);
        first.Release();
        Assert.Equal((Instant.Never, 0), (reassembler.NextTimeout, _pool.InUse));
    }

    [Fact]
    public void Each_limit_holds_and_is_counted()
    {
        var reassembler = new Ipv4Reassembler(new() { Packets = 8, PacketsPerSource = 4, FragmentsPerPacket = 5, Octets = 64 * PoolBlock.Size }, _drops);
        for (ushort id = 0; id < 10; id++) Hand(reassembler, id, 0, true, new byte[8], out _);
        Assert.Equal((4, 6L), (reassembler.Count, _drops[DropReason.ReassemblyLimit]));     // One source's own oldest make room.
        for (byte source = 1; source < 20; source++) Hand(reassembler, 1, 0, true, new byte[8], out _, source);
        Assert.Equal(8, reassembler.Count);
        for (int i = 1; i <= 5; i++) Hand(reassembler, 1, 8 * i, true, new byte[8], out _, source: 19);
        Assert.Equal(7 * PoolBlock.Size, reassembler.Octets);                               // The one with too many fragments lost them all.
        reassembler = new(new() { Octets = 4 * PoolBlock.Size }, _drops);
        for (byte source = 1; source < 20; source++) Hand(reassembler, 1, 0, true, new byte[8], out _, source);
        Assert.Equal((4, 4 * PoolBlock.Size), (reassembler.Count, reassembler.Octets));
    }

    private DropReason Hand(Ipv4Reassembler reassembler, ushort id, int offset, bool more, ReadOnlySpan<byte> payload, out PacketBuffer? whole, byte source = 99)
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var fragment));
        Assert.True(fragment.TryAppend(new byte[HeaderLength]));
        Assert.True(fragment.TryAppend(payload));
        fragment.TrimStart(HeaderLength);
        var key = new FragmentKey(Ipv4Address.From(10, 0, 0, source), Ipv4Address.From(10, 0, 0, 1), 17, id);
        return reassembler.HandleFragment(key, offset, more, HeaderLength, fragment, _now, out whole, out _);
    }
}
