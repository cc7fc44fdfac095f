using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Dns;
using Morgana.Gateway.Loop;
using Morgana.Protocols.Tcp;

namespace Morgana.Gateway.Tcp;

/// <summary>All relayed TCP connections: those that the guest opens to the outside, and those that come in at published ports.</summary>
internal sealed class TcpRelays : ILoopService
{
    /// <summary>How soon a host that had no descriptor for a connection is asked again.</summary>
    private static readonly TimeSpan AcceptAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>At the limit, a relay gives way to a new one if nothing went over for so long.</summary>
    private static readonly TimeSpan MayBeEvicted = TimeSpan.FromMinutes(1);

    private readonly GatewayLoop _loop;
    private readonly GatewayOptions _options;
    private readonly HostPolicy _policy;
    private readonly ResolverList _resolvers;
    private readonly FlowTable<TcpRelay> _table;
    private readonly List<PublishedTcpPort> _ports = [];
    private readonly TcpListenSocket _listener;
    private readonly LinkedList<TcpRelay> _opening = new();
    private Instant _acceptAgain = Instant.Never;
    private bool _stopped;
    private List<TcpRelay> _waitingForMemory = [];
    private List<TcpRelay> _retrying = [];

    public TcpRelays(GatewayLoop loop, GatewayOptions options, HostPolicy policy, ResolverList resolvers)
    {
        (_loop, _options, _policy, _resolvers) = (loop, options, policy, resolvers);
        _table = new(options.MaxTcpFlows);
        _listener = GatewayStack.ListenToEverything(loop.Stack.Tcp, options);
    }

    /// <inheritdoc/>
    public bool IsIdle => _table.IsIdle && _ports.All(p => p.IsIdle);

    /// <inheritdoc/>
    public void Poll(Instant now)
    {
        var tcp = _loop.Stack.Tcp;
        while (tcp.TryTakeReady(out var tcb))
        {
            var events = tcb!.TakeEvents();
            if (tcb.Owner is TcpRelay relay) relay.OnGuestEvents(events, now);
            else if (tcb.Owner is GuestProbe probe) probe.OnEvents(tcb, events, now);
            else if ((events & TcpEvents.Closed) != 0) tcb.Owner = null;
            else if ((events & TcpEvents.HandshakeRequested) != 0) OnGuestConnects(tcb, now);
        }

        RetryWaiting(now);
    }

    /// <inheritdoc/>
    public Instant NextSweep => Instant.Min(_acceptAgain, _opening.First is { } first ? first.Value.OpenedAt + _options.ConnectTimeout : Instant.Never);

    /// <inheritdoc/>
    public void Sweep(Instant now)
    {
        while (_opening.First is { } first && now - first.Value.OpenedAt >= _options.ConnectTimeout)
        {
            _loop.Counters.TcpFailed++;
            first.Value.Abort(now);
        }

        if (now < _acceptAgain) return;
        _acceptAgain = Instant.Never;
        foreach (var port in _ports) port.Pump(now);
    }

    /// <inheritdoc/>
    public void Stop(Instant now)
    {
        _stopped = true;
        foreach (var port in _ports) port.Close();
        foreach (var relay in _table.Snapshot()) relay.Abort(now);
        _listener.Close(now);
    }

    /// <summary>Begins to accept at a published port.</summary>
    public void Add(PublishedTcpPort port, Instant now)
    {
        _ports.Add(port);
        if (_stopped) port.Close();
        else port.Pump(now);
    }

    /// <summary>A connection came in at a published port: the guest's end is opened now.</summary>
    public void OnHostConnects(Socket host, ushort guestPort, Instant now)
    {
        var local = new IpEndpoint(_options.Address, 0);
        var guest = new IpEndpoint(_options.GuestAddress, guestPort);
        if (!TryMakeRoom(now) || _loop.Stack.Tcp.TryConnect(local, guest, _loop.Mtu, GatewayStack.ConnectionOptions, now, out var tcb) != TcpConnectError.None)
        {
            Reset(host);
            return;
        }

        Add(new TcpRelay(_loop, this, host, tcb!, now), now);
        _loop.Counters.TcpOpened++;
    }

