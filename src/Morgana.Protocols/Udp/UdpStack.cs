using System.Diagnostics.CodeAnalysis;
using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;
using Morgana.Wire.Ip;
using Morgana.Wire.Udp;

namespace Morgana.Protocols.Udp;

/// <summary>UDP of one host (RFC 768; RFC 1122 4.1): endpoints, their queues, and the choice of ports. Loop's thread only.</summary>
public sealed partial class UdpStack
{
    private const int Buckets = 1024;

    private readonly UdpStackOptions _options;
    private readonly BufferPool _pool;
    private readonly int _queueLimit;
    private readonly IIpOutput _output;
    private readonly DropCounters _drops;
    private readonly KeyedHash _portHash;
    private readonly UdpEndpoint?[] _byPort = new UdpEndpoint?[Buckets];
    private readonly Queue<UdpEndpoint> _ready = new();
    private readonly Func<IpAddress, bool> _isOwn;
    private UdpEndpoint? _router;
    private ulong _portCounter;

    /// <summary>UDP over <paramref name="output"/>.</summary>
    /// <param name="options">Limits.</param>
    /// <param name="pool">Where packets come from.</param>
    /// <param name="secret">At least 16 octets, for the choice of ports (RFC 6056).</param>
    /// <param name="output">The way down.</param>
    /// <param name="isOwn">Whether an address is one of the host's.</param>
    /// <param name="drops">Where drops are counted.</param>
    public UdpStack(UdpStackOptions options, BufferPool pool, ReadOnlySpan<byte> secret, IIpOutput output, Func<IpAddress, bool> isOwn, DropCounters drops)
    {
        _options = options;
        _pool = pool;
        _queueLimit = Math.Min(options.QueuedOctets, pool.Capacity / 4 * PoolBlock.Size);
        _output = output;
        _isOwn = isOwn;
        _drops = drops;
        _portHash = new(secret, 0x7564_7020_706F_7274);
    }

    /// <summary>Endpoints that are bound.</summary>
    public int Count { get; private set; }

    /// <summary>The endpoints that are bound now. Allocates; not for the packet path.</summary>
    public IReadOnlyList<UdpEndpoint> Endpoints
    {
        get
        {
            var endpoints = new List<UdpEndpoint>(Count);
            foreach (var head in _byPort)
                for (var endpoint = head; endpoint is not null; endpoint = endpoint.Next) endpoints.Add(endpoint);
            return endpoints;
        }
    }

    /// <summary>Octets of pool blocks in all receive queues.</summary>
    public int QueuedOctets { get; internal set; }

    /// <summary>Datagrams that were put into a queue.</summary>
    public long Received { get; private set; }

    /// <summary>Datagrams for a port where nobody is.</summary>
    public long NoPorts { get; private set; }

    /// <summary>Datagrams to groups, or to everybody, that nobody wanted.</summary>
    public long IgnoredGroups { get; private set; }

    /// <summary>Datagrams that could not be delivered for another reason: damaged ones, and those whose receiver was full.</summary>
    public long Errors { get; private set; }

    /// <summary>Of these, those whose checksum was wrong.</summary>
    public long BadChecksums { get; private set; }

    /// <summary>Of these, those whose receiver was full.</summary>
    public long Overflows { get; private set; }

    /// <summary>Datagrams that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Binds an endpoint.</summary>
    /// <param name="local">The address, or any; the port, or 0 for an ephemeral one.</param>
    /// <param name="options">How.</param>
    /// <param name="endpoint">The endpoint.</param>
    public UdpBindError TryBind(IpEndpoint local, UdpBindOptions options, [NotNullWhen(true)] out UdpEndpoint? endpoint)
    {
        endpoint = null;
        if (Count >= _options.Endpoints) return UdpBindError.TooManyEndpoints;
        if (options.AnyAddressAnyPort) return BindRouter(options, out endpoint);
        if (local.Address == default) local = local with { Address = Ipv4Address.Any };
        if (!CanBind(local.Address)) return UdpBindError.AddressNotAvailable;
        if (local.Port == 0 && !TryChoosePort(ref local, options)) return UdpBindError.NoPort;
        if (IsTaken(local, options)) return UdpBindError.AddressInUse;
        endpoint = new(this, local, options) { Next = _byPort[local.Port % Buckets] };
        _byPort[local.Port % Buckets] = endpoint;
        Count++;
        return UdpBindError.None;
    }

