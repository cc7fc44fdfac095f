using System.Net;
using System.Net.Sockets;
using static SocketCases.Flow;

namespace SocketCases;

/// <summary>What connections carry.</summary>
internal static class StreamFlows
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static void RunAll()
    {
        Case.Run("echo", Echo);
        Case.Run("echo without asynchrony", EchoSync);
        Case.Run("a megabyte both ways", Megabyte);
        Case.Run("forty at once", () => Many(40));
        Case.Run("receive timeout", ReceiveTimeout);
        Case.Run("select", SelectSockets);
        Case.Run("send file", SendFile);
        Case.Run("scatter and gather", Scatter);
        Case.Run("zero-byte receive", ZeroByte);
        Case.Run("network stream", NetworkStreams);
        Case.Run("send until full, then drain", Full);
        Case.Run("send timeout", SendTimeout);
        Case.Run("out-of-order completion", OutOfOrder);
        Case.Run("event arguments", EventArguments);
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

    private static string ReceiveTimeout()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            client.ReceiveTimeout = 50;
            return Calls.Tried(() => client.Receive(new byte[1]));
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
}
