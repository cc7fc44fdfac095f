using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;

namespace Morgana.Gateway.Tcp;

/// <summary>A port of the host whose connections lead to a port of the guest.</summary>
internal sealed class PublishedTcpPort : IHostOperationOwner, ILoopFlow
{
    private const int Backlog = 512;

    private readonly GatewayLoop _loop;
    private readonly TcpRelays _relays;
    private readonly Socket _listener;
    private readonly HostOperation _accept;
    private readonly ushort _guestPort;
    private bool _closed;

    /// <summary>Takes the host port.</summary>
    /// <exception cref="PortInUseException">It is taken.</exception>
    public PublishedTcpPort(GatewayLoop loop, TcpRelays relays, IPEndPoint hostLocal, ushort guestPort)
    {
        (_loop, _relays, _guestPort) = (loop, relays, guestPort);
        _accept = new HostOperation(loop, this);
        _listener = new Socket(hostLocal.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(hostLocal);
            _listener.Listen(Backlog);
        }
        catch (SocketException e)
        {
            _listener.Dispose();
            throw new PortInUseException(hostLocal, "tcp", e);
        }

        Endpoint = (IPEndPoint)_listener.LocalEndPoint!;
    }

    /// <summary>The host port, chosen by the host if 0 was asked for.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>The guest's port.</summary>
    public ushort GuestPort => _guestPort;

    /// <summary>Whether it was said that the guest refuses.</summary>
    public bool IsExplained { get; set; }

    /// <summary>Whether the host has let go of the listener.</summary>
    public bool IsIdle => !_accept.IsPending;

    /// <summary>Accepts what waits, and waits for more. While the gateway is full, connections wait in the host's backlog.</summary>
    public void Pump(Instant now)
    {
        if (_closed || _accept.IsPending) return;
        for (int budget = 64; budget > 0; budget--)
        {
            if (!_relays.HasRoom(now))
            {
                _relays.AcceptLater(now);
                return;
            }

            if (_accept.TryAccept(_listener)) return;
            if (!TakeAccepted(now)) return;
        }

        _loop.Again(this);
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now)
    {
        if (_closed)
        {
            operation.AcceptSocket?.Dispose();
            return;
        }

        if (TakeAccepted(now)) Pump(now);
    }

    /// <summary>Gives the host port back.</summary>
    public void Close()
    {
        _closed = true;
        _listener.Dispose();
    }

    private bool TakeAccepted(Instant now)
    {
        if (_accept.SocketError != SocketError.Success)
        {
            _loop.Counters.TcpFailed++;
            _relays.AcceptLater(now);                   // Without descriptors, for example.
            return false;
        }

        var host = _accept.AcceptSocket!;
        _accept.AcceptSocket = null;
        _relays.OnHostConnects(host, _guestPort, now);
        return true;
    }
}
