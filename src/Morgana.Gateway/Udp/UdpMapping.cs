using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;

namespace Morgana.Gateway.Udp;

/// <summary>One flow of datagrams between a guest's endpoint and a remote one, through a connected host socket of its own.</summary>
/// <remarks>
/// The socket is connected, so the host's kernel keeps strangers out (address and port-dependent filtering, RFC 4787 5) and tells about
/// unreachable peers.
/// </remarks>
internal sealed class UdpMapping : Flow, IHostOperationOwner, ILoopFlow
{
    private const int TurnBudget = 64;

    private readonly GatewayLoop _loop;
    private readonly UdpRelays _relays;
    private readonly Socket _host;
    private readonly HostOperation _readable;
    private bool _closed;

    /// <summary>Opens the host's socket.</summary>
    /// <exception cref="SocketException">The host has no way there, or no descriptor left.</exception>
    public UdpMapping(GatewayLoop loop, UdpRelays relays, UdpFlowKey key, Ipv4Address outside)
    {
        (_loop, _relays, Key) = (loop, relays, key);
        _readable = new HostOperation(loop, this);
        _host = HostDatagrams.Connect(new IPEndPoint(outside.ToHost(), key.Remote.Port), ProtocolType.Udp);
    }

    /// <summary>Between whom.</summary>
    public UdpFlowKey Key { get; }

    /// <inheritdoc/>
    public override bool IsIdle => !_readable.IsPending;

    /// <summary>Sends the guest's datagram. A full host socket drops it, as a link would.</summary>
    public void Send(ReadOnlySpan<byte> payload, Instant now)
    {
        if (_closed) return;
        _host.Send(payload, SocketFlags.None, out var error);
        // An earlier datagram's ICMP error is told here, and this one was not sent: try once more.
        if (error == SocketError.ConnectionRefused) _host.Send(payload, SocketFlags.None, out error);
        if (error == SocketError.Success) _loop.Counters.UdpToHost++;
        else _loop.Counters.UdpDropped++;
        _relays.Touch(this, now);
    }

    /// <inheritdoc/>
    public void Pump(Instant now)
    {
        if (_closed || _readable.IsPending) return;
        for (int budget = TurnBudget; budget > 0; budget--)
        {
            int length = _host.Receive(_loop.Scratch, SocketFlags.None, out var error);
            if (error == SocketError.Success)
            {
                _relays.SendToGuest(Key.Remote, Key.Guest, _loop.Scratch.AsSpan(0, length), now);
                _relays.Touch(this, now);
            }
            else if (error == SocketError.WouldBlock && _readable.TryWaitReadable(_host))
            {
                return;
            }
        }

        _loop.Again(this);
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now)
    {
        if (_closed) _relays.OnDrained();
        else Pump(now);                                 // An error too is taken by the next read.
    }

    /// <inheritdoc/>
    public override void Abort(Instant now)
    {
        if (_closed) return;
        _closed = true;
        _host.Dispose();
        _relays.Remove(this);
    }
}

/// <summary>Host sockets for datagrams.</summary>
internal static class HostDatagrams
{
    /// <summary>A socket that does not block, connected to <paramref name="remote"/>.</summary>
    /// <exception cref="SocketException">The host has no way there, does not let this user, or has no descriptor left.</exception>
    public static Socket Connect(IPEndPoint remote, ProtocolType protocol)
    {
        var socket = new Socket(remote.AddressFamily, SocketType.Dgram, protocol);
        try
        {
            socket.Blocking = false;
            socket.Connect(remote);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
