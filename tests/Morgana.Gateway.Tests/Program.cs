using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Morgana.Gateway.Tests;

/// <summary>What needs a process of its own: <c>dotnet exec Morgana.Gateway.Tests.dll few-descriptors</c>. Ends with 0 if all was as expected.</summary>
internal static partial class Program
{
    private const int NoFile = 7;               // RLIMIT_NOFILE

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["few-descriptors"]) return 64;
        StartAllThreads();
        await RunOutOfDescriptorsAsync();
        return 0;
    }

    /// <summary>The host has no descriptor left: connections in both directions and datagrams fail, are counted, and work again later.</summary>
    private static async Task RunOutOfDescriptorsAsync()
    {
        await using var network = new GuestNetwork();
        var limit = network.Limit;
        using var server = OutgoingTcpTests.Listen();
        using var datagrams = new UdpClient(GuestNetwork.Loopback());
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, limit);
        await using var guest = await network.Guest.BindAsync(GuestNetwork.Self(4000), limit);
        var published = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        var router = GuestNetwork.Router(OutgoingTcpTests.PortOf(server));
        var datagramsAt = GuestNetwork.Router(((IPEndPoint)datagrams.Client.LocalEndPoint!).Port);
        // The ways are gone once before, so that everything is loaded that opens files while it is.
        await GoOutAsync();
        await ComeInAsync(NewClient());
        Expect(await Fails(() => network.Guest.ConnectAsync(GuestNetwork.Router(1), null, limit).AsTask()), "port 1 refuses");
        await network.UntilAsync(() => network.Gateway.Statistics.TcpFlows == 0);
        long failed = network.Gateway.Statistics.TcpFailed;

        using var client = NewClient();
        var sockets = new List<Socket>();
        SetLimit(Directory.GetFiles("/proc/self/fd").Length + 20);
        while (TryOpen() is { } socket) sockets.Add(socket);
        Expect(sockets.Count > 0, "the limit holds");

        // The guest goes out: refused at once.
        Expect(await Fails(() => network.Guest.ConnectAsync(router, null, limit).AsTask()), "a guest's connection is refused");
        Expect(network.Gateway.Statistics.TcpFailed > failed, "the refusal is counted");
        await guest.SendAsync("lost"u8.ToArray(), datagramsAt, limit);
        await network.UntilAsync(() => network.Gateway.Statistics.UdpDropped == 1);

        // Somebody comes in: the connection waits in the host's backlog, and is served once there are descriptors.
        failed = network.Gateway.Statistics.TcpFailed;
        await client.ConnectAsync(published, limit);
        await network.UntilAsync(() => network.Gateway.Statistics.TcpFailed > failed);
        sockets.ForEach(s => s.Dispose());
        await ServeAsync(client);
        await GoOutAsync();
        await guest.SendAsync("arrives"u8.ToArray(), datagramsAt, limit);
        Expect((await datagrams.ReceiveAsync(limit)).Buffer.Length == 7, "datagrams go again");
        await network.UntilAsync(() => network.Gateway.Statistics.TcpFlows == 0);

        async Task GoOutAsync()
        {
            var connection = await network.Guest.ConnectAsync(router, null, limit);
            using var host = await server.AcceptAsync(limit);
            await host.SendAsync("hello"u8.ToArray(), limit);
            host.Shutdown(SocketShutdown.Send);
            byte[] greeting = new byte[5];
            await connection.AsStream().ReadExactlyAsync(greeting, limit);
            await connection.DisposeAsync();
            Expect(await host.ReceiveAsync(new byte[1], limit) == 0, "the guest's end arrives");
        }

        async Task ComeInAsync(Socket socket)
        {
            await socket.ConnectAsync(published, limit);
            await ServeAsync(socket);
        }

        async Task ServeAsync(Socket socket)
        {
            var connection = (await listener.AcceptAsync(limit))!;
            await connection.AsStream().WriteAsync("hello"u8.ToArray(), limit);
            await connection.DisposeAsync();
            Expect(await socket.ReceiveAsync(new byte[5], limit) == 5, "the guest's greeting arrives");
            socket.Dispose();
        }
    }

    /// <summary>The runtime needs a pipe for each thread that it starts, and aborts without one: so they are all there before.</summary>
    private static void StartAllThreads()
    {
        const int Threads = 6;
        ThreadPool.SetMinThreads(Threads, Threads);
        ThreadPool.SetMaxThreads(Threads, Threads);
        using var all = new Barrier(Threads + 1);
        for (int i = 0; i < Threads; i++) ThreadPool.QueueUserWorkItem(b => b.SignalAndWait(), all, preferLocal: false);
        all.SignalAndWait();
    }

    private static Socket NewClient() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static Socket? TryOpen()
    {
        try
        {
            return NewClient();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static async Task<bool> Fails(Func<Task> work)
    {
        try
        {
            await work();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static void Expect(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"Expected: {what}.");
    }

    private static void SetLimit(int descriptors)
    {
        var limit = new ResourceLimit { Current = (nuint)descriptors, Most = (nuint)descriptors };
        Expect(SetResourceLimit(NoFile, limit) == 0, "the limit can be lowered");
    }

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetResourceLimit(int resource, in ResourceLimit limit);

    private struct ResourceLimit
    {
        public nuint Current;
        public nuint Most;
    }
}
