using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Protocols.Icmp;

namespace Morgana.Protocols.Udp;

/// <summary>A bound UDP port with its receive queue. Loop's thread only.</summary>
public sealed class UdpEndpoint
{
    private const int ErrorLimit = 8;

    private readonly UdpStack _stack;
    private readonly Queue<(PacketBuffer Payload, IpEndpoint From, IpEndpoint To, int Link)> _queue = new();
    private readonly Queue<UdpPathError> _errors = new();

    internal UdpEndpoint(UdpStack stack, IpEndpoint local, UdpBindOptions options)
    {
        _stack = stack;
        Local = local;
        Address = local.Address;
        Options = options;
        SharesFlows = options.ReusePort;
    }

    /// <summary>Where it is bound; the address is 0.0.0.0 for any of ours.</summary>
    public IpEndpoint Local { get; }

    /// <summary>How it is bound. Limits, broadcast and time to live may change later; what was bound as a router's stays one.</summary>
    public UdpBindOptions Options { get; set; }

    /// <summary>Whose datagrams it takes alone, or null for anybody's.</summary>
    public IpEndpoint? Peer { get; private set; }

    /// <summary>The address that it takes datagrams for: the bound one, or the one that it speaks to its peer from.</summary>
    public IpAddress Address { get; private set; }

    /// <summary>The edge's object.</summary>
    public object? Owner { get; set; }

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed { get; internal set; }

    /// <summary>Datagrams that wait.</summary>
    public int QueuedDatagrams => _queue.Count;

    /// <summary>Octets of pool blocks that wait.</summary>
    public int QueuedOctets { get; private set; }

    /// <summary>Datagrams that were dropped since the queue was full.</summary>
    public long Overflows { get; private set; }

    internal UdpEndpoint? Next { get; set; }

    internal bool IsReady { get; set; }

    internal bool SharesFlows { get; }

    /// <summary>Takes the datagrams of <paramref name="peer"/> alone from now on; what waits already stays.</summary>
    /// <param name="peer">Whose.</param>
    /// <param name="address">The address that it speaks from: what comes to another is not for it any more.</param>
    public void Connect(IpEndpoint peer, IpAddress address)
    {
        Peer = peer;
        if (Address.IsAny) Address = address;
    }

    /// <summary>Takes anybody's datagrams again.</summary>
    public void Disconnect() => (Peer, Address) = (null, Local.Address);

    /// <summary>The next datagram.</summary>
    /// <param name="payload">Its data; the caller owns it now.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="to">The address and port that it was sent to.</param>
    public bool TryReceive([NotNullWhen(true)] out PacketBuffer? payload, out IpEndpoint from, out IpEndpoint to) => TryReceive(out payload, out from, out to, out _);

    /// <inheritdoc cref="TryReceive(out PacketBuffer?, out IpEndpoint, out IpEndpoint)"/>
    /// <param name="payload">Its data; the caller owns it now.</param>
    /// <param name="from">Who sent it.</param>
    /// <param name="to">The address and port that it was sent to.</param>
    /// <param name="link">The number of the link that it came by; -1 from the host itself.</param>
    public bool TryReceive([NotNullWhen(true)] out PacketBuffer? payload, out IpEndpoint from, out IpEndpoint to, out int link)
    {
        bool any = _queue.TryDequeue(out var datagram);
        (payload, from, to, link) = any ? datagram : (null, default, default, 0);
        if (any) AddQueued(-payload!.MemorySize);
        return any;
    }

    /// <summary>The next error about a datagram sent from here.</summary>
    public bool TryTakeError(out UdpPathError error) => _errors.TryDequeue(out error);

    /// <summary>Sends a copy of <paramref name="payload"/>, in fragments if need be.</summary>
    /// <param name="payload">At most 65,507 octets.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="from">The sender; where its address is any, or its port 0, what fits is chosen. Only routers may name foreign ones.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it was dropped at once (and counted), or none.</returns>
    public DropReason Send(ReadOnlySpan<byte> payload, IpEndpoint to, IpEndpoint from, Instant now) => _stack.Send(this, payload, to, from, now);

    /// <summary>Sends from where it is bound.</summary>
    public DropReason Send(ReadOnlySpan<byte> payload, IpEndpoint to, Instant now) => _stack.Send(this, payload, to, Local, now);

    /// <summary>Unbinds it and releases what waits.</summary>
    public void Close() => _stack.Close(this);

    internal DropReason Enqueue(PacketBuffer payload, IpEndpoint from, IpEndpoint to, int link, int cost)
    {
        if (_queue.Count >= Options.QueueDatagrams || QueuedOctets + cost > Options.QueueOctets)
        {
            Overflows++;
            return DropReason.SocketQueueFull;
        }

        _queue.Enqueue((payload, from, to, link));
        AddQueued(cost);
        return DropReason.None;
    }

    internal bool AddError(in UdpPathError error)
    {
        if (_errors.Count >= ErrorLimit) return false;
        _errors.Enqueue(error);
        return true;
    }

    internal void Clear()
    {
        while (TryReceive(out var payload, out _, out _)) payload.Release();
    }

    private void AddQueued(int octets)
    {
        QueuedOctets += octets;
        _stack.QueuedOctets += octets;
    }
}
