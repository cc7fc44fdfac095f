using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Connections;

namespace HttpCases;

/// <summary>A transport for SignalR's client: WebSockets without a negotiation before.</summary>
internal sealed class WebSocketFactory : IConnectionFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(((UriEndPoint)endpoint).Uri, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new Connection(socket);
    }

    private sealed class Connection : DefaultConnectionContext
    {
        private readonly ClientWebSocket _socket;
        private readonly CancellationTokenSource _over = new();
        private readonly Task _running;

        public Connection(ClientWebSocket socket)
        {
            _socket = socket;
            var pair = DuplexPipe(new PipeOptions(useSynchronizationContext: false));
            Transport = pair.Mine;
            _running = Task.WhenAll(ReceiveAsync(pair.Its.Output), SendAsync(pair.Its.Input));
        }

        public override async ValueTask DisposeAsync()
        {
            await Transport.Output.CompleteAsync();
            await Transport.Input.CompleteAsync();
            await _running;
            _socket.Dispose();
            _over.Dispose();
        }

        private static (IDuplexPipe Mine, IDuplexPipe Its) DuplexPipe(PipeOptions options)
        {
            Pipe there = new(options), back = new(options);
            return (new Ends(back.Reader, there.Writer), new Ends(there.Reader, back.Writer));
        }

        private async Task ReceiveAsync(PipeWriter output)
        {
            Exception? failure = null;
            try
            {
                while (true)
                {
                    var read = await _socket.ReceiveAsync(output.GetMemory(4096), _over.Token);
                    if (read.MessageType == WebSocketMessageType.Close) break;
                    output.Advance(read.Count);
                    if ((await output.FlushAsync()).IsCompleted) break;
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                failure = e is WebSocketException ? e : null;
            }

            await output.CompleteAsync(failure);
        }

        private async Task SendAsync(PipeReader input)
        {
            try
            {
                for (bool isLast = false; !isLast;)
                {
                    var read = await input.ReadAsync();
                    isLast = read.IsCompleted;
                    foreach (var piece in read.Buffer) await _socket.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
                    if (!read.Buffer.IsEmpty) await _socket.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                    input.AdvanceTo(read.Buffer.End);
                }

                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                // It is broken: the other direction says so. Where that knows already, a send is a canceled one.
            }

            await input.CompleteAsync();
            // The other side has a while to say goodbye.
            _over.CancelAfter(TimeSpan.FromSeconds(2));
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
