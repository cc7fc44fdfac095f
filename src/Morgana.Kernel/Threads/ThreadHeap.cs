namespace Morgana.Kernel;

/// <summary>Threads ordered by a key, the least first: the run queue by virtual time, the sleepers by deadline. A binary heap of pointers to nodes.</summary>
internal unsafe struct ThreadHeap
{
    private HeapNode** _nodes;          // from 1

    public int Count;

    /// <summary>Memory for as many pointers as there can be threads, and one more.</summary>
    public void Init(HeapNode** memory)
    {
        _nodes = memory;
        Count = 0;
    }

    /// <summary>The node with the least key, or null.</summary>
    public readonly HeapNode* First => Count == 0 ? null : _nodes[1];

    /// <summary>Any node, by its place from 1.</summary>
    public readonly HeapNode* At(int place) => _nodes[place];

    /// <summary>Adds a node that is in no heap.</summary>
    public void Add(HeapNode* node, ulong key)
    {
        node->Key = key;
        Count++;
        Rise(node, Count);
    }

    /// <summary>Takes a node out of this heap, wherever in it it is.</summary>
    public void Remove(HeapNode* node)
    {
        int place = node->Place;
        HeapNode* last = _nodes[Count--];
        node->Place = 0;
        if (last == node) return;
        // The last one takes the empty place, and goes where it belongs from there: up or down.
        if (place > 1 && last->Key < _nodes[place / 2]->Key) Rise(last, place);
        else Sink(last, place);
    }

    private void Rise(HeapNode* node, int place)
    {
        for (; place > 1 && node->Key < _nodes[place / 2]->Key; place /= 2) Put(_nodes[place / 2], place);
        Put(node, place);
    }

    private void Sink(HeapNode* node, int place)
    {
        while (place * 2 <= Count)
        {
            int child = place * 2;
            if (child < Count && _nodes[child + 1]->Key < _nodes[child]->Key) child++;
            if (_nodes[child]->Key >= node->Key) break;
            Put(_nodes[child], place);
            place = child;
        }

        Put(node, place);
    }

    private void Put(HeapNode* node, int place)
    {
        _nodes[place] = node;
        node->Place = place;
    }
}
