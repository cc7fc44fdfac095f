using System.Diagnostics.CodeAnalysis;
using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>A listener: LISTEN of RFC 9293 3.3.2, with the connections that peers have begun and nobody has accepted.</summary>
public sealed class TcpListenSocket
{
    private readonly TcpStack _stack;
    internal readonly KinList HalfOpen = new(), Acceptable = new();

    internal TcpListenSocket(TcpStack stack, IpEndpoint local, TcpListenOptions options)
    {
        _stack = stack;
        Local = local;
        Options = options;
        if (options.ConnectionsPerSource is { } limit) Sources = new(stack.SourceComparer, limit);
    }

    /// <summary>Where it listens.</summary>
    public IpEndpoint Local { get; }

    /// <summary>What it allows.</summary>
    public TcpListenOptions Options { get; }

    /// <summary>The edge's object.</summary>
    public object? Owner { get; set; }

    /// <summary>Connections that are half open.</summary>
    public int HalfOpenCount => HalfOpen.Count;

    /// <summary>Connections that wait to be accepted.</summary>
    public int AcceptableCount => Acceptable.Count;

    /// <summary>Null where sources are not counted.</summary>
    internal SourceCounts? Sources { get; }

    internal bool IsClosed { get; private set; }

    internal bool IsReady { get; set; }

    /// <summary>Takes the oldest connection that waits. What has happened to it meanwhile comes as events.</summary>
    public bool TryAccept([NotNullWhen(true)] out TcpControlBlock? tcb)
    {
        tcb = Acceptable.First;
        if (tcb is null) return false;
        Acceptable.Remove(tcb);
        tcb.Listener = null;
        tcb.IsAppOwned = true;
        if (tcb.HasEvents) _stack.AddReady(tcb);
        return true;
    }

    /// <summary>Stops listening. Connections that nobody has accepted are reset.</summary>
    public void Close(Instant now)
    {
        if (IsClosed) return;
        IsClosed = true;
        while (HalfOpen.First is { } half) half.Drop(now);
        while (Acceptable.First is { } waiting) waiting.Drop(now);
        _stack.RemoveListener(this);
    }
}