    /// <summary>Nobody listens where a published port leads. The host's client sees a reset at best: so it is said, once for each port.</summary>
    public void OnGuestRefuses(ushort guestPort)
    {
        if (_ports.Find(p => p.GuestPort == guestPort) is not { IsExplained: false } port) return;
        port.IsExplained = true;
        _options.Log?.Invoke($"Nobody listens on the guest's TCP port {guestPort}, to which {port.Endpoint} leads: not yet, or on another port (--publish {port.Endpoint.Port}:PORT), or on the guest's loopback alone.");
    }

    /// <summary>Whether one more connection could be taken.</summary>
    public bool HasRoom(Instant now) => !_table.IsFull || now - _table.Oldest!.LastActive >= MayBeEvicted;

    /// <summary>A port did not accept all that waits, for want of room or of the host's descriptors: it is to be tried again.</summary>
    public void AcceptLater(Instant now) => _acceptAgain = Instant.Min(_acceptAgain, now + AcceptAgain);

    /// <summary>Octets went over.</summary>
    public void Touch(TcpRelay relay, Instant now) => _table.Touch(relay, now);

    /// <summary>The relay waits until the pool has memory.</summary>
    public void RetryWhenMemory(TcpRelay relay) => _waitingForMemory.Add(relay);

    /// <summary>The relay is open, or has ended.</summary>
    public void RemoveOpening(TcpRelay relay)
    {
        if (relay.Opening.List is not null) _opening.Remove(relay.Opening);
    }

    /// <summary>The relay has ended.</summary>
    public void Remove(TcpRelay relay)
    {
        RemoveOpening(relay);
        _table.Remove(relay);
        Volatile.Write(ref _loop.Counters.TcpFlows, _table.Count);
    }

    /// <summary>An ended relay's last host operation is over.</summary>
    public void OnDrained() => _table.OnDrained();

    private void OnGuestConnects(TcpControlBlock guest, Instant now)
    {
        var remotes = FindHostSide(guest.Local, now);
        if (_stopped || remotes.Count == 0)
        {
            _loop.Counters.TcpRefusedByPolicy++;
            guest.Abort(now);
            return;
        }

        if (!TryMakeRoom(now))
        {
            guest.Abort(now);
            return;
        }

        Socket host;
        try
        {
            host = TcpRelay.OpenSocket(remotes[0]);
        }
        catch (SocketException)
        {
            // The host has no descriptor left for us.
            _loop.Counters.TcpFailed++;
            guest.Abort(now);
            return;
        }

        var relay = new TcpRelay(_loop, this, host, guest, now);
        Add(relay, now);
        relay.ConnectHost(remotes[0], remotes.Skip(1), now);
    }

    /// <summary>Where to connect to for a guest that wants <paramref name="destination"/>; nowhere if it may not.</summary>
    private IReadOnlyList<IPEndPoint> FindHostSide(IpEndpoint destination, Instant now)
    {
        if (destination.Address == _options.DnsAddress) return destination.Port == 53 ? _resolvers.Get(now) : [];
        if (!_policy.TryTranslate(destination.Address, now, out var outside)) return [];
        return [new IPEndPoint(outside.ToHost(), destination.Port)];
    }

    private void Add(TcpRelay relay, Instant now)
    {
        _table.Add(relay, now);
        _opening.AddLast(relay.Opening);
        Volatile.Write(ref _loop.Counters.TcpFlows, _table.Count);
    }

    private bool TryMakeRoom(Instant now)
    {
        if (!_table.IsFull) return true;
        _loop.Counters.TcpEvicted++;
        if (!HasRoom(now)) return false;
        _table.Oldest!.Abort(now);
        return !_table.IsFull;
    }

    private void RetryWaiting(Instant now)
    {
        if (_waitingForMemory.Count == 0 || !_loop.HasMemory) return;
        (_retrying, _waitingForMemory) = (_waitingForMemory, _retrying);
        foreach (var relay in _retrying) relay.RetryWithMemory(now);
        _retrying.Clear();
    }

    private static void Reset(Socket host)
    {
        host.LingerState = new LingerOption(true, 0);
        host.Dispose();
    }
}
