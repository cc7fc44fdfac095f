using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>Accepts TCP connections, of whichever network stack gave it. Any thread; several may accept at once.</summary>
public abstract class TcpListener : IAsyncDisposable
{
    /// <summary>Where it listens; the port that was chosen, if 0 was asked for.</summary>
    public abstract IpEndpoint LocalEndpoint { get; }

    /// <summary>The next connection, in the order in which their handshakes were completed; null once the listener is stopped.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled; no connection is lost by it.</exception>
    public abstract ValueTask<TcpConnection?> AcceptAsync(CancellationToken cancel = default);

    /// <summary>Stops listening. Connections that nobody has accepted are reset; accepted ones go on.</summary>
    public abstract ValueTask DisposeAsync();
}