    /// <summary>Handles a datagram that begins at its UDP header.</summary>
    /// <param name="source">Who sent it.</param>
    /// <param name="destination">Whom it was sent to.</param>
    /// <param name="isGroup">Whether that is a group, or everybody.</param>
    /// <param name="isOwn">Whether that is one of the host's own addresses.</param>
    /// <param name="datagram">The datagram.</param>
    /// <param name="now">The time.</param>
    /// <param name="link">The number of the link that it came by; -1 from the host itself.</param>
    /// <returns>Why it was dropped, or none. At <see cref="DropReason.NoSocket"/> the datagram is untouched and stays the caller's, who quotes it
    /// in an ICMP error, and counts; otherwise it was taken over and drops were counted.</returns>
    public DropReason HandleDatagram(IpAddress source, IpAddress destination, bool isGroup, bool isOwn, PacketBuffer datagram, Instant now, int link = 0)
    {
        if (!datagram.TryPullUp(UdpHeader.Size)) return Drop(DropReason.Truncated, datagram);
        var reason = UdpDatagram.Parse(datagram.Span, datagram.Length, out var view);
        if (reason != DropReason.None) return Drop(reason, datagram);
        int length = view.Length;
        var from = new IpEndpoint(source, view.SourcePort);
        var to = new IpEndpoint(destination, view.DestinationPort);
        ushort checksum = view.Checksum;
        if (to.Port == 0) return Drop(DropReason.BadPort, datagram);
        // RFC 768: zero means that the sender made none. RFC 1122 4.1.3.4: a wrong one is dropped without a word.
        if (checksum != 0 && !datagram.Offload.ChecksumVerified)
        {
            if (datagram.Length > length) datagram.Truncate(length);
            if (InternetChecksum.Finish(datagram.Sum(0, InternetChecksum.PseudoHeader(source, destination, IpProtocol.Udp, length))) != 0)
                return Drop(DropReason.BadChecksum, datagram);
        }

        if (isGroup)
        {
            reason = DeliverToAll(datagram, length, from, to, link);
            if (reason == DropReason.NoSocket) IgnoredGroups++;
            return reason;
        }

        var endpoint = Demultiplex(to, from, isOwn) ?? _router;
        if (endpoint is not null) return Deliver(endpoint, datagram, length, from, to, link);
        NoPorts++;
        return DropReason.NoSocket;
    }

    /// <summary>Hands an ICMP error to the endpoint that sent the datagram.</summary>
    public DropReason HandlePathError(in PathError error)
    {
        var endpoint = Demultiplex(error.Local, error.Remote, true) ?? _router;
        if (endpoint is null) return _drops.Count(DropReason.UnmatchedError);
        if (!endpoint.AddError(new(error.Kind, error.Remote, error.Mtu))) return _drops.Count(DropReason.QueueFull);
        MarkReady(endpoint);
        return DropReason.None;
    }

    /// <summary>Whether <see cref="TryTakeReady"/> has something to tell.</summary>
    public bool HasNews => _ready.Count > 0;

    /// <summary>An endpoint that has datagrams or errors to take: each once until it is read empty or more comes.</summary>
    public bool TryTakeReady([NotNullWhen(true)] out UdpEndpoint? endpoint)
    {
        while (_ready.TryDequeue(out endpoint))
        {
            endpoint.IsReady = false;
            if (!endpoint.IsClosed) return true;
        }

        return false;
    }

