using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Dns;
using Morgana.Gateway.Loop;
using Morgana.Network;
using Morgana.Protocols.Udp;

namespace Morgana.Gateway.Udp;

/// <summary>A guest's datagrams on their way to somewhere.</summary>
/// <param name="Guest">The guest's endpoint.</param>
/// <param name="Remote">Where it sends, as it sees it.</param>
internal readonly record struct UdpFlowKey(IpEndpoint Guest, IpEndpoint Remote)
{
    /// <summary>The generated hash is five times slower.</summary>
    public override int GetHashCode()
    {
        ulong mixed = (Guest.Address.Low ^ ((ulong)Guest.Port << 32)) * 0x9E37_79B9_7F4A_7C15;
        mixed = (mixed ^ (mixed >> 29) ^ Remote.Address.Low ^ ((ulong)Remote.Port << 32)) * 0xBF58_476D_1CE4_E5B9;
        return (int)(mixed >> 32);
    }
}

/// <summary>All relayed datagrams: the guest's mappings to the outside, published ports, and questions for names.</summary>
internal sealed class UdpRelays : ILoopService
{
    private readonly GatewayLoop _loop;
    private readonly GatewayOptions _options;
    private readonly HostPolicy _policy;
    private readonly DnsRelay _dns;
    private readonly UdpEndpoint _endpoint;
    private readonly FlowTable<UdpMapping> _table;
    private readonly Dictionary<UdpFlowKey, UdpMapping> _mappings = [];
    private readonly List<PublishedUdpPort> _ports = [];
    private bool _stopped;

    public UdpRelays(GatewayLoop loop, GatewayOptions options, HostPolicy policy, ResolverList resolvers)
    {
        (_loop, _options, _policy) = (loop, options, policy);
        _table = new(options.MaxUdpFlows);
        _dns = new DnsRelay(loop, this, options, resolvers);
        _endpoint = GatewayStack.BindEverything(loop.Stack.Udp, options);
    }

    /// <inheritdoc/>
    public bool IsIdle => _table.IsIdle && _dns.IsIdle && _ports.All(p => p.IsIdle);

    /// <inheritdoc/>
    public void Poll(Instant now)
    {
        while (_endpoint.TryReceive(out var payload, out var from, out var to))
        {
            int length = payload!.Length;
            payload.CopyTo(0, _loop.Scratch.AsSpan(0, length));
            payload.Release();
            OnGuestDatagram(from, to, _loop.Scratch.AsSpan(0, length), now);
        }
    }

    /// <inheritdoc/>
    public Instant NextSweep
    {
        get
        {
            var next = Instant.Min(_table.WhenIdleFor(_options.UdpIdleTimeout), _dns.NextSweep);
            foreach (var port in _ports) next = Instant.Min(next, port.NextSweep);
            return next;
        }
    }

    /// <inheritdoc/>
    public void Sweep(Instant now)
    {
        while (_table.Oldest is { } oldest && now - oldest.LastActive >= _options.UdpIdleTimeout) oldest.Abort(now);
        foreach (var port in _ports) port.Sweep(now);
        _dns.Sweep(now);
    }

    /// <inheritdoc/>
    public void Stop(Instant now)
    {
        _stopped = true;
        foreach (var port in _ports) port.Close();
        foreach (var mapping in _table.Snapshot()) mapping.Abort(now);
        _dns.Stop(now);
        _endpoint.Close();
    }

    /// <summary>Begins to relay a published port.</summary>
    public void Add(PublishedUdpPort port, Instant now)
    {
        _ports.Add(port);
        if (_stopped) port.Close();
        else port.Pump(now);
    }

    /// <summary>Sends a datagram to the guest.</summary>
    public void SendToGuest(IpEndpoint from, IpEndpoint guest, ReadOnlySpan<byte> payload, Instant now)
    {
        if (_endpoint.Send(payload, guest, from, now) == DropReason.None) _loop.Counters.UdpToGuest++;
        else _loop.Counters.UdpDropped++;
    }

    /// <summary>Whether a published port shows one of its peers to the guest's <paramref name="guestPort"/> as <paramref name="port"/>.</summary>
    public bool IsPeer(ushort guestPort, ushort port)
    {
        foreach (var published in _ports)
            if (published.IsPeer(guestPort, port)) return true;
        return false;
    }

    /// <summary>The mapping was used.</summary>
    public void Touch(UdpMapping mapping, Instant now) => _table.Touch(mapping, now);

    /// <summary>The mapping has ended.</summary>
    public void Remove(UdpMapping mapping)
    {
        _mappings.Remove(mapping.Key);
        _table.Remove(mapping);
        CountFlows();
    }

    /// <summary>An ended mapping's last host operation is over.</summary>
    public void OnDrained() => _table.OnDrained();

    /// <summary>The number of flows has changed.</summary>
    public void CountFlows() => Volatile.Write(ref _loop.Counters.UdpFlows, _table.Count + _ports.Sum(p => p.PeerCount));

    private void OnGuestDatagram(IpEndpoint from, IpEndpoint to, ReadOnlySpan<byte> payload, Instant now)
    {
        if (to.Address == _options.DnsAddress)
        {
            if (to.Port == 53) _dns.Ask(from, payload, now);
            else _loop.Counters.UdpDropped++;
            return;
        }

        if (to.Address == _options.Address)
        {
            foreach (var port in _ports)
                if (port.TryReply(from, to.Port, payload, now)) return;
        }

        var key = new UdpFlowKey(from, to);
        if (_mappings.TryGetValue(key, out var mapping) || TryOpen(key, now, out mapping))
        {
            mapping!.Send(payload, now);
            mapping.Pump(now);                          // After that: it uses the scratch memory in which the payload lies.
            return;
        }

        _loop.Counters.UdpDropped++;
    }

    private bool TryOpen(UdpFlowKey key, Instant now, out UdpMapping? mapping)
    {
        mapping = null;
        if (key.Remote.Port == 0 || !_policy.TryTranslate(key.Remote.Address, now, out var outside)) return false;
        if (_table.IsFull)
        {
            _loop.Counters.UdpEvicted++;
            _table.Oldest?.Abort(now);
            if (_table.IsFull) return false;
        }

        try
        {
            mapping = new UdpMapping(_loop, this, key, outside);
        }
        catch (SocketException)
        {
            // No route from this host, or no descriptor left.
            return false;
        }

        _mappings.Add(key, mapping);
        _table.Add(mapping, now);
        CountFlows();
        return true;
    }
}
