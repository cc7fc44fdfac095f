using System.Net;
using Microsoft.AspNetCore.Connections;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>Kestrel's transport on an <see cref="INetworkStack"/>.</summary>
/// <param name="network">The stack.</param>
/// <param name="limit">What all of its ports share.</param>
/// <param name="options">Buffers and the clock.</param>
public sealed class MorganaTransportFactory(INetworkStack network, ConnectionLimit limit, MorganaTransportOptions options)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<IpEndpoint, PortListener> _ports = [];

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint ip) throw new NotSupportedException($"{endpoint.GetType().Name} is not an IP endpoint.");
        var local = ip.ToMorgana();
        if (endpoint is not MorganaEndPoint half) return new WholePortListener(await network.ListenAsync(local, options.Listener, cancellationToken), limit);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // The second half joins the first. A port of 0 names no port yet, so halves cannot find each other by it.
            if (local.Port == 0) throw new NotSupportedException("A port shared by HTTP/1.1 and HTTP/2 has to be named.");
            if (!_ports.TryGetValue(local, out var port) || port.IsStopped)
                _ports[local] = port = new PortListener(await network.ListenAsync(local, options.Listener, cancellationToken), limit, options.Clock);
            return port.Take(half);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A port with one endpoint.</summary>
    private sealed class WholePortListener(TcpListener listener, ConnectionLimit limit) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = listener.LocalEndpoint.ToSystem();

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await listener.AcceptAsync(cancellationToken) is { } connection)
            {
                if (limit.TryEnter()) return new MorganaConnectionContext(connection, limit);
                connection.Abort();
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.DisposeAsync();

        public ValueTask DisposeAsync() => listener.DisposeAsync();
    }
}
