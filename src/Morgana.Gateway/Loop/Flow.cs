using Morgana.Core;

namespace Morgana.Gateway.Loop;

/// <summary>Something that is relayed between the guest and one host socket, and which a <see cref="FlowTable{T}"/> bounds.</summary>
internal abstract class Flow
{
    /// <summary>When something last went over.</summary>
    public Instant LastActive { get; internal set; }

    /// <summary>The flow's place in the table's order of use.</summary>
    internal LinkedListNode<Flow>? Node { get; set; }

    /// <summary>Whether no host operation uses the flow's memory any more.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>Ends the flow from our side, and removes it from its table.</summary>
    public abstract void Abort(Instant now);
}

/// <summary>The flows of one kind, from the longest idle to the latest used, and how many there may be. Loop's thread only.</summary>
internal sealed class FlowTable<T>(int limit) where T : Flow
{
    /// <summary>The order of use is kept to this precision, so that a fast flow does not move about with each packet.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromMilliseconds(100);

    private readonly LinkedList<Flow> _flows = new();
    private int _draining;

    /// <summary>Flows in the table.</summary>
    public int Count => _flows.Count;

    /// <summary>Whether another flow is one too many. Closed flows whose sockets are still letting go, which they do at once, do not count.</summary>
    public bool IsFull => _flows.Count >= limit;

    /// <summary>Whether no host operation is under way for a flow that was removed.</summary>
    public bool IsIdle => _flows.Count == 0 && _draining == 0;

    /// <summary>The flow that has been idle for longest.</summary>
    public T? Oldest => (T?)_flows.First?.Value;

    /// <summary>When the flow that has been idle for longest will have been so for <paramref name="limit"/>; never if there is none.</summary>
    public Instant WhenIdleFor(TimeSpan limit) => Oldest is { } oldest ? oldest.LastActive + limit : Instant.Never;

    /// <summary>The flows, oldest first, as they are now: they may be aborted meanwhile.</summary>
    public T[] Snapshot() => [.. _flows.Cast<T>()];

    /// <summary>Adds a flow as the latest used.</summary>
    public void Add(T flow, Instant now)
    {
        flow.LastActive = now;
        flow.Node = _flows.AddLast(flow);
    }

    /// <summary>The flow was used.</summary>
    public void Touch(T flow, Instant now)
    {
        if (now - flow.LastActive >= Precision) Renew(flow, now);
    }

    /// <summary>The flow begins to wait again, from exactly now.</summary>
    public void Renew(T flow, Instant now)
    {
        if (flow.Node is null) return;
        flow.LastActive = now;
        _flows.Remove(flow.Node);
        _flows.AddLast(flow.Node);
    }

    /// <summary>The flow has ended. If the host still uses its memory, <see cref="OnDrained"/> is to follow.</summary>
    public void Remove(T flow)
    {
        if (flow.Node is null) return;
        _flows.Remove(flow.Node);
        flow.Node = null;
        if (!flow.IsIdle) _draining++;
    }

    /// <summary>A removed flow's last host operation has ended.</summary>
    public void OnDrained() => _draining--;
}
