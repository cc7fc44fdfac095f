using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;
using TcpListener = Morgana.Sockets.TcpListener;

namespace Morgana.HostSockets;

/// <summary>A listening socket of the host.</summary>
internal sealed class HostTcpListener(Socket socket, TcpConnectOptions options) : TcpListener
{
    private int _stopped;

    public override IpEndpoint LocalEndpoint { get; } = HostNetworkStack.FromHost(socket.LocalEndPoint);

    public override async ValueTask<TcpConnection?> AcceptAsync(CancellationToken cancel = default)
    {
        while (Volatile.Read(ref _stopped) == 0)
        {
            try
            {
                return new HostTcpConnection(await socket.AcceptAsync(cancel).ConfigureAwait(false), options);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument })
            {
                return null;        // Stopped meanwhile.
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NotConnected)
            {
                // It was gone before it was accepted: accept(2). The next one may be better.
            }
        }

        return null;
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0) socket.Dispose();
        return default;
    }
}
