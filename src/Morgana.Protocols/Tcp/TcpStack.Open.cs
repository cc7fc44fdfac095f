using System.Diagnostics.CodeAnalysis;
using Morgana.Core;

namespace Morgana.Protocols.Tcp;

// Listeners, and connections that we open.
public sealed partial class TcpStack
{
    private readonly Dictionary<ListenKey, TcpListenSocket> _listeners = [];
    private readonly Queue<TcpListenSocket> _readyListeners = new();

    /// <summary>Listens (RFC 9293 3.10.1, passive).</summary>
    /// <param name="local">
    /// Where. An address of <c>0.0.0.0</c> means any IPv4 address, <c>::</c> any address of both versions; with such an address, port 0
    /// means every port that nobody else listens at, for routers. The most exact listener gets a SYN.
    /// </param>
    /// <param name="options">Backlogs, and what each connection gets.</param>
    /// <param name="listener">The listener.</param>
    public TcpListenError TryListen(IpEndpoint local, TcpListenOptions options, out TcpListenSocket? listener)
    {
        listener = null;
        if (local.Port == 0 && !local.Address.IsAny) return TcpListenError.BadPort;
        var created = new TcpListenSocket(this, local, options);
        if (!_listeners.TryAdd(new(local), created)) return TcpListenError.AddressInUse;
        listener = created;
        return TcpListenError.None;
    }

    /// <summary>Takes a listener that has something to accept; accept until there is nothing.</summary>
    public bool TryTakeReadyListener([NotNullWhen(true)] out TcpListenSocket? l)
    {
        while (_readyListeners.TryDequeue(out l))
        {
            l.IsReady = false;
            if (!l.IsClosed) return true;
        }

        return false;
    }

    /// <summary>Opens a connection (RFC 9293 3.10.1, active).</summary>
    /// <param name="local">Our end; port 0 to have one chosen (RFC 6056).</param>
    /// <param name="remote">The peer's end.</param>
    /// <param name="mtu">The MTU of the way to it.</param>
    /// <param name="options">What the connection may use.</param>
    /// <param name="now">The time.</param>
    /// <param name="tcb">The connection, in SYN_SENT.</param>
    public TcpConnectError TryConnect(IpEndpoint local, IpEndpoint remote, int mtu, TcpConnectionOptions options, Instant now, out TcpControlBlock? tcb)
    {
        tcb = null;
        if (local.Address.IsAny || !CanBePeer(remote.Address) || remote.Port == 0 || local.Address.IsIpv4 != remote.Address.IsIpv4)
            return TcpConnectError.BadAddress;
        if (local.Port == 0)
        {
            if (!TryChoosePort(local.Address, remote, out ushort port)) return TcpConnectError.NoPort;
            local = new(local.Address, port);
        }

        var tuple = new TcpTuple(local.Address, local.Port, remote.Address, remote.Port);
        uint hash = _table.Hash(tuple);
        if (_table.Find(tuple, hash) is not null) return TcpConnectError.AddressInUse;
        tcb = Allocate(tuple, hash, local, remote, mtu, options, null, now);
        if (tcb is null) return TcpConnectError.ConnectionLimit;
        Statistics.ActiveOpens++;
        tcb.OpenActive(now);
        return TcpConnectError.None;
    }

    // RFC 9293 3.9.2.3 (MUST-46): an OPEN to whom nobody can be is refused at once, since its SYN would only be repeated in silence.
    // That is groups, and what IP takes no packet from (RFC 1122 3.2.1.3): 0.0.0.0/8 and 240.0.0.0/4, the broadcast address included; and
    // everybody on the link of the host to itself.
    private static bool CanBePeer(IpAddress address) =>
        !address.IsAny && !address.IsMulticast
        && !(address.IsIpv4 && (address.Ipv4.Value >> 24 == 0 || address.Ipv4.Value >> 28 == 0xF || address.Ipv4.Value == 0x7FFF_FFFF));

    internal void AddReadyListener(TcpListenSocket listener)
    {
        if (listener.IsReady) return;
        listener.IsReady = true;
        _readyListeners.Enqueue(listener);
    }

    /// <summary>Who listens now. Allocates; not for the packet path.</summary>
    public IReadOnlyList<TcpListenSocket> Listeners => [.. _listeners.Values];

    /// <summary>All connections now, in every state. Allocates; not for the packet path.</summary>
    public IReadOnlyList<TcpControlBlock> Connections => _table.All();

    internal void RemoveListener(TcpListenSocket listener) => _listeners.Remove(new(listener.Local));

    private TcpListenSocket? FindListener(IpEndpoint local)
    {
        if (_listeners.Count == 0) return null;
        if (FindListenerOfPort(local) is { } listener) return listener;
        if (_listeners.TryGetValue(new(new(AnyOf(local.Address), 0)), out listener)) return listener;
        return _listeners.GetValueOrDefault(new(new(Ipv6Address.Any, 0)));
    }

    private TcpListenSocket? FindListenerOfPort(IpEndpoint local)
    {
        if (_listeners.TryGetValue(new(local), out var listener)) return listener;
        if (_listeners.TryGetValue(new(new(AnyOf(local.Address), local.Port)), out listener)) return listener;
        return _listeners.GetValueOrDefault(new(new(Ipv6Address.Any, local.Port)));
    }

    // A listener for every port is a router's, and in nobody's way.
    private bool IsListenedAt(IpEndpoint local) => _listeners.Count > 0 && FindListenerOfPort(local) is not null;

    private static IpAddress AnyOf(IpAddress address) => address.IsIpv4 ? Ipv4Address.Any : Ipv6Address.Any;

    // RFC 6056 3.3.3: the search begins at a place that differs for each peer and cannot be guessed.
    private bool TryChoosePort(IpAddress local, IpEndpoint remote, out ushort port)
    {
        uint range = (uint)(Options.LastEphemeralPort - Options.FirstEphemeralPort + 1);
        uint start = _identities.PortStart(local, remote);
        for (uint i = 0; i < range; i++)
        {
            port = (ushort)(Options.FirstEphemeralPort + ((start + i) % range));
            // From a listener's port its own clients would come: one that is the peer would be connected to itself (RFC 9293 3.5, simultaneous open).
            if (IsListenedAt(new(local, port)) || (port == remote.Port && local == remote.Address)) continue;
            var tuple = new TcpTuple(local, port, remote.Address, remote.Port);
            if (_table.Find(tuple, _table.Hash(tuple)) is null) return true;
        }

        port = 0;
        return false;
    }

    // Chosen by ourselves, so that a plain hash will do; what a peer chooses is hashed with a key.
    private readonly struct ListenKey(IpEndpoint local) : IEquatable<ListenKey>
    {
        private readonly ulong _high = local.Address.High, _low = local.Address.Low;
        private readonly ushort _port = local.Port;

        public bool Equals(ListenKey other) => _port == other._port && _low == other._low && _high == other._high;

        public override bool Equals(object? obj) => obj is ListenKey key && Equals(key);

        public override int GetHashCode() => (int)(((_high ^ _low) * 0x9E37_79B9_7F4A_7C15) >> 40) ^ _port;
    }
}
