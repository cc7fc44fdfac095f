using System.IO.Pipelines;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.HostSockets;

/// <summary>A connection of the host, as pipes that keep the contract of ours: completing the output sends FIN, disposal closes.</summary>
internal sealed class HostTcpConnection : TcpConnection
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _output;
    private readonly Pipe _input;
    private readonly Task _sending;
    private readonly Task _receiving;
    private int _disposed;
    private volatile bool _aborted;

    public HostTcpConnection(Socket socket, TcpConnectOptions options)
    {
        _socket = socket;
        _socket.NoDelay = options.NoDelay;
        if (options.KeepAlive is { } idle)
        {
            _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)idle.TotalSeconds));
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, (int)options.KeepAliveInterval.TotalSeconds));
            _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveProbes);
        }

        LocalEndpoint = HostNetworkStack.FromHost(socket.LocalEndPoint);
        RemoteEndpoint = HostNetworkStack.FromHost(socket.RemoteEndPoint);
        _output = new(new(pauseWriterThreshold: options.SendBuffer, resumeWriterThreshold: options.SendBuffer / 2, useSynchronizationContext: false));
        _input = new(new(pauseWriterThreshold: options.ReceiveBuffer, resumeWriterThreshold: options.ReceiveBuffer / 2, useSynchronizationContext: false));
        _sending = SendAsync();
        _receiving = ReceiveAsync();
        _ = CloseAfterBothAsync();
    }

    public override PipeReader Input => _input.Reader;

    public override PipeWriter Output => _output.Writer;

    public override IpEndpoint LocalEndpoint { get; }

    public override IpEndpoint RemoteEndpoint { get; }

    public override CancellationToken Closed => _closed.Token;

    public override void Abort()
    {
        _aborted = true;
        // Closing with a linger of zero is how a reset is asked for: socket(7), SO_LINGER.
        _socket.Close(0);
        _closed.Cancel();
    }

    /// <summary>What was flushed is still delivered: by the host, after this has returned.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _input.Reader.CompleteAsync().ConfigureAwait(false);
        // Nobody reads any more: the peer hears of it at its next segment, as RFC 2525 2.17 asks.
        _ = _sending.ContinueWith(_ => _socket.Dispose(), TaskScheduler.Default);
    }

    private async Task SendAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                var result = await _output.Reader.ReadAsync().ConfigureAwait(false);
                foreach (var piece in result.Buffer)
                    for (var rest = piece; rest.Length > 0; rest = rest[await _socket.SendAsync(rest, SocketFlags.None).ConfigureAwait(false)..])
                    {
                    }

                _output.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted) break;
            }

            if (!_aborted) _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            error = Translate(e);
        }

        await _output.Reader.CompleteAsync(error).ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        try
        {
            while (true)
            {
                int count = await _socket.ReceiveAsync(_input.Writer.GetMemory(), SocketFlags.None).ConfigureAwait(false);
                if (count == 0) break;
                _input.Writer.Advance(count);
                if ((await _input.Writer.FlushAsync().ConfigureAwait(false)).IsCompleted) break;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Our own disposal ends the wait, too.
            error = Volatile.Read(ref _disposed) != 0 ? null : Translate(e);
        }

        await _input.Writer.CompleteAsync(error).ConfigureAwait(false);
    }

    private async Task CloseAfterBothAsync()
    {
        await Task.WhenAll(_sending, _receiving).ConfigureAwait(false);
        await _closed.CancelAsync().ConfigureAwait(false);
    }

    private IOException Translate(Exception e)
    {
        var cause = e as SocketException ?? new SocketException((int)(_aborted ? SocketError.ConnectionAborted : SocketError.OperationAborted));
        return new(cause.Message, cause);
    }
}