    internal DropReason Send(UdpEndpoint endpoint, ReadOnlySpan<byte> payload, IpEndpoint to, IpEndpoint from, Instant now)
    {
        if (endpoint.IsClosed) return _drops.Count(DropReason.NoSocket);
        if (to.Port == 0) return _drops.Count(DropReason.BadPort);
        if (payload.Length > UdpHeader.MaximumPayload) return _drops.Count(DropReason.TooBig);
        if (from.Port == 0) from = new(from.Address, endpoint.Local.Port);
        if (from.Address.IsAny) from = new(endpoint.Local.Address, from.Port);
        bool isGroup = to.Address.IsMulticast;
        if (isGroup && from.Address.IsAny && endpoint.Options.GroupSource is { } named) from = new(named, from.Port);
        // RFC 1122 4.1.3.6: no datagram goes out from an address which is not ours; routers speak for others.
        if (from.Address.IsAny || (!endpoint.Options.AnyAddressAnyPort && !_isOwn(from.Address)))
        {
            // An endpoint that is bound to a group, or to everybody, speaks from an address nevertheless.
            if (!from.Address.IsAny && !from.Address.IsMulticast && !_output.IsBroadcast(from.Address)) return _drops.Count(DropReason.BadSource);
            if (!(isGroup ? _output.TrySelectSource(to.Address, endpoint.Options.GroupLink, out var source) : _output.TrySelectSource(to.Address, out source)))
                return _drops.Count(DropReason.NoRoute);
            from = new(source, from.Port);
        }

        if (!endpoint.Options.AllowBroadcast && _output.IsBroadcast(to.Address)) return _drops.Count(DropReason.NoRoute);
        if (!_pool.TryRentPacket(PacketBuffer.Headroom, out var packet)) return _drops.Count(DropReason.NoBuffer);
        if (!packet.TryAppend(payload))
        {
            packet.Release();
            return _drops.Count(DropReason.NoBuffer);
        }

        new UdpHeader(from.Port, to.Port).PushTo(packet, from.Address, to.Address);
        Sent++;
        var route = new IpRoute(from.Address, to.Address, IpProtocol.Udp)
        {
            TimeToLive = isGroup ? endpoint.Options.GroupTimeToLive : endpoint.Options.TimeToLive,
            Link = isGroup ? endpoint.Options.GroupLink : null,
            IsLooped = endpoint.Options.IsLooped,
        };
        return _output.Send(route, packet, now);
    }

    internal void Close(UdpEndpoint endpoint)
    {
        if (endpoint.IsClosed) return;
        endpoint.IsClosed = true;
        endpoint.Clear();
        Count--;
        if (_router == endpoint)
        {
            _router = null;
            return;
        }

        ref var head = ref _byPort[endpoint.Local.Port % Buckets];
        if (head == endpoint)
        {
            head = endpoint.Next;
            return;
        }

        var before = head!;
        while (before.Next != endpoint) before = before.Next!;
        before.Next = endpoint.Next;
    }

    private UdpBindError BindRouter(UdpBindOptions options, out UdpEndpoint? endpoint)
    {
        endpoint = null;
        if (_router is not null) return UdpBindError.AddressInUse;
        endpoint = _router = new(this, new(Ipv4Address.Any, 0), options);
        Count++;
        return UdpBindError.None;
    }

    // RFC 6056 3.3.1: a random place to start from, then the next that is free.
    private bool TryChoosePort(ref IpEndpoint local, UdpBindOptions options)
    {
        var (first, last) = options.EphemeralPorts;
        int count = last - first + 1;
        int start = (int)(_portHash.Of(_portCounter++, local.Address.Low) % (ulong)Math.Max(1, count));
        for (int i = 0; i < count; i++)
        {
            local = local with { Port = (ushort)(first + ((start + i) % count)) };
            if (!IsTaken(local, UdpBindOptions.Default)) return true;
        }

        return false;
    }

    private void MarkReady(UdpEndpoint endpoint)
    {
        if (endpoint.IsReady) return;
        endpoint.IsReady = true;
        _ready.Enqueue(endpoint);
    }

    private DropReason Drop(DropReason reason, PacketBuffer datagram)
    {
        datagram.Release();
        Errors++;
        if (reason == DropReason.BadChecksum) BadChecksums++;
        else if (reason is DropReason.SocketQueueFull or DropReason.NoBuffer) Overflows++;
        return _drops.Count(reason);
    }
}
