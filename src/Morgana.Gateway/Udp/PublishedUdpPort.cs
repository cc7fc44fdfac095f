using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;

namespace Morgana.Gateway.Udp;

/// <summary>A UDP port of the host whose datagrams go to a port of the guest. Each peer is shown to the guest as a port of the gateway's.</summary>
internal sealed class PublishedUdpPort : IHostOperationOwner, ILoopFlow
{
    /// <summary>RFC 6056 3.2: the ephemeral ports.</summary>
    private const int FirstPort = 49152;

    private const int TurnBudget = 64;

    private readonly GatewayLoop _loop;
    private readonly UdpRelays _relays;
    private readonly GatewayOptions _options;
    private readonly Socket _host;
    private readonly HostOperation _readable;
    private readonly SocketAddress _from;
    private readonly ushort _guestPort;
    private readonly FlowTable<Peer> _table;
    private readonly Dictionary<SocketAddress, Peer> _byAddress = [];
    private readonly Dictionary<ushort, Peer> _byPort = [];
    private ushort _nextPort = FirstPort;
    private bool _closed;

    /// <summary>Takes the host port.</summary>
    /// <exception cref="PortInUseException">It is taken.</exception>
    public PublishedUdpPort(GatewayLoop loop, UdpRelays relays, GatewayOptions options, IPEndPoint hostLocal, ushort guestPort)
    {
        (_loop, _relays, _options, _guestPort) = (loop, relays, options, guestPort);
        _table = new(options.MaxUdpFlows);
        _readable = new HostOperation(loop, this);
        _host = new Socket(hostLocal.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            _host.Bind(hostLocal);
        }
        catch (SocketException e)
        {
            _host.Dispose();
            throw new PortInUseException(hostLocal, "udp", e);
        }

        Endpoint = (IPEndPoint)_host.LocalEndPoint!;
        _from = Endpoint.Serialize();
    }

    /// <summary>The host port, chosen by the host if 0 was asked for.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Peers that the guest can answer now.</summary>
    public int PeerCount => _table.Count;

    /// <summary>Whether the guest's answers to <paramref name="port"/> go out here.</summary>
    public bool IsPeer(ushort guestPort, ushort port) => guestPort == _guestPort && _byPort.ContainsKey(port);

    /// <summary>Whether the host has let go of the socket.</summary>
    public bool IsIdle => !_readable.IsPending;

    /// <inheritdoc/>
    public void Pump(Instant now)
    {
        if (_closed || _readable.IsPending) return;
        for (int budget = TurnBudget; budget > 0; budget--)
        {
            // Asking first saves the exception with which the host's library would say that nothing waits.
            if (_host.Available == 0 && !_host.Poll(0, SelectMode.SelectRead))
            {
                if (_readable.TryWaitReadable(_host)) return;
                continue;
            }

            if (!TryReceive(out int length)) continue;
            var peer = FindPeer(now);
            _table.Touch(peer, now);
            var guest = new IpEndpoint(_options.GuestAddress, _guestPort);
            _relays.SendToGuest(new IpEndpoint(_options.Address, peer.Port), guest, _loop.Scratch.AsSpan(0, length), now);
        }

        _loop.Again(this);
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now) => Pump(now);

    /// <summary>Sends the guest's answer to the peer that the guest knows as <paramref name="port"/>, if there is one.</summary>
    public bool TryReply(IpEndpoint guest, ushort port, ReadOnlySpan<byte> payload, Instant now)
    {
        if (guest.Port != _guestPort || !_byPort.TryGetValue(port, out var peer)) return false;
        _table.Touch(peer, now);
        try
        {
            _host.SendTo(payload, SocketFlags.None, peer.Address);
            _loop.Counters.UdpToHost++;
        }
        catch (SocketException)
        {
            _loop.Counters.UdpDropped++;            // Its queue is full, or there is no way to the peer any more.
        }

        return true;
    }

    /// <summary>When <see cref="Sweep"/> is to be called.</summary>
    public Instant NextSweep => _table.WhenIdleFor(_options.UdpIdleTimeout);

    /// <summary>Forgets peers that have been silent.</summary>
    public void Sweep(Instant now)
    {
        while (_table.Oldest is { } oldest && now - oldest.LastActive >= _options.UdpIdleTimeout) oldest.Abort(now);
    }

    /// <summary>Gives the host port back.</summary>
    public void Close()
    {
        _closed = true;
        _host.Dispose();
        foreach (var peer in _table.Snapshot()) Forget(peer);
    }

    private bool TryReceive(out int length)
    {
        length = 0;
        try
        {
            length = _host.ReceiveFrom(_loop.Scratch, SocketFlags.None, _from);
            return true;
        }
        catch (SocketException)
        {
            _loop.Counters.UdpDropped++;
            return false;
        }
    }

    private Peer FindPeer(Instant now)
    {
        if (_byAddress.TryGetValue(_from, out var known)) return known;
        if (_table.IsFull)
        {
            _loop.Counters.UdpEvicted++;
            _table.Oldest!.Abort(now);
        }

        // Where every port is another's already, somebody's answers go astray; ours must be nobody's here.
        for (int tries = ushort.MaxValue - FirstPort; tries > 0 && _relays.IsPeer(_guestPort, _nextPort); tries--) _nextPort = NextPort(_nextPort);
        if (_byPort.TryGetValue(_nextPort, out var taken)) taken.Abort(now);
        var address = new SocketAddress(_from.Family, _from.Size);
        _from.Buffer.Span[.._from.Size].CopyTo(address.Buffer.Span);
        var peer = new Peer(this, address, _nextPort);
        _nextPort = NextPort(_nextPort);
        _byAddress.Add(address, peer);
        _byPort.Add(peer.Port, peer);
        _table.Add(peer, now);
        _relays.CountFlows();
        return peer;
    }

    private void Forget(Peer peer)
    {
        _byAddress.Remove(peer.Address);
        _byPort.Remove(peer.Port);
        _table.Remove(peer);
        _relays.CountFlows();
    }

    private static ushort NextPort(ushort port) => port == ushort.MaxValue ? (ushort)FirstPort : (ushort)(port + 1);

    private sealed class Peer(PublishedUdpPort owner, SocketAddress address, ushort port) : Flow
    {
        public SocketAddress Address => address;

        public ushort Port => port;

        public override bool IsIdle => true;

        public override void Abort(Instant now) => owner.Forget(this);
    }
}
