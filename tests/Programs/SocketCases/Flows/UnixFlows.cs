using System.IO.Pipes;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using static SocketCases.UnixStates;

namespace SocketCases;

/// <summary>Sockets of Unix's domain, and what .NET builds upon them.</summary>
internal static class UnixFlows
{
    public static void RunAll()
    {
        Case.Run("unix echo", Echo);
        Case.Run("unix megabyte both ways", Megabyte);
        Case.Run("unix full, then drained", Full);
        Case.Run("unix path in use", () => InUse(Path()));
        Case.Run("unix name without a file in use", () => InUse(Abstract()));
        Case.Run("unix path again after its socket", () => Again(Path()));
        Case.Run("unix name without a file again after its socket", () => Again(Abstract()));
        Case.Run("unix connect to nothing", () => Calls.Tried(() => New(SocketType.Stream).Connect(Path())));
        Case.Run("unix connect to no name", () => Calls.Tried(() => New(SocketType.Stream).Connect(Abstract())));
        Case.Run("unix connect to what does not listen", () => ConnectTo(Bound(SocketType.Stream), SocketType.Stream));
        Case.Run("unix connect to another kind", () => ConnectTo(Bound(SocketType.Dgram), SocketType.Stream));
        Case.Run("unix datagrams to another kind", () => ConnectTo(Listener(), SocketType.Dgram));
        Case.Run("unix connect asynchronously to nothing", async () => await Flow.Outcome(ConnectAsync(Path())));
        Case.Run("unix backlog full", BacklogFull);
        Case.Run("unix connect waits for the backlog", BacklogWaits);
        Case.Run("unix accept ends when the listener is disposed", AcceptDisposed);
        Case.Run("unix receive cancelled", ReceiveCancelled);
        Case.Run("unix receive timeout", ReceiveTimeout);
        Case.Run("unix accepted one's names", Names);
        Case.Run("unix bound client's name", ClientName);
        Case.Run("unix credentials", Credentials);
        Case.Run("unix datagrams", DatagramsTo);
        Case.Run("unix datagram queue full", QueueFull);
        Case.Run("unix datagram waits for room", QueueWaits);
        Case.Run("unix datagram too large", TooLarge);
        Case.Run("unix datagram to a peer that has another", ForeignPeer);
        Case.Run("unix datagram socket connected elsewhere", ConnectedElsewhere);
        Case.Run("unix half-close", HalfClose);
        Case.Run("unix HTTP", Http);
        Case.Run("named pipe", NamedPipe);
    }

    private static async Task<string> Echo()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            int total = 0;
            byte[] buffer = new byte[64];
            for (int i = 0; i < 100; i++)
            {
                var receiving = server.ReceiveAsync(buffer);
                await client.SendAsync(new byte[64]);
                await server.SendAsync(buffer.AsMemory(0, await receiving));
                total += await client.ReceiveAsync(buffer);
            }

