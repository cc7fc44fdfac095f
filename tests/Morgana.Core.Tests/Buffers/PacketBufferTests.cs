using Morgana.Core;

namespace Morgana.Core.Tests.Buffers;

public class PacketBufferTests
{
    private readonly BufferPool _pool = new(MemoryRegion.Pinned(128 * PoolBlock.Size));

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void A_packet_behaves_like_a_list_of_octets(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            Assert.True(_pool.TryRentPacket(random.Next(0, PacketBuffer.Headroom + 1), out var packet));
            List<byte> model = [];
            for (int step = 0; step < 40; step++)
            {
                Step(packet, model, random);
                Check(packet, model, random, $"seed {seed}, round {round}, step {step}");
            }

            packet.Release();
            Assert.Equal(0, _pool.InUse);
        }
    }

    private static void Step(PacketBuffer packet, List<byte> model, Random random)
    {
        byte[] bytes = new byte[random.Next(3) == 0 ? random.Next(0, 9000) : random.Next(0, 60)];
        random.NextBytes(bytes);
        switch (random.Next(7))
        {
            case 0:
                if (packet.Length + bytes.Length > 20_000) break;
                Assert.True(packet.TryAppend(bytes));
                model.AddRange(bytes);
                break;
            case 1:
                var room = packet.Append(bytes.Length);
                bytes.AsSpan(0, room.Length).CopyTo(room);
                model.AddRange(bytes[..room.Length]);
                break;
            case 2:
                if (bytes.Length > packet.FirstBlock.Start) break;
                bytes.CopyTo(packet.Prepend(bytes.Length));
                model.InsertRange(0, bytes);
                break;
            case 3:
                int count = random.Next(4) == 0 ? packet.Length : Math.Min(random.Next(0, 100), packet.Length);
                packet.TrimStart(count);
                model.RemoveRange(0, count);
                break;
            case 4 when random.Next(4) == 0:
                int length = random.Next(0, packet.Length + 1);
                packet.Truncate(length);
                model.RemoveRange(length, model.Count - length);
                break;
            case 5:
                int wanted = random.Next(0, PoolBlock.Size + 50);
                Assert.Equal(wanted <= packet.FirstBlock.Length || (wanted <= packet.Length && wanted <= PoolBlock.Size), packet.TryPullUp(wanted));
                Assert.True(packet.Span.Length >= wanted || wanted > packet.Length || wanted > PoolBlock.Size);
                break;
            case 6 when random.Next(8) == 0:
                Assert.True(packet.TryExtend());
                break;
        }
    }

    private static void Check(PacketBuffer packet, List<byte> model, Random random, string where)
    {
        byte[] expected = [.. model];
        Assert.True(packet.Length == expected.Length, where);
        byte[] actual = new byte[packet.Length];
        packet.CopyTo(0, actual);
        Assert.True(expected.AsSpan().SequenceEqual(actual), where);
        int offset = random.Next(0, expected.Length + 1);
        byte[] part = new byte[random.Next(0, expected.Length - offset + 1)];
        packet.CopyTo(offset, part);
        Assert.True(expected.AsSpan(offset, part.Length).SequenceEqual(part), where);
        Assert.True(InternetChecksum.Fold(packet.Sum(offset)) == InternetChecksum.Fold(InternetChecksum.Sum(expected.AsSpan(offset))), where);
        int inBlocks = 0;
        for (PoolBlock? block = packet.FirstBlock; block is not null; block = block.NextBlock) inBlocks += block.Length;
        Assert.True(inBlocks == packet.Length, where);
        if (packet.IsContiguous) Assert.True(packet.Span.Length == packet.Length, where);
    }

    [Fact]
    public void Headers_pushed_in_front_come_off_again()
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        "payload"u8.CopyTo(packet.Append(7));
        "tcp"u8.CopyTo(packet.Prepend(3));
        "ip"u8.CopyTo(packet.Prepend(2));
        Assert.Equal("iptcppayload"u8, packet.Span);
        packet.TrimStart(5);
        Assert.Equal("payload"u8, packet.Span);
        packet.Release();
    }

    [Fact]
    public void Headers_behind_a_used_up_first_block_can_be_pulled_up_to_the_last_octet_of_it()
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        byte[] bytes = new byte[4000];
        new Random(1).NextBytes(bytes);
        Assert.True(packet.TryAppend(bytes));
        packet.TrimStart(PoolBlock.Size - PacketBuffer.Headroom);
        Assert.Equal(0, packet.Span.Length);
        Assert.True(packet.TryPullUp(60));
        Assert.Equal(bytes.AsSpan(1920, 60), packet.Span);
        Assert.Equal(PacketBuffer.Headroom, packet.FirstBlock.Start);
        packet.Release();
    }

    [Fact]
    public void No_packet_is_longer_than_the_longest()
    {
        Assert.True(_pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend(new byte[PacketBuffer.MaxLength]));
        Assert.Equal(PacketBuffer.MaxLength, packet.Length);
        Assert.False(packet.TryAppend([1]));
        Assert.False(packet.TryExtend());
        packet.Release();
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void What_is_not_there_cannot_be_taken_and_a_packet_is_released_once()
    {
        Assert.True(_pool.TryRentPacket(4, out var packet));
        Assert.Throws<InvalidOperationException>(() => { packet.Prepend(5); });
        Assert.Throws<InvalidOperationException>(() => packet.TrimStart(1));
        Assert.Throws<InvalidOperationException>(() => packet.TrimStart(-1));
        Assert.Throws<InvalidOperationException>(() => packet.Truncate(1));
        Assert.Throws<InvalidOperationException>(() => packet.CopyTo(0, new byte[1]));
        packet.Release();
        Assert.Throws<InvalidOperationException>(packet.Release);
    }
}
