using System.IO.Pipelines;
using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>A TCP connection as the application sees it: a pipe in each direction, or a <see cref="Stream"/>.</summary>
/// <remarks>
/// It may be used from any thread, by one reader and one writer at a time. Completing <see cref="Output"/> sends a FIN after what was
/// written; <see cref="DisposeAsync"/> gives the connection up: what was flushed is still delivered, and data that comes afterwards, or was
/// left unread, is answered with a reset (RFC 2525 2.17).
/// </remarks>
public abstract class TcpConnection : IDuplexPipe, IAsyncDisposable
{
    /// <summary>What the peer sends. Its end is the peer's FIN.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>What is sent to the peer. <c>FlushAsync</c> waits while the send buffer is full.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>Our address and port.</summary>
    public abstract IpEndpoint LocalEndpoint { get; }

    /// <summary>The peer's address and port.</summary>
    public abstract IpEndpoint RemoteEndpoint { get; }

    /// <summary>Cancelled when the connection is over: closed on both sides, reset, or timed out.</summary>
    public abstract CancellationToken Closed { get; }

    /// <summary>The connection as a stream; disposing of the stream closes the connection.</summary>
    public Stream AsStream() => new TcpConnectionStream(this);

    /// <summary>Ends the connection at once with a reset; what was not delivered is lost. Any thread.</summary>
    public abstract void Abort();

    /// <summary>Closes both directions. What was flushed is still delivered after this has returned.</summary>
    public abstract ValueTask DisposeAsync();
}