            return $"{total}";
        }
    }

    private static async Task<string> Megabyte()
    {
        var (client, server, listener) = Connected();
        using (listener)
        {
            byte[] data = new byte[1 << 20];
            new Random(1).NextBytes(data);
            await using var one = new NetworkStream(client, ownsSocket: true);
            await using var other = new NetworkStream(server, ownsSocket: true);
            byte[] first = new byte[data.Length], second = new byte[data.Length];
            await Task.WhenAll(one.WriteAsync(data).AsTask(), other.WriteAsync(data).AsTask(), one.ReadExactlyAsync(first).AsTask(), other.ReadExactlyAsync(second).AsTask());
            return $"{data.AsSpan().SequenceEqual(first)} {data.AsSpan().SequenceEqual(second)}";
        }
    }

    private static async Task<string> Full()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            client.Blocking = false;
            long sent = 0;
            try
            {
                while (sent < 1L << 30) sent += client.Send(new byte[65536]);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
            }

            bool wasFull = !client.Poll(0, SelectMode.SelectWrite);
            long received = 0;
            byte[] buffer = new byte[65536];
            while (received < sent) received += await server.ReceiveAsync(buffer);
            return $"{wasFull} {sent == received} {client.Poll(5_000_000, SelectMode.SelectWrite)}";
        }
    }

    private static string InUse(UnixDomainSocketEndPoint name)
    {
        using var one = BoundTo(SocketType.Stream, name);
        using var other = New(SocketType.Stream);
        using var datagrams = New(SocketType.Dgram);
        return Calls.Tried(() => other.Bind(name)) + ", " + Calls.Tried(() => datagrams.Bind(name)) + ", " + Calls.Tried(() => one.Bind(name));
    }

    private static string Again(UnixDomainSocketEndPoint name)
    {
        BoundTo(SocketType.Stream, name).Dispose();
        using var other = BoundTo(SocketType.Stream, name);
        return Calls.Tried(() => other.Listen());
    }

    private static string ConnectTo(Socket target, SocketType type)
    {
        using (target)
        {
            using var socket = New(type);
            return Calls.Tried(() => socket.Connect(target.LocalEndPoint!));
        }
    }

    private static async Task<bool> ConnectAsync(EndPoint name)
    {
        using var socket = New(SocketType.Stream);
        await socket.ConnectAsync(name);
        return socket.Connected;
    }

    private static string BacklogFull()
    {
        using var listener = Listener(1);
        var clients = Enumerable.Range(0, 3).Select(_ => New(SocketType.Stream)).ToArray();
        var text = new List<string>();
        foreach (var client in clients)
        {
            client.Blocking = false;
            text.Add(Calls.Tried(() => client.Connect(listener.LocalEndPoint!)));
        }

        listener.Accept().Dispose();
        text.Add(Calls.Tried(() => clients[2].Connect(listener.LocalEndPoint!)));
        foreach (var client in clients) client.Dispose();
        return string.Join(", ", text);
    }

    private static async Task<string> BacklogWaits()
    {
        using var listener = Listener(0);
        using Socket first = New(SocketType.Stream), second = New(SocketType.Stream);
        first.Connect(listener.LocalEndPoint!);
        var connecting = Task.Run(() => second.Connect(listener.LocalEndPoint!));
        using var one = listener.Accept();
        using var other = listener.Accept();
        await connecting;
        return $"{second.Connected}";
    }

    private static async Task<string> AcceptDisposed()
    {
        var listener = Listener();
        var accepting = listener.AcceptAsync();
        listener.Dispose();
        return await Flow.Outcome(accepting);
    }

    private static async Task<string> ReceiveCancelled()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            using var source = new CancellationTokenSource();
            var receiving = client.ReceiveAsync(new byte[4], source.Token).AsTask();
            await source.CancelAsync();
            string first = await Flow.Outcome(receiving);
            await server.SendAsync(new byte[2]);
            return $"{first}, then {await client.ReceiveAsync(new byte[4])}";
        }
    }

    private static string ReceiveTimeout()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            client.ReceiveTimeout = 50;
            return Calls.Tried(() => client.Receive(new byte[1]));
        }
    }

    private static string Names()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            string path = listener.LocalEndPoint!.ToString()!;
            return $"'{client.LocalEndPoint}' {client.RemoteEndPoint!.ToString() == path} {server.LocalEndPoint!.ToString() == path} '{server.RemoteEndPoint}'";
        }
    }

    private static string ClientName()
    {
        using var listener = Listener();
        using var client = Bound(SocketType.Stream);
        client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        return $"{server.RemoteEndPoint!.ToString() == client.LocalEndPoint!.ToString()}";
    }

    // The process, the user and the group at the other end: ourselves.
    private static string Credentials()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener) using (var fresh = New(SocketType.Stream)) using (var tcp = Situation.NewTcp())
        {
            return string.Join(", ", new[] { client, server, fresh, tcp }.Select(s =>
            {
                byte[] credentials = new byte[12];
                s.GetRawSocketOption(1, 17, credentials);
                int process = BitConverter.ToInt32(credentials), user = BitConverter.ToInt32(credentials, 4);
                return $"{process == Environment.ProcessId} {user}";
            }));
        }
    }

    private static string DatagramsTo()
    {
        using Socket one = Bound(SocketType.Dgram), other = Bound(SocketType.Dgram), unnamed = New(SocketType.Dgram);
        other.SendTo([1, 2, 3], one.LocalEndPoint!);
        unnamed.SendTo([4], one.LocalEndPoint!);
        byte[] buffer = new byte[8];
        EndPoint from = new UnixDomainSocketEndPoint("x");
        string first = $"{one.Available} {one.ReceiveFrom(buffer, ref from)} {from.ToString() == other.LocalEndPoint!.ToString()}";
        return $"{first} {one.Receive(buffer)} {one.Available}";
    }

    private static string QueueFull()
    {
        using Socket one = Bound(SocketType.Dgram), other = New(SocketType.Dgram);
        other.Blocking = false;
        int count = 0;
        string end = Calls.Tried(() =>
        {
            for (; count < 1000; count++) other.SendTo([1], one.LocalEndPoint!);
            return "endless";
        });
        one.Receive(new byte[1]);
        return $"{count} {end} {Calls.Tried(() => other.SendTo([1], one.LocalEndPoint!))}";
    }

    private static async Task<string> QueueWaits()
    {
        using Socket one = Bound(SocketType.Dgram), other = New(SocketType.Dgram);
        other.Connect(one.LocalEndPoint!);
        var sending = Task.Run(() =>
        {
            for (int i = 0; i < 100; i++) other.Send([(byte)i]);
        });
        byte[] buffer = new byte[1];
        int inOrder = 0;
        for (int i = 0; i < 100; i++) inOrder += one.Receive(buffer) == 1 && buffer[0] == i ? 1 : 0;
        await sending;
        return $"{inOrder}";
    }

    private static string TooLarge()
    {
        using Socket one = Bound(SocketType.Dgram), other = New(SocketType.Dgram);
        return Calls.Tried(() => other.SendTo(new byte[300_000], one.LocalEndPoint!)) + ", " + Calls.Tried(() => other.SendTo(new byte[100_000], one.LocalEndPoint!));
    }

    private static string ForeignPeer()
    {
        using Socket one = Bound(SocketType.Dgram), peer = Bound(SocketType.Dgram), stranger = New(SocketType.Dgram);
        one.Connect(peer.LocalEndPoint!);
        return Calls.Tried(() => stranger.SendTo([1], one.LocalEndPoint!)) + ", " + Calls.Tried(() => stranger.Connect(one.LocalEndPoint!));
    }

    private static string ConnectedElsewhere()
    {
        using Socket one = Bound(SocketType.Dgram), first = Bound(SocketType.Dgram), second = Bound(SocketType.Dgram);
        one.Connect(first.LocalEndPoint!);
        first.Connect(one.LocalEndPoint!);
        first.Send([7]);
        one.Connect(second.LocalEndPoint!);
        one.Send([5]);
        return $"{second.Available} {one.Available} {Calls.Tried(() => first.Send([1]))}, {Calls.Tried(() => first.Send([1]))}";
    }

    private static async Task<string> HalfClose()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            byte[] buffer = new byte[16];
            var receiving = server.ReceiveAsync(buffer);
            client.Shutdown(SocketShutdown.Send);
            int first = await receiving;
            await server.SendAsync(new byte[5]);
            server.Shutdown(SocketShutdown.Send);
            return $"{first} {await client.ReceiveAsync(buffer)} {await client.ReceiveAsync(buffer)}";
        }
    }

    // An HttpClient that connects as it is told, and a server of a few lines.
    private static async Task<string> Http()
    {
        using var listener = Listener();
        var serving = Task.Run(async () =>
        {
            await using var stream = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
            using var reader = new StreamReader(stream);
            string request = await reader.ReadLineAsync() ?? "";
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray());
            return request;
        });
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = New(SocketType.Stream);
                await socket.ConnectAsync(listener.LocalEndPoint!, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        string answer = await client.GetStringAsync("http://unix/greeting");
        return $"{await serving}: {answer}";
    }

    // On Unix these are sockets, with a path in the temporary folder and a look at who is at the other end.
    private static async Task<string> NamedPipe()
    {
        string name = $"mgs-pipe-{Environment.ProcessId}";
        await using var server = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        var waiting = server.WaitForConnectionAsync();
        await using var client = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        await client.ConnectAsync(10_000);
        await waiting;
        byte[] buffer = new byte[8];
        await client.WriteAsync(new byte[] { 1, 2, 3 });
        int count = await server.ReadAsync(buffer);
        await server.WriteAsync(buffer.AsMemory(0, count));
        return $"{count} {await client.ReadAsync(buffer)} {server.IsConnected}";
    }
}
