// The echo service of RFC 862: what comes over TCP or in a UDP datagram goes back to where it came from.
using System.Buffers;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Hosting;
using Morgana.Sockets;
using TcpListener = Morgana.Sockets.TcpListener;

return await Unikernel.RunAsync(
    ServeAsync,
    new BootArgument("port", "PORT", "Where TCP and UDP are echoed", "7"),
    new BootArgument("connections", "COUNT", "TCP connections at once; further ones wait", "1000"),
    new BootArgument("patience", "HH:MM:SS", "How long a TCP peer may say nothing", "00:05:00"));

static async Task<int> ServeAsync(UnikernelContext context, CancellationToken stop)
{
    var local = new IpEndpoint(Ipv4Address.Any, context.Arguments.Get<ushort>("port"));
    await using var listener = await context.Network.ListenAsync(local, cancel: stop);
    await using var socket = await context.Network.BindAsync(local, stop);
    Console.WriteLine($"echoing TCP and UDP on port {local.Port}");

    var datagrams = EchoDatagramsAsync(socket, stop);
    await EchoConnectionsAsync(listener, context.Arguments.Get<ushort>("connections"), context.Arguments.Get<TimeSpan>("patience"), stop);
    await datagrams;
    return 0;
}

static async Task EchoConnectionsAsync(TcpListener listener, int limit, TimeSpan patience, CancellationToken stop)
{
    var places = new SemaphoreSlim(limit);
    while (!stop.IsCancellationRequested)
    {
        await places.WaitAsync(stop);               // Whoever does not get in waits in the listener's backlog.
        if (await listener.AcceptAsync(stop) is not { } connection) break;
        _ = EchoConnectionAsync(connection, patience, stop).ContinueWith(_ => places.Release(), TaskScheduler.Default);
    }
}

static async Task EchoConnectionAsync(TcpConnection connection, TimeSpan patience, CancellationToken stop)
{
    using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
    await using (connection)
    {
        try
        {
            for (bool open = true; open;)
            {
                silence.CancelAfter(patience);
                var received = await connection.Input.ReadAsync(silence.Token);
                foreach (var piece in received.Buffer) connection.Output.Write(piece.Span);
                // Flushed before it is called read: a peer that does not take its echo is not read from either, and memory stays bounded.
                var sent = await connection.Output.FlushAsync(silence.Token);
                connection.Input.AdvanceTo(received.Buffer.End);
                open = !received.IsCompleted && !sent.IsCompleted;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            connection.Abort();                     // The peer has gone, or was silent for too long: nothing is left to deliver.
        }
    }
}

static async Task EchoDatagramsAsync(UdpSocket socket, CancellationToken stop)
{
    byte[] buffer = new byte[ushort.MaxValue];
    while (!stop.IsCancellationRequested)
    {
        try
        {
            var datagram = await socket.ReceiveAsync(buffer, stop);
            // A server's answer to our answer would come back, and so on for ever: somebody may have forged the first.
            if (datagram.From.Port < 1024) continue;
            await socket.SendAsync(buffer.AsMemory(0, datagram.Length), datagram.From, stop);
        }
        catch (SocketException)
        {
            // A reply that found nobody, or no room: datagrams may be lost, and the others go on.
        }
    }
}
