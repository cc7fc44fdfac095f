namespace Morgana.Protocols.Tcp;

/// <summary>A list of control blocks linked through one of their own fields: each is in it at most once, and nothing allocates.</summary>
internal abstract class BlockList
{
    public TcpControlBlock? First { get; private set; }

    private TcpControlBlock? _last;

    public int Count { get; private set; }

    protected abstract ref TcpControlBlock.ListLinks Links(TcpControlBlock block);

    public bool Contains(TcpControlBlock block) => Links(block).IsLinked;

    public void Add(TcpControlBlock block)
    {
        ref var links = ref Links(block);
        if (links.IsLinked) return;
        links.IsLinked = true;
        links.Previous = _last;
        links.Next = null;
        if (_last is null) First = block;
        else Links(_last).Next = block;
        _last = block;
        Count++;
    }

    public void Remove(TcpControlBlock block)
    {
        ref var links = ref Links(block);
        if (!links.IsLinked) return;
        if (links.Previous is null) First = links.Next;
        else Links(links.Previous).Next = links.Next;
        if (links.Next is null) _last = links.Previous;
        else Links(links.Next).Previous = links.Previous;
        links = default;
        Count--;
    }
}

/// <summary>Connections that have events.</summary>
internal sealed class ReadyList : BlockList
{
    protected override ref TcpControlBlock.ListLinks Links(TcpControlBlock block) => ref block.Ready;
}

/// <summary>Connections that may have something to send.</summary>
internal sealed class OutputList : BlockList
{
    protected override ref TcpControlBlock.ListLinks Links(TcpControlBlock block) => ref block.Output;
}

/// <summary>Connections of a kind, each in one such list at most: half open, waiting to be accepted, or in TIME_WAIT.</summary>
internal sealed class KinList : BlockList
{
    protected override ref TcpControlBlock.ListLinks Links(TcpControlBlock block) => ref block.Kin;
}
