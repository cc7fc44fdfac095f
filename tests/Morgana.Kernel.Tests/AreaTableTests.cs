using System.Runtime.InteropServices;

namespace Morgana.Kernel.Tests;

public sealed unsafe class AreaTableTests : IDisposable
{
    private const int Capacity = 1000;
    private readonly Area* _memory = (Area*)NativeMemory.AllocZeroed((nuint)(Capacity * sizeof(Area)));
    private AreaTable _areas;

    public AreaTableTests() => _areas.Init(_memory, Capacity);

    public void Dispose() => NativeMemory.Free(_memory);

    [Fact]
    public void Neighbours_that_are_alike_become_one()
    {
        _areas.Add(0x1000, 0x2000, Protection.Read, AreaKind.Anonymous);
        _areas.Add(0x3000, 0x4000, Protection.Read, AreaKind.Anonymous);
        _areas.Add(0x2000, 0x3000, Protection.Read, AreaKind.Anonymous);
        Assert.Equal(1, _areas.Count);
        Assert.Equal((0x1000UL, 0x4000UL), (_areas.At(0)->Start, _areas.At(0)->End));
    }

    [Fact]
    public void Neighbours_of_another_kind_stay_apart()
    {
        _areas.Add(0x1000, 0x2000, Protection.Read, AreaKind.Anonymous);
        _areas.Add(0x2000, 0x3000, Protection.Read, AreaKind.Stack);
        Assert.Equal(2, _areas.Count);
    }

    [Fact]
    public void Removing_the_middle_leaves_both_ends()
    {
        _areas.Add(0x1000, 0x9000, Protection.Read, AreaKind.Anonymous);
        _areas.Remove(0x3000, 0x5000);
        Assert.Equal(2, _areas.Count);
        Assert.Equal(0x6000UL, _areas.Size);
        Assert.True(_areas.IsFree(0x3000, 0x5000));
        Assert.False(_areas.Covers(0x1000, 0x9000));
    }

    [Fact]
    public void Protecting_back_joins_what_protecting_split()
    {
        _areas.Add(0x1000, 0x9000, Protection.Read, AreaKind.Anonymous);
        _areas.Protect(0x3000, 0x5000, Protection.None);
        Assert.Equal(3, _areas.Count);
        _areas.Protect(0x3000, 0x5000, Protection.Read);
        Assert.Equal(1, _areas.Count);
    }

    [Fact]
    public void The_highest_free_place_is_found()
    {
        _areas.Add(0x8000, 0x9000, Protection.Read, AreaKind.Anonymous);
        Assert.Equal(0xe000UL, _areas.FindFree(0x2000, 0x1000, 0x10000));
        Assert.Equal(0x1000UL, _areas.FindFree(0x7000, 0x1000, 0xf000));
        Assert.Equal(0UL, _areas.FindFree(0x8000, 0x1000, 0x10000));
    }

    /// <summary>Every operation against an array with a cell for each page.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void It_agrees_with_a_page_by_page_model_whatever_is_done(int seed)
    {
        const int pages = 200, first = 16;
        var random = new Random(seed);
        var model = new (Protection, AreaKind)?[pages];
        for (int step = 0; step < 2_000; step++)
        {
            int start = random.Next(pages), end = random.Next(start + 1, Math.Min(pages, start + 40) + 1);
            ulong from = Address(start), to = Address(end);
            bool isFree = model[start..end].All(c => c is null);
            bool isCovered = !model[start..end].Contains(null);
            Assert.Equal(isFree, _areas.IsFree(from, to));
            Assert.Equal(isCovered, _areas.Covers(from, to));
            var protection = (Protection)random.Next(4);
            var kind = (AreaKind)random.Next(2);
            switch (random.Next(4))
            {
                case 0 when isFree:
                    _areas.Add(from, to, protection, kind);
                    model.AsSpan(start, end - start).Fill((protection, kind));
                    break;
                case 1:
                    _areas.Remove(from, to);
                    model.AsSpan(start, end - start).Clear();
                    break;
                case 2 when isCovered:
                    _areas.Protect(from, to, protection);
                    for (int i = start; i < end; i++) model[i] = (protection, model[i]!.Value.Item2);
                    break;
                case 3:
                    CheckFindFree(model, end - start, seed);
                    break;
            }

            CheckAgainst(model, seed);
        }

        static ulong Address(int page) => (ulong)(first + page) * 4096;
    }

    // The highest run of free cells that is long enough.
    private void CheckFindFree((Protection, AreaKind)?[] model, int length, int seed)
    {
        int expected = -1;
        for (int start = model.Length - length; start >= 0 && expected < 0; start--)
            if (model[start..(start + length)].All(c => c is null)) expected = start;
        ulong found = _areas.FindFree((ulong)length * 4096, 16 * 4096, (ulong)(16 + model.Length) * 4096);
        Assert.True(found == (expected < 0 ? 0 : (ulong)(16 + expected) * 4096), $"seed {seed}: {found:x} is not the highest place for {length} pages");
    }

    private void CheckAgainst((Protection, AreaKind)?[] model, int seed)
    {
        ulong size = 0;
        for (int i = 0; i < model.Length; i++)
        {
            Area* area = _areas.Find((ulong)(16 + i) * 4096);
            (Protection, AreaKind)? actual = area == null ? null : (area->Protection, area->Kind);
            Assert.True(model[i] == actual, $"seed {seed}: page {i} is {actual}, and should be {model[i]}");
            if (area != null) size += 4096;
        }

        Assert.Equal(size, _areas.Size);
        for (int i = 1; i < _areas.Count; i++)
        {
            Assert.True(_areas.At(i - 1)->End <= _areas.At(i)->Start, $"seed {seed}: areas overlap");
            Assert.False(_areas.At(i - 1)->End == _areas.At(i)->Start && _areas.At(i - 1)->IsLike(in *_areas.At(i)), $"seed {seed}: areas that are alike touch");
        }
    }
}
