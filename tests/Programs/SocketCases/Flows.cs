using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>Stories of several calls: what programs do.</summary>
internal static class Flows
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static void RunAll()
    {
        Case.Run("echo", Echo);
        Case.Run("echo without asynchrony", EchoSync);
        Case.Run("a megabyte both ways", Megabyte);
        Case.Run("half-close", HalfClose);
        Case.Run("forty at once", () => Many(40));
        Case.Run("connect to nobody", ConnectRefused);
        Case.Run("receive cancelled", ReceiveCancelled);
        Case.Run("accept cancelled", AcceptCancelled);
        Case.Run("receive timeout", ReceiveTimeout);
        Case.Run("receive ends when the socket is disposed", ReceiveDisposed);
        Case.Run("accept ends when the listener is disposed", AcceptDisposed);
        Case.Run("blocking receive ends when the socket is disposed", BlockingReceiveDisposed);
        Case.Run("blocking accept ends when the listener is disposed", BlockingAcceptDisposed);
        Case.Run("listener disposed with one waiting", ListenerGone);
        Case.Run("port in use", PortInUse);
        Case.Run("port in use, any address", PortInUseAny);
        Case.Run("port again after its listener", PortAgain);
        Case.Run("select", SelectSockets);
        Case.Run("send file", SendFile);
        Case.Run("scatter and gather", Scatter);
        Case.Run("zero-byte receive", ZeroByte);
        Case.Run("datagrams", Datagrams);
        Case.Run("datagrams without asynchrony", DatagramsSync);
        Case.Run("datagram too large", DatagramTooLarge);
        Case.Run("datagram largest", DatagramLargest);
        Case.Run("datagram truncated", DatagramTruncated);
        Case.Run("datagram to broadcast without permission", BroadcastForbidden);
        Case.Run("datagram to port zero", DatagramToZero);
        Case.Run("packet information", PacketInformation);
        Case.Run("connected datagrams take the peer's alone", PeerAlone);
        Case.Run("datagram socket connected elsewhere", ConnectedElsewhere);
        Case.Run("network stream", NetworkStreams);
        Case.Run("tcp client by name", ClientByName);
        Case.Run("localhost", () => Task.FromResult(string.Join(' ', Dns.GetHostAddresses("localhost", AddressFamily.InterNetwork).Select(a => a.ToString()))));
        Case.Run("literal address", async () => string.Join(' ', (await Dns.GetHostAddressesAsync("127.0.0.9")).Select(a => a.ToString())));
        Case.Run("name that cannot be", async () => $"{(await Dns.GetHostAddressesAsync("no such name.invalid")).Length}");
        Case.Run("accept many without waiting", AcceptBacklog);
        Case.Run("send until full, then drain", Full);
        Case.Run("send timeout", SendTimeout);
        Case.Run("out-of-order completion", OutOfOrder);
        Case.Run("linger with time", Linger);
        Case.Run("abort reaches the peer", Abort);
        Case.Run("keep-alive settings", KeepAlive);
        Case.Run("socket of a handle", OfHandle);
        Case.Run("event arguments", EventArguments);
    }

    private static (Socket Client, Socket Server, Socket Listener) Connected()
    {
        var listener = Listen();
        var client = Situation.NewTcp();
        client.Connect(listener.LocalEndPoint!);
        return (client, listener.Accept(), listener);
    }

    private static Socket Listen(int backlog = 64)
    {
        var listener = Situation.NewTcp();
        listener.Bind(s_any);
        listener.Listen(backlog);
        return listener;
    }

    private static async Task<string> Echo()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            int total = 0;
            for (int i = 0; i < 100; i++)
            {
                byte[] buffer = new byte[64];
                await client.SendAsync(new byte[64]);
                int count = await server.ReceiveAsync(buffer);
                await server.SendAsync(buffer.AsMemory(0, count));
                total += await client.ReceiveAsync(buffer);
            }

            return $"{total}";
        }
    }

    private static string EchoSync()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            var answering = Task.Run(() =>
            {
                byte[] buffer = new byte[64];
                for (int count; (count = server.Receive(buffer)) > 0;) server.Send(buffer, count, SocketFlags.None);
            });
            int total = 0;
            byte[] own = new byte[64];
            for (int i = 0; i < 50; i++)
            {
                client.Send(own);
                total += client.Receive(own);
            }

            client.Shutdown(SocketShutdown.Send);
            answering.Wait();
            return $"{total}";
        }
    }

    private static async Task<string> Megabyte()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            byte[] data = new byte[1 << 20];
            new Random(1).NextBytes(data);
            var one = Exchange(client, data);
            var other = Exchange(server, data);
            return $"{await one} {await other}";
        }
    }

    private static async Task<bool> Exchange(Socket socket, byte[] data)
    {
        using var stream = new NetworkStream(socket, ownsSocket: false);
        var sending = stream.WriteAsync(data).AsTask();
        byte[] received = new byte[data.Length];
        await stream.ReadExactlyAsync(received);
        await sending;
        return received.AsSpan().SequenceEqual(data);
    }

    private static async Task<string> HalfClose()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            await client.SendAsync(new byte[3]);
            client.Shutdown(SocketShutdown.Send);
            byte[] buffer = new byte[16];
            int first = await server.ReceiveAsync(buffer), second = await server.ReceiveAsync(buffer);
            await server.SendAsync(new byte[5]);
            server.Shutdown(SocketShutdown.Send);
            return $"{first} {second} {await client.ReceiveAsync(buffer)} {await client.ReceiveAsync(buffer)}";
        }
    }

    private static async Task<string> Many(int count)
    {
        using var listener = Listen(count);
        var clients = Enumerable.Range(0, count).Select(async i =>
        {
            using var client = Situation.NewTcp();
            await client.ConnectAsync(listener.LocalEndPoint!);
            await client.SendAsync(new[] { (byte)i });
            byte[] answer = new byte[1];
            return await client.ReceiveAsync(answer) == 1 && answer[0] == (byte)(i + 1);
        }).ToArray();
        for (int i = 0; i < count; i++)
        {
            var server = await listener.AcceptAsync();
            _ = Task.Run(async () =>
            {
                byte[] buffer = new byte[1];
                await server.ReceiveAsync(buffer);
                buffer[0]++;
                await server.SendAsync(buffer);
                server.Dispose();
            });
        }

        return $"{(await Task.WhenAll(clients)).Count(b => b)}";
    }

    private static async Task<string> ConnectRefused()
    {
        var gone = Listen();
        var endpoint = gone.LocalEndPoint!;
        gone.Dispose();
        using var client = Situation.NewTcp();
        try
        {
            await client.ConnectAsync(endpoint);
            return "connected";
        }
        catch (SocketException e)
        {
            return $"{e.SocketErrorCode} {client.Connected}";
        }
    }

    private static async Task<string> ReceiveCancelled()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            using var source = new CancellationTokenSource();
            var receiving = client.ReceiveAsync(new byte[4], source.Token).AsTask();
            await source.CancelAsync();
            string first = await Outcome(receiving);
            await server.SendAsync(new byte[2]);
            return $"{first}, then {await client.ReceiveAsync(new byte[4])}";
        }
    }

    private static async Task<string> AcceptCancelled()
    {
        using var listener = Listen();
        using var source = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(source.Token).AsTask();
        await source.CancelAsync();
        string first = await Outcome(accepting);
        using var client = Situation.NewTcp();
        await client.ConnectAsync(listener.LocalEndPoint!);
        using var server = await listener.AcceptAsync();
        return $"{first}, then {server.Connected}";
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

    private static async Task<string> ReceiveDisposed()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            var receiving = client.ReceiveAsync(new byte[1]);
            client.Dispose();
            return await Outcome(receiving);
        }
    }

    private static async Task<string> AcceptDisposed()
    {
        var listener = Listen();
        var accepting = listener.AcceptAsync();
        listener.Dispose();
        return await Outcome(accepting);
    }

    private static async Task<string> BlockingReceiveDisposed()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            var receiving = Task.Run(() => client.Receive(new byte[1]));
            await Task.Delay(100);
            client.Dispose();
            return Ended(await Outcome(receiving));
        }
    }

    private static async Task<string> BlockingAcceptDisposed()
    {
        var listener = Listen();
        var accepting = Task.Run(listener.Accept);
        await Task.Delay(100);
        listener.Dispose();
        return Ended(await Outcome(accepting));
    }

    private static async Task<string> ListenerGone()
    {
        var listener = Listen();
        using var client = Situation.NewTcp();
        await client.ConnectAsync(listener.LocalEndPoint!);
        listener.Dispose();
        return await Outcome(client.ReceiveAsync(new byte[1]));
    }

    private static string PortInUse()
    {
        using var listener = Listen();
        using var other = Situation.NewTcp();
        return Calls.Tried(() => other.Bind(listener.LocalEndPoint!));
    }

    private static string PortInUseAny()
    {
        using var listener = Listen();
        using var other = Situation.NewTcp();
        return Calls.Tried(() => other.Bind(new IPEndPoint(IPAddress.Any, ((IPEndPoint)listener.LocalEndPoint!).Port)));
    }

    private static string PortAgain()
    {
        var listener = Listen();
        var endpoint = listener.LocalEndPoint!;
        listener.Dispose();
        using var other = Situation.NewTcp();
        other.Bind(endpoint);
        other.Listen();
        return $"{other.LocalEndPoint!.Equals(endpoint)}";
    }

    private static string SelectSockets()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            server.Send([1]);
            client.Poll(2_000_000, SelectMode.SelectRead);
            List<Socket> read = [client, server, listener], write = [client, listener], error = [client];
            Socket.Select(read, write, error, 1_000_000);
            string first = $"{read.Count} {read.Contains(client)} {write.Count} {write.Contains(client)} {error.Count}";
            List<Socket> none = [server];
            Socket.Select(none, null, null, 10_000);
            return $"{first} {none.Count}";
        }
    }

    private static async Task<string> SendFile()
    {
        var (client, server, listener) = Connected();
        string path = Path.GetTempFileName();
        using (client) using (server) using (listener)
        {
            byte[] data = new byte[200_000];
            new Random(2).NextBytes(data);
            await File.WriteAllBytesAsync(path, data);
            var sending = client.SendFileAsync(path, new byte[10], new byte[20], TransmitFileOptions.UseDefaultWorkerThread).AsTask();
            byte[] received = new byte[200_030];
            using var stream = new NetworkStream(server, ownsSocket: false);
            await stream.ReadExactlyAsync(received);
            await sending;
            File.Delete(path);
            return $"{received.AsSpan(10, 200_000).SequenceEqual(data)}";
        }
    }

    private static async Task<string> Scatter()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            int sent = await client.SendAsync([new ArraySegment<byte>([1, 2]), new ArraySegment<byte>([3]), new ArraySegment<byte>([4, 5, 6])]);
            server.Poll(2_000_000, SelectMode.SelectRead);
            byte[] one = new byte[4], two = new byte[4];
            int received = await server.ReceiveAsync([new ArraySegment<byte>(one), new ArraySegment<byte>(two)]);
            return $"{sent} {received} {string.Join(' ', one)} {string.Join(' ', two)}";
        }
    }

    private static async Task<string> ZeroByte()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            var waiting = client.ReceiveAsync(Memory<byte>.Empty).AsTask();
            bool early = waiting.IsCompleted;
            await server.SendAsync(new byte[3]);
            int zero = await waiting;
            return $"{early} {zero} {await client.ReceiveAsync(new byte[8])}";
        }
    }

    private static async Task<string> Datagrams()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        for (byte i = 0; i < 5; i++) await one.SendAsync(new[] { i, i }, (IPEndPoint)other.Client.LocalEndPoint!);
        var text = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            var received = await other.ReceiveAsync();
            text.Add($"{received.Buffer.Length}:{received.Buffer[0]}:{received.RemoteEndPoint.Equals(one.Client.LocalEndPoint)}");
        }

        return string.Join(' ', text);
    }

    private static string DatagramsSync()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        other.Connect((IPEndPoint)one.Client.LocalEndPoint!);
        other.Send([9, 8]);
        IPEndPoint? from = null;
        byte[] received = one.Receive(ref from);
        one.Send(received, received.Length, from);
        return $"{received.Length} {other.Receive(ref from).Length}";
    }

    private static string DatagramTooLarge()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        return Calls.Tried(() => one.Send(new byte[65_508], (IPEndPoint)other.Client.LocalEndPoint!));
    }

    private static string DatagramLargest()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        int sent = one.Send(new byte[65_507], (IPEndPoint)other.Client.LocalEndPoint!);
        IPEndPoint? from = null;
        return $"{sent} {other.Receive(ref from).Length}";
    }

    private static string DatagramTruncated()
    {
        using var one = Situation.NewUdp();
        using var other = Situation.NewUdp();
        one.Bind(s_any);
        other.Bind(s_any);
        other.SendTo(new byte[10], one.LocalEndPoint!);
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        return Calls.Tried(() => one.ReceiveFrom(new byte[4], ref from));
    }

    private static string BroadcastForbidden()
    {
        using var socket = Situation.NewUdp();
        return Calls.Tried(() => socket.SendTo(new byte[1], new IPEndPoint(IPAddress.Broadcast, 9)));
    }

    private static string DatagramToZero()
    {
        using var socket = Situation.NewUdp();
        return Calls.Tried(() => socket.SendTo(new byte[1], new IPEndPoint(IPAddress.Loopback, 0)));
    }

    private static async Task<string> PacketInformation()
    {
        using var one = Situation.NewUdp();
        using var other = Situation.NewUdp();
        one.Bind(new IPEndPoint(IPAddress.Any, 0));
        other.Bind(s_any);
        one.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        other.SendTo(new byte[3], new IPEndPoint(IPAddress.Parse("127.0.0.5"), ((IPEndPoint)one.LocalEndPoint!).Port));
        var received = await one.ReceiveMessageFromAsync(new byte[8], new IPEndPoint(IPAddress.Any, 0));
        return $"{received.ReceivedBytes} {received.SocketFlags} {received.PacketInformation.Address} {received.PacketInformation.Interface} {received.RemoteEndPoint.Equals(other.LocalEndPoint)}";
    }

    private static string PeerAlone()
    {
        using var one = Situation.NewUdp();
        using var peer = Situation.NewUdp();
        using var stranger = Situation.NewUdp();
        one.Bind(s_any);
        peer.Bind(s_any);
        stranger.Bind(s_any);
        one.Connect(peer.LocalEndPoint!);
        stranger.SendTo([1], one.LocalEndPoint!);
        peer.SendTo([2, 2], one.LocalEndPoint!);
        byte[] buffer = new byte[8];
        int count = one.Receive(buffer);
        return $"{count} {buffer[0]} {one.Available}";
    }

    private static string ConnectedElsewhere()
    {
        using var one = Situation.NewUdp();
        using var first = Situation.NewUdp();
        using var second = Situation.NewUdp();
        first.Bind(s_any);
        second.Bind(s_any);
        one.Connect(first.LocalEndPoint!);
        one.Connect(second.LocalEndPoint!);
        one.Send([5]);
        return $"{second.Poll(2_000_000, SelectMode.SelectRead)} {first.Poll(0, SelectMode.SelectRead)}";
    }

    private static async Task<string> NetworkStreams()
    {
        var (client, server, listener) = Connected();
        using (listener)
        {
            await using var one = new NetworkStream(client, ownsSocket: true);
            await using var other = new NetworkStream(server, ownsSocket: true);
            await one.WriteAsync("hello\n"u8.ToArray());
            using var reader = new StreamReader(other);
            string? line = await reader.ReadLineAsync();
            client.Shutdown(SocketShutdown.Send);
            return $"{line} {await reader.ReadLineAsync() is null}";
        }
    }

    private static async Task<string> ClientByName()
    {
        using var listener = new TcpListener(s_any);
        listener.Start();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        await client.ConnectAsync("localhost", ((IPEndPoint)listener.LocalEndpoint).Port);
        using var server = await listener.AcceptTcpClientAsync();
        return $"{client.Connected} {server.Connected} {listener.Pending()}";
    }

    private static string AcceptBacklog()
    {
        using var listener = Listen(16);
        var clients = Enumerable.Range(0, 10).Select(_ => Situation.NewTcp()).ToArray();
        foreach (var client in clients) client.Connect(listener.LocalEndPoint!);
        int accepted = 0;
        for (; accepted < 10; accepted++) listener.Accept().Dispose();
        foreach (var client in clients) client.Dispose();
        return $"{accepted} {listener.Poll(0, SelectMode.SelectRead)}";
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

    private static string SendTimeout()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            client.SendTimeout = 100;
            return Calls.Tried(() =>
            {
                for (int i = 0; i < 2000; i++) client.Send(new byte[1 << 20]);
                return "sent";
            });
        }
    }

    private static async Task<string> OutOfOrder()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            byte[] first = new byte[2], second = new byte[2], third = new byte[2];
            Task<int> a = client.ReceiveAsync(first), b = client.ReceiveAsync(second), c = client.ReceiveAsync(third);
            await server.SendAsync(new byte[] { 1, 2, 3, 4, 5, 6 });
            int total = await c + await b + await a;
            return $"{total} {string.Join(' ', first)} {string.Join(' ', second)} {string.Join(' ', third)}";
        }
    }

    private static async Task<string> Linger()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            client.LingerState = new(true, 2);
            await client.SendAsync(new byte[1000]);
            client.Dispose();
            byte[] buffer = new byte[4096];
            int total = 0;
            for (int count; (count = await server.ReceiveAsync(buffer)) > 0;) total += count;
            return $"{total}";
        }
    }

    private static async Task<string> Abort()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            client.LingerState = new(true, 0);
            client.Dispose();
            return await Outcome(server.ReceiveAsync(new byte[1])) + ", then " + await Outcome(server.SendAsync(new byte[1]));
        }
    }

    private static string KeepAlive()
    {
        using var socket = Situation.NewTcp();
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 4);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return $"{socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)} {socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)} {socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)}";
    }

    private static string OfHandle()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            using var again = new Socket(new SafeSocketHandle(client.Handle, ownsHandle: false));
            using var listening = new Socket(new SafeSocketHandle(listener.Handle, ownsHandle: false));
            string text = $"{again.AddressFamily} {again.SocketType} {again.ProtocolType} {again.Connected} {again.RemoteEndPoint!.Equals(listener.LocalEndPoint)} {listening.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)}";
            client.Dispose();
            return text;
        }
    }

    private static async Task<string> EventArguments()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            var done = new TaskCompletionSource<SocketAsyncEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
            using var arguments = new SocketAsyncEventArgs();
            arguments.SetBuffer(new byte[8], 2, 4);
            arguments.Completed += (_, e) => done.SetResult(e);
            bool pending = client.ReceiveAsync(arguments);
            await server.SendAsync(new byte[] { 1, 2, 3, 4, 5, 6 });
            if (pending) await done.Task;
            return $"{arguments.SocketError} {arguments.BytesTransferred} {string.Join(' ', arguments.Buffer!)}";
        }
    }

    // On a busy machine the socket may be gone before the call has begun.
    private static string Ended(string outcome) =>
        outcome.Contains("Interrupted", StringComparison.Ordinal) || outcome.Contains("Aborted", StringComparison.Ordinal) || outcome == nameof(ObjectDisposedException) ? "ended" : outcome;

    private static async Task<string> Outcome<T>(Task<T> task)
    {
        try
        {
            return $"{await task}";
        }
        catch (Exception e)
        {
            return Case.Describe(e);
        }
    }
}
