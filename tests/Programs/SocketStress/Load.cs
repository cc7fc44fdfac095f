using System.Net;
using System.Net.Sockets;

namespace SocketStress;

/// <summary>Clients and a server that do to sockets what programs do: also forget them.</summary>
internal sealed class Load(int sockets, int seed)
{
    private const int Clients = 64;
    private readonly int[] _done = new int[Enum.GetValues<Fate>().Length];
    private int _left = sockets;
    private long _octets;

    private enum Fate
    {
        Closed,
        HalfClosed,
        Reset,
        Cancelled,
        Abandoned,
        Unread,
        Datagram,
        Refused,
    }

    public override string ToString() =>
        string.Join(", ", Enum.GetValues<Fate>().Select(fate => $"{_done[(int)fate]} {fate}")) + $"; {_octets} octets came back as they were sent";

    public async Task RunAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        var address = (IPEndPoint)listener.LocalEndPoint!;
        var serving = ServeAsync(listener);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => UseAsync(address, new Random((seed * Clients) + client)))));
        listener.Close();
        var answers = await serving;
        // Off the stack of the client that ended last: what its frames hold still, if it has abandoned a socket, no collector takes.
        await Task.Yield();
        // Those that a client has abandoned end with its finalizer.
        var all = Task.WhenAll(answers);
        Left.CollectUntil(() => all.IsCompleted);
        if (!all.IsCompleted) throw new InvalidOperationException($"{answers.Count(a => !a.IsCompleted)} connections have not ended: {Left.Now()}; {Left.States()}.");
        await all;
    }

    private static async Task<List<Task>> ServeAsync(Socket listener)
    {
        var answers = new List<Task>();
        while (true)
        {
            try
            {
                answers.Add(AnswerAsync(await listener.AcceptAsync()));
            }
            catch (SocketException)
            {
                return answers;
            }
        }
    }

    // What comes goes back, until the client ends; it may do so in any way.
    private static async Task AnswerAsync(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        byte[] buffer = new byte[8192];
        try
        {
            while (await stream.ReadAsync(buffer) is > 0 and var count) await stream.WriteAsync(buffer.AsMemory(0, count));
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown })
        {
        }
    }

    private async Task UseAsync(IPEndPoint server, Random random)
    {
        while (Interlocked.Decrement(ref _left) >= 0)
        {
            var fate = (Fate)random.Next(_done.Length);
            await (fate switch
            {
                Fate.Datagram => DatagramAsync(random),
                Fate.Refused => RefusedAsync(),
                _ => ConnectionAsync(server, fate, random),
            });
            Interlocked.Increment(ref _done[(int)fate]);
        }
    }

    private async Task ConnectionAsync(IPEndPoint server, Fate fate, Random random)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server);
        for (int i = random.Next(4); i >= 0; i--) await EchoAsync(socket, random);
        switch (fate)
        {
            case Fate.Abandoned:
                return;
            case Fate.Unread:
                await socket.SendAsync(new byte[random.Next(1, 20_000)]);
                break;
            case Fate.Reset:
                socket.LingerState = new(true, 0);
                break;
            case Fate.HalfClosed:
                socket.Shutdown(SocketShutdown.Send);
                if (await socket.ReceiveAsync(new byte[1]) != 0) throw new InvalidOperationException("Octets came after the end.");
                break;
            case Fate.Cancelled:
                await CancelAsync(socket, random);
                break;
        }

        socket.Dispose();
    }

    private async Task EchoAsync(Socket socket, Random random)
    {
        byte[] sent = new byte[random.Next(1, random.Next(2) == 0 ? 200 : 40_000)];
        random.NextBytes(sent);
        byte[] received = new byte[sent.Length];
        // At once, since neither side's buffers may hold all of it.
        var sending = socket.SendAsync(sent).ContinueWith(static t => t.Result, TaskScheduler.Default);
        for (int read = 0; read < received.Length;)
        {
            int count = await socket.ReceiveAsync(received.AsMemory(read));
            if (count == 0) throw new InvalidOperationException("The connection has ended too early.");
            read += count;
        }

        if (await sending != sent.Length || !sent.AsSpan().SequenceEqual(received)) throw new InvalidOperationException("Not what was sent has come back.");
        Interlocked.Add(ref _octets, received.Length);
    }

    private static async Task CancelAsync(Socket socket, Random random)
    {
        using var cancellation = new CancellationTokenSource();
        var receiving = socket.ReceiveAsync(new byte[random.Next(1, 100)], cancellation.Token).AsTask();
        if (random.Next(2) == 0) await Task.Yield();
        cancellation.Cancel();
        try
        {
            await receiving;
            throw new InvalidOperationException("Octets came that nobody had sent.");
        }
        catch (OperationCanceledException)
        {
        }
    }

    // To itself, and abandoned every other time.
    private async Task DatagramAsync(Random random)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        byte[] sent = new byte[random.Next(1, 5000)];
        random.NextBytes(sent);
        byte[] received = new byte[sent.Length + 1];
        var receiving = socket.ReceiveFromAsync(received, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
        await socket.SendToAsync(sent, SocketFlags.None, socket.LocalEndPoint!);
        var result = await receiving;
        if (!received.AsSpan(0, result.ReceivedBytes).SequenceEqual(sent)) throw new InvalidOperationException("Not the datagram that was sent has come.");
        Interlocked.Add(ref _octets, sent.Length);
        if (random.Next(2) == 0) socket.Dispose();
    }

    private static async Task RefusedAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 1));
            throw new InvalidOperationException("Somebody listens on port 1.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
        }
    }
}
