using System.Net;
using System.Net.Sockets;

namespace Sockets;

/// <summary>64 octets there and back, over connections within the process.</summary>
internal static class Echo
{
    private const int Size = 64;

    public static Task RunAsync(int connections, Meter meter)
    {
        var tasks = new List<Task>();
        using var listener = Listen();
        for (int i = 0; i < connections; i++)
        {
            var (client, server) = Pair(listener);
            tasks.Add(AnswerAsync(server));
            tasks.Add(AskAsync(client, meter));
        }

        return Task.WhenAll(tasks);
    }

    /// <summary>The same with calls that block, on two threads for each connection.</summary>
    public static void RunBlocking(int connections, Meter meter)
    {
        var threads = new List<Thread>();
        using var listener = Listen();
        for (int i = 0; i < connections; i++)
        {
            var (client, server) = Pair(listener);
            threads.Add(new Thread(() => Answer(server)));
            threads.Add(new Thread(() => Ask(client, meter)));
        }

        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
    }

    public static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public static (Socket Client, Socket Server) Pair(Socket listener)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(listener.LocalEndPoint!);
        var server = listener.Accept();
        server.NoDelay = true;
        return (client, server);
    }

    private static async Task AnswerAsync(Socket socket)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (await socket.ReceiveAsync(buffer) is > 0 and var count)
                await socket.SendAsync(buffer.AsMemory(0, count));
        }
    }

    private static async Task AskAsync(Socket socket, Meter meter)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (meter.Goes)
            {
                await socket.SendAsync(buffer);
                for (int read = 0; read < Size;)
                {
                    int count = await socket.ReceiveAsync(buffer.AsMemory(read));
                    if (count == 0) throw new IOException("The connection has ended.");
                    read += count;
                }

                meter.Count(1);
            }
        }
    }

    private static void Answer(Socket socket)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (socket.Receive(buffer) is > 0 and var count) socket.Send(buffer, 0, count, SocketFlags.None);
        }
    }

    private static void Ask(Socket socket, Meter meter)
    {
        using (socket)
        {
            byte[] buffer = new byte[Size];
            while (meter.Goes)
            {
                socket.Send(buffer);
                for (int read = 0; read < Size;)
                {
                    int count = socket.Receive(buffer, read, Size - read, SocketFlags.None);
                    if (count == 0) throw new IOException("The connection has ended.");
                    read += count;
                }

                meter.Count(1);
            }
        }
    }
}
