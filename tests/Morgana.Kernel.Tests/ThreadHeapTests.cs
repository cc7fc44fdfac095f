using System.Runtime.InteropServices;

namespace Morgana.Kernel.Tests;

public sealed unsafe class ThreadHeapTests : IDisposable
{
    private const int Most = 200;
    private readonly HeapNode** _memory = (HeapNode**)NativeMemory.AllocZeroed((Most + 2) * 8);
    private readonly HeapNode* _nodes = (HeapNode*)NativeMemory.AllocZeroed((nuint)(Most * sizeof(HeapNode)));
    private ThreadHeap _heap;

    public ThreadHeapTests() => _heap.Init(_memory);

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        NativeMemory.Free(_nodes);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void The_least_is_first_whatever_comes_and_goes(int seed)
    {
        var random = new Random(seed);
        var queued = new List<int>();
        var idle = Enumerable.Range(0, Most).ToList();
        for (int step = 0; step < 4_000; step++)
        {
            if (idle.Count > 0 && random.Next(2) == 0)
            {
                int index = random.Next(idle.Count);
                _heap.Add(_nodes + idle[index], (ulong)random.Next(100));
                queued.Add(idle[index]);
                idle.RemoveAt(index);
            }
            else if (queued.Count > 0)
            {
                int index = random.Next(queued.Count);
                _heap.Remove(_nodes + queued[index]);
                Assert.False(_nodes[queued[index]].IsQueued);
                idle.Add(queued[index]);
                queued.RemoveAt(index);
            }

            Assert.Equal(queued.Count, _heap.Count);
            if (queued.Count == 0) Assert.True(_heap.First == null);
            else Assert.True(_heap.First->Key == queued.Min(q => _nodes[q].Key), $"seed {seed}: the first is not the least");
            for (int place = 1; place <= _heap.Count; place++) Assert.Equal(place, _heap.At(place)->Place);
        }
    }
}
