using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;

namespace Morgana.Gateway.Icmp;

/// <summary>Who pings whom.</summary>
internal readonly record struct EchoKey(IpAddress Guest, IpAddress Remote, ushort Identifier);

/// <summary>The guest's pings to the outside, through ICMP sockets that need no privilege (icmp(7)), where the host lets this user have them.</summary>
internal sealed class EchoRelay : ILoopService
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    private readonly GatewayLoop _loop;
    private readonly GatewayOptions _options;
    private readonly HostPolicy _policy;
    private readonly FlowTable<EchoFlow> _table;
    private readonly Dictionary<EchoKey, EchoFlow> _flows = [];
    private bool _explained;
    private bool _stopped;

    public EchoRelay(GatewayLoop loop, GatewayOptions options, HostPolicy policy)
    {
        (_loop, _options, _policy) = (loop, options, policy);
        _table = new(options.MaxPings);
        loop.Stack.Icmp.TakesRequests = true;
    }

    /// <inheritdoc/>
    public bool IsIdle => _table.IsIdle;

    /// <inheritdoc/>
    public void Poll(Instant now)
    {
        while (_loop.Stack.Icmp.TryTakeRequest(out var request))
        {
            int length = request.Payload.Length;
            var message = _loop.Scratch.AsSpan(0, EchoFlow.HeaderSize + length);
            request.Payload.CopyTo(0, message[EchoFlow.HeaderSize..]);
            request.Payload.Release();
            var key = new EchoKey(request.From, request.To, request.Identifier);
            if (_flows.TryGetValue(key, out var flow) || (!_stopped && TryOpen(key, now, out flow))) flow!.Send(message, request.Sequence, now);
            else _loop.Counters.PingsDropped++;
        }
    }

    /// <inheritdoc/>
    public Instant NextSweep => _table.WhenIdleFor(IdleTimeout);

    /// <inheritdoc/>
    public void Sweep(Instant now)
    {
        while (_table.Oldest is { } oldest && now - oldest.LastActive >= IdleTimeout) oldest.Abort(now);
    }

    /// <inheritdoc/>
    public void Stop(Instant now)
    {
        _stopped = true;
        foreach (var flow in _table.Snapshot()) flow.Abort(now);
    }

    /// <summary>The host has answered.</summary>
    public void Answer(EchoKey key, ushort sequence, ReadOnlySpan<byte> payload, Instant now) =>
        _loop.Stack.Icmp.SendEchoReply(key.Remote, key.Guest, key.Identifier, sequence, payload, now);

    /// <summary>The flow was used.</summary>
    public void Touch(EchoFlow flow, Instant now) => _table.Touch(flow, now);

    /// <summary>The flow has ended.</summary>
    public void Remove(EchoFlow flow)
    {
        _flows.Remove(flow.Key);
        _table.Remove(flow);
    }

    /// <summary>An ended flow's last host operation is over.</summary>
    public void OnDrained() => _table.OnDrained();

    private bool TryOpen(EchoKey key, Instant now, out EchoFlow? flow)
    {
        flow = null;
        if (!_policy.TryTranslate(key.Remote, now, out var outside)) return false;
        if (_table.IsFull) _table.Oldest?.Abort(now);
        if (_table.IsFull) return false;
        try
        {
            flow = new EchoFlow(_loop, this, key, outside);
        }
        catch (SocketException e)
        {
            if (!_explained && e.SocketErrorCode == SocketError.AccessDenied)
            {
                _explained = true;
                _options.Log?.Invoke("The guest's pings to the outside get no answer: this user may not ping (sysctl net.ipv4.ping_group_range).");
            }

            return false;
        }

        _flows.Add(key, flow);
        _table.Add(flow, now);
        return true;
    }
}
