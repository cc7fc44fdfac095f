using System.Runtime.InteropServices;

namespace Morgana.Kernel.Tests;

public sealed unsafe class FrameAllocatorTests : IDisposable
{
    private readonly void* _table = NativeMemory.AllocZeroed(1 << 20);

    public void Dispose() => NativeMemory.Free(_table);

    [Fact]
    public void What_was_not_added_is_taken()
    {
        var frames = Create(1000);
        Assert.Equal(FrameAllocator.None, frames.Take());
        frames.Add(10 * 4096, 12 * 4096);
        Assert.Equal(10UL * 4096, frames.Take());
        Assert.Equal(11UL * 4096, frames.Take());
        Assert.Equal(FrameAllocator.None, frames.Take());
    }

    [Fact]
    public void Only_whole_frames_count()
    {
        var frames = Create(1000);
        frames.Add(4096 + 1, (3 * 4096) + 4095);
        Assert.Equal(1UL, frames.FreeCount);
        Assert.Equal(2UL * 4096, frames.Take());
    }

    [Fact]
    public void Memory_beyond_the_table_is_left_alone()
    {
        var frames = Create(64);
        frames.Add(60 * 4096, 80 * 4096);
        Assert.Equal(4UL, frames.FreeCount);
    }

    [Theory, InlineData(0, 64), InlineData(1, 640), InlineData(63, 129), InlineData(64, 1000), InlineData(5, 60), InlineData(100, 4999)]
    public void Every_frame_of_a_range_is_added_once(int first, int behind)
    {
        var frames = Create(5000);
        // Two frames that are there already, so that words are whole, partly there and empty.
        frames.Add((ulong)(first + 3) * 4096, (ulong)(first + 4) * 4096);
        frames.Add((ulong)(behind - 2) * 4096, (ulong)(behind - 1) * 4096);
        frames.Add((ulong)first * 4096, (ulong)behind * 4096);
        Assert.Equal((ulong)(behind - first), frames.FreeCount);
        Assert.Equal(frames.FreeCount, frames.TotalCount);
        for (int frame = first; frame < behind; frame++) Assert.Equal((ulong)frame * 4096, frames.Take());
        Assert.Equal(FrameAllocator.None, frames.Take());
    }

    [Fact]
    public void A_frame_that_is_free_cannot_be_returned()
    {
        var frames = Create(64);
        frames.Add(0, 4 * 4096);
        ulong frame = frames.Take();
        Assert.True(frames.Return(frame));
        Assert.False(frames.Return(frame));
        Assert.False(frames.Return(64 * 4096));
    }

    [Fact]
    public void A_run_is_taken_from_the_top_and_lies_in_one_piece()
    {
        var frames = Create(1000);
        frames.Add(0, 400 * 4096);
        frames.Add(500 * 4096, 700 * 4096);
        Assert.Equal(600UL * 4096, frames.TakeRun(100));
        Assert.Equal(100UL * 4096, frames.TakeRun(300));
        Assert.Equal(FrameAllocator.None, frames.TakeRun(101));
        Assert.Equal(500UL * 4096, frames.TakeRun(100));
        Assert.Equal(100UL, frames.FreeCount);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void It_agrees_with_a_set_whatever_is_done(int seed)
    {
        const int count = 5000;
        var random = new Random(seed);
        var frames = Create(count);
        frames.Add(0, count * 4096UL);
        var free = new SortedSet<ulong>(Enumerable.Range(0, count).Select(i => (ulong)i * 4096));
        var taken = new List<ulong>();
        for (int step = 0; step < 40_000; step++)
        {
            int choice = random.Next(100);
            if (choice < 50)
            {
                ulong frame = frames.Take();
                Assert.Equal(free.Count == 0 ? FrameAllocator.None : free.Min, frame);
                if (frame != FrameAllocator.None && free.Remove(frame)) taken.Add(frame);
            }
            else if (choice < 55)
            {
                ulong run = (ulong)random.Next(1, 70);
                ulong start = frames.TakeRun(run);
                if (start == FrameAllocator.None) continue;
                for (ulong i = 0; i < run; i++)
                {
                    Assert.True(free.Remove(start + (i * 4096)), $"seed {seed}: a frame was given twice");
                    taken.Add(start + (i * 4096));
                }
            }
            else if (taken.Count > 0)
            {
                int index = random.Next(taken.Count);
                Assert.True(frames.Return(taken[index]));
                free.Add(taken[index]);
                taken[index] = taken[^1];
                taken.RemoveAt(taken.Count - 1);
            }

            Assert.Equal((ulong)free.Count, frames.FreeCount);
        }
    }

    private FrameAllocator Create(ulong count)
    {
        Assert.True(FrameAllocator.TableSize(count) <= 1 << 20);
        FrameAllocator frames = default;
        frames.Init(_table, count);
        return frames;
    }
}
