using Morgana.Core;

namespace Morgana.Core.Tests.Buffers;

public class BlockChainTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void A_chain_behaves_like_a_queue_of_octets(int seed)
    {
        var random = new Random(seed);
        var pool = new BufferPool(MemoryRegion.Pinned(64 * PoolBlock.Size), reserve: 8);
        BlockChain chain = default, other = default;
        List<byte> model = [], otherModel = [];
        byte next = 0;
        for (int step = 0; step < 4_000; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    byte[] bytes = Fill(random.Next(0, 5000));
                    int copied = chain.Append(bytes, pool);
                    Assert.True(copied == bytes.Length || !pool.HasRoom, $"seed {seed}, step {step}");
                    model.AddRange(bytes[..copied]);
                    break;
                case 1:
                    var room = chain.GetRoom(pool);
                    if (room.IsEmpty) break;
                    byte[] some = Fill(random.Next(0, room.Length + 1));
                    some.CopyTo(room);
                    chain.Commit(some.Length);
                    model.AddRange(some);
                    break;
                case 2:
                    byte[] moved = Fill(random.Next(0, 3000));
                    copied = other.Append(moved, pool);
                    otherModel.AddRange(moved[..copied]);
                    break;
                case 3:
                    chain.Append(ref other);
                    model.AddRange(otherModel);
                    otherModel.Clear();
                    break;
                case 4:
                    int count = random.Next(0, chain.Length + 1);
                    chain.Consume(count);
                    model.RemoveRange(0, count);
                    break;
                case 5:
                    byte[] read = new byte[random.Next(0, 6000)];
                    int n = chain.Read(read);
                    Assert.Equal(model[..n], read[..n]);
                    model.RemoveRange(0, n);
                    break;
                case 6 when !chain.IsEmpty:
                    var block = chain.TakeHead();
                    Assert.True(block.Length > 0, $"seed {seed}, step {step}: an empty block in the chain");
                    if (random.Next(2) == 0)
                    {
                        chain.Append(block);
                        byte[] front = [.. model[..block.Length]];
                        model.RemoveRange(0, front.Length);
                        model.AddRange(front);
                    }
                    else
                    {
                        model.RemoveRange(0, block.Length);
                        pool.Return(block);
                    }

                    break;
                case 7 when random.Next(50) == 0:
                    chain.Clear();
                    model.Clear();
                    break;
            }

            Check(chain, model, pool, other, seed, step);
        }

        chain.Clear();
        other.Clear();
        Assert.Equal(0, pool.InUse);

        byte[] Fill(int length)
        {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++) bytes[i] = next++;
            return bytes;
        }
    }

    [Fact]
    public void More_than_there_is_cannot_be_consumed()
    {
        var pool = new BufferPool(MemoryRegion.Pinned(16 * PoolBlock.Size));
        BlockChain chain = default;
        chain.Append([1, 2, 3], pool);
        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Consume(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Consume(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Commit(PoolBlock.Size));
        Assert.Equal(3, chain.Length);
    }

    private static void Check(in BlockChain chain, List<byte> model, BufferPool pool, in BlockChain other, int seed, int step)
    {
        string where = $"seed {seed}, step {step}";
        Assert.True(chain.Length == model.Count, where);
        Assert.True(chain.IsEmpty == (chain.Head is null) && chain.IsEmpty == (chain.Tail is null), where);
        Assert.True(pool.InUse == chain.BlockCount + other.BlockCount, where);
        int blocks = 0, position = 0;
        for (var block = chain.Head; block is not null; block = block.NextBlock)
        {
            Assert.True(block.Length > 0, where);
            Assert.True(block.Data.SequenceEqual(model.GetRange(position, block.Length).ToArray()), where);
            position += block.Length;
            blocks++;
            if (block.NextBlock is null) Assert.Same(chain.Tail, block);
        }

        Assert.True(blocks == chain.BlockCount && position == model.Count, where);
    }
}
