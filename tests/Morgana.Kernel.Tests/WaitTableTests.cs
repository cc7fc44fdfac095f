using System.Runtime.InteropServices;

namespace Morgana.Kernel.Tests;

public sealed unsafe class WaitTableTests : IDisposable
{
    private const int Most = 60;
    private readonly WaitNode* _nodes = (WaitNode*)NativeMemory.AllocZeroed((nuint)(Most * sizeof(WaitNode)));
    private WaitTable _table;

    public void Dispose() => NativeMemory.Free(_nodes);

    [Fact]
    public void Who_came_first_is_woken_first()
    {
        for (int i = 0; i < 3; i++) _table.Add(_nodes + i, 0x1000, 1);
        for (int i = 0; i < 3; i++) Assert.True(_table.TakeFirst(0x1000, 1) == _nodes + i);
        Assert.True(_table.TakeFirst(0x1000, 1) == null);
    }

    [Fact]
    public void Only_the_bits_that_are_waited_for_wake()
    {
        _table.Add(_nodes, 0x1000, 2);
        Assert.True(_table.TakeFirst(0x1000, 1) == null);
        Assert.True(_table.TakeFirst(0x1000, 3) == _nodes);
    }

    [Fact]
    public void Moving_wakes_nobody_and_keeps_the_order()
    {
        _table.Add(_nodes, 0x1000, 1);
        _table.Add(_nodes + 1, 0x1000, 1);
        _table.Add(_nodes + 2, 0x2000, 1);
        Assert.True(_table.MoveFirst(0x1000, 0x2000));
        Assert.True(_table.MoveFirst(0x1000, 0x2000));
        Assert.False(_table.MoveFirst(0x1000, 0x2000));
        Assert.True(_table.TakeFirst(0x2000, 1) == _nodes + 2);
        Assert.True(_table.TakeFirst(0x2000, 1) == _nodes);
        Assert.True(_table.TakeFirst(0x2000, 1) == _nodes + 1);
    }

    [Fact]
    public void Those_at_an_address_are_counted_as_far_as_one_asks()
    {
        for (int i = 0; i < 3; i++) _table.Add(_nodes + i, 0x1000, 1);
        _table.Add(_nodes + 3, 0x2000, 1);
        Assert.Equal([0UL, 2, 3], new ulong[] { 0, 2, 100 }.Select(most => _table.CountAt(0x1000, most)));
    }

    [Theory, InlineData(1), InlineData(2)]
    public void It_agrees_with_lists_whatever_is_done(int seed)
    {
        var random = new Random(seed);
        var model = Enumerable.Range(0, 8).ToDictionary(i => (ulong)(i + 1) * 4, _ => new List<int>());
        var idle = Enumerable.Range(0, Most).ToList();
        for (int step = 0; step < 20_000; step++)
        {
            ulong address = (ulong)random.Next(1, 9) * 4;
            var waiting = model[address];
            switch (random.Next(4))
            {
                case 0 when idle.Count > 0:
                    int node = idle[random.Next(idle.Count)];
                    idle.Remove(node);
                    waiting.Add(node);
                    _table.Add(_nodes + node, address, 1);
                    break;
                case 1:
                    WaitNode* first = _table.TakeFirst(address, 1);
                    Assert.True(first == (waiting.Count == 0 ? null : _nodes + waiting[0]), $"seed {seed}");
                    if (waiting.Count > 0) { idle.Add(waiting[0]); waiting.RemoveAt(0); }
                    break;
                case 2 when waiting.Count > 0:
                    int chosen = waiting[random.Next(waiting.Count)];
                    _table.Remove(_nodes + chosen);
                    Assert.False(_nodes[chosen].IsQueued);
                    waiting.Remove(chosen);
                    idle.Add(chosen);
                    break;
                case 3:
                    ulong to = (ulong)random.Next(1, 9) * 4;
                    Assert.Equal(waiting.Count > 0, _table.MoveFirst(address, to));
                    if (waiting.Count > 0) { int moved = waiting[0]; waiting.RemoveAt(0); model[to].Add(moved); }
                    break;
            }
        }
    }
}
