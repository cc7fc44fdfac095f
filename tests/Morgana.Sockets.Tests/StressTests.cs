using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Sockets.Tests;

/// <summary>Many users at once who do everything in every order. At the end every block is back.</summary>
public sealed class StressTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory, InlineData(1, 8 << 20, false), InlineData(2, 8 << 20, true), InlineData(3, 512 << 10, false)]
    public async Task Connections_that_are_used_cancelled_and_torn_down_at_random_leave_nothing(ulong seed, int poolSize, bool handlersOnLoop)
    {
        await using var hosts = new TwoHosts(poolSize, handlersOnLoop);
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80), new() { Connection = Small });
        var random = new DeterministicRandom(seed);
        var serving = ServeAsync(listener, new(random.NextUInt64()));
        var users = new List<Task>();
        for (int i = 0; i < 8; i++) users.Add(UseAsync(hosts.Client, new(random.NextUInt64())));
        await EndAsync(Task.WhenAll(users), seed);
        await listener.DisposeAsync();
        await EndAsync(serving, seed);
        await AssertReturnedAsync(hosts, seed);

        static async Task UseAsync(NetworkLoop loop, DeterministicRandom random)
        {
            for (int i = 0; i < 40; i++)
            {
                using var cancel = new CancellationTokenSource();
                if (random.Chance(0.1)) cancel.CancelAfter(random.Next(3));
                try
                {
                    await using var connection = await loop.ConnectAsync(new(TwoHosts.ServerAddress, 80), Small, cancel.Token);
                    await MisuseAsync(connection, random);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
                {
                    // What was to be expected of such use.
                }
            }
        }
    }

    [Fact]
    public async Task A_thousand_connections_at_once_are_served_and_gone()
    {
        await using var hosts = new TwoHosts(16 << 20);
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80), new() { Backlog = 1000, SynBacklog = 1000 });
        var clients = Enumerable.Range(0, 1000).Select(_ => hosts.Client.ConnectAsync(listener.LocalEndpoint).AsTask()).ToList();
        var servers = new List<TcpConnection>();
        while (servers.Count < 1000) servers.Add((await listener.AcceptAsync().AsTask().WaitAsync(Limit))!);
        await Task.WhenAll(clients).WaitAsync(Limit);
        var echoes = servers.Select(async server =>
        {
            byte[] question = await TcpConnectionTests.ReceiveAllAsync(server);
            await TcpConnectionTests.SendAsync(server, question);
        });
        var answers = clients.Select(async client =>
        {
            await TcpConnectionTests.SendAsync(await client, new byte[1000]);
            return (await TcpConnectionTests.ReceiveAllAsync(await client)).Length;
        });
        var all = Task.WhenAll(answers);
        await Task.WhenAll(all, Task.WhenAll(echoes)).WaitAsync(Limit);
        Assert.All(await all, length => Assert.Equal(1000, length));
        foreach (var client in clients) await (await client).DisposeAsync();
        foreach (var server in servers) await server.DisposeAsync();
        await AssertReturnedAsync(hosts, 0);
    }

    [Fact]
    public async Task Writers_without_memory_wait_and_go_on_when_somebody_reads()
    {
        // 64 blocks for sixteen connections, each of which would take more than all of them.
        await using var hosts = new TwoHosts(128 << 10);
        var pairs = new List<(TcpConnection Client, TcpConnection Server)>();
        for (int i = 0; i < 16; i++) pairs.Add(await hosts.ConnectAsync());
        byte[] content = new byte[300_000];
        var writing = pairs.Select(p => TcpConnectionTests.SendAsync(p.Client, content)).ToList();
        // Send queues leave the last quarter of a pool alone.
        while (await hosts.Client.CallAsync(_ => hosts.ClientPool.InUse < hosts.ClientPool.Capacity * 3 / 4)) await Task.Yield();
        var reading = pairs.Select(p => TcpConnectionTests.ReceiveAllAsync(p.Server)).ToList();
        await Task.WhenAll(writing).WaitAsync(Limit);
        foreach (byte[] received in await Task.WhenAll(reading).WaitAsync(Limit)) Assert.Equal(content.Length, received.Length);
        foreach (var (client, server) in pairs)
        {
            await client.DisposeAsync();
            await server.DisposeAsync();
        }

        await AssertReturnedAsync(hosts, 0);
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task Sockets_for_datagrams_that_are_used_by_many_at_once_leave_nothing(ulong seed)
    {
        await using var hosts = new TwoHosts();
        await using var server = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        var random = new DeterministicRandom(seed);
        using var stop = new CancellationTokenSource();
        var echoing = Enumerable.Range(0, 4).Select(_ => EchoAsync(server, stop.Token)).ToList();
        await EndAsync(Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync(hosts.Client, new(random.NextUInt64())))), seed);
        await stop.CancelAsync();
        await EndAsync(Task.WhenAll(echoing), seed);
        await server.DisposeAsync();
        await AssertReturnedAsync(hosts, seed);

        static async Task EchoAsync(UdpSocket socket, CancellationToken stop)
        {
            byte[] buffer = new byte[2000];
            try
            {
                while (true)
                {
                    var result = await socket.ReceiveAsync(buffer, stop);
                    await socket.SendAsync(buffer.AsMemory(0, result.Length), result.From, stop);
                }
            }
            catch (OperationCanceledException)
            {
                // The end.
            }
        }

        static async Task AskAsync(NetworkLoop loop, DeterministicRandom random)
        {
            for (int i = 0; i < 20; i++)
            {
                await using var socket = await loop.BindAsync(new(TwoHosts.ClientAddress, 0));
                byte[] buffer = new byte[2000];
                for (int j = random.Next(10); j >= 0; j--)
                {
                    using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Chance(0.3) ? 0 : 2000));
                    try
                    {
                        await socket.SendAsync(buffer.AsMemory(0, random.Next(1400)), new(TwoHosts.ServerAddress, 53), cancel.Token);
                        await socket.ReceiveAsync(buffer, cancel.Token);
                    }
                    catch (OperationCanceledException)
                    {
                        // Asked for.
                    }
                }
            }
        }
    }

    private static TcpConnectOptions Small { get; } = new() { SendBuffer = 32 * 1024, ReceiveBuffer = 32 * 1024 };

    private static async Task ServeAsync(TcpListener listener, DeterministicRandom random)
    {
        var serving = new List<Task>();
        while (await listener.AcceptAsync() is { } connection) serving.Add(ServeOneAsync(connection, new(random.NextUInt64())));
        await Task.WhenAll(serving);

        static async Task ServeOneAsync(TcpConnection connection, DeterministicRandom random)
        {
            try
            {
                await MisuseAsync(connection, random);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The same here.
            }
            finally
            {
                await connection.DisposeAsync();
            }
        }
    }

    // A writer, a reader, and now and then somebody who ends it all in the middle. What one still does then ends by itself.
    private static async Task MisuseAsync(TcpConnection connection, DeterministicRandom random)
    {
        using var cancel = new CancellationTokenSource();
        var writing = WriteAsync(connection, random.Fork(), cancel.Token);
        var reading = ReadAsync(connection, random.Fork(), cancel.Token);
        for (int i = random.Next(30); i > 0; i--) await Task.Yield();
        int end = random.Next(5);
        if (end == 0) connection.Abort();
        else if (end == 1) await cancel.CancelAsync();
        else if (end == 2) connection.Input.CancelPendingRead();
        if (end == 3) _ = Task.Run(connection.Abort);
        // Who neither reads to the end nor aborts would let the other side wait for ever.
        await Task.WhenAny(writing, reading);
        if (end != 4) connection.Abort();
        await Task.WhenAll(writing, reading);
    }

    private static async Task WriteAsync(TcpConnection connection, DeterministicRandom random, CancellationToken cancel)
    {
        for (int i = random.Next(20); i > 0; i--)
            if ((await connection.Output.WriteAsync(new byte[random.Next(random.Chance(0.2) ? 20_000 : 1500)], cancel)).IsCompleted) return;
        await connection.Output.CompleteAsync();
    }

    private static async Task ReadAsync(TcpConnection connection, DeterministicRandom random, CancellationToken cancel)
    {
        while (true)
        {
            var result = await connection.Input.ReadAsync(cancel);
            if (result.IsCanceled || (result.IsCompleted && result.Buffer.IsEmpty)) return;
            // Who holds a whole window back and waits for more would wait for ever.
            int length = (int)result.Buffer.Length;
            var consumed = result.Buffer.GetPosition(result.IsCompleted || length > 8192 ? length : random.Next(length + 1));
            connection.Input.AdvanceTo(consumed, result.Buffer.End);
        }
    }

    private static async Task EndAsync(Task task, ulong seed)
    {
        if (await Task.WhenAny(task, Task.Delay(Limit)) != task) Assert.Fail($"Seed {seed}: somebody hangs.");
        await task;
    }

    private static async Task AssertReturnedAsync(TwoHosts hosts, ulong seed)
    {
        foreach (var (loop, pool) in new[] { (hosts.Client, hosts.ClientPool), (hosts.Server, hosts.ServerPool) })
        {
            int inUse = -1;
            for (var end = DateTime.UtcNow + Limit; inUse != 0 && DateTime.UtcNow < end; await Task.Yield()) inUse = await loop.CallAsync(_ => pool.InUse);
            Assert.True(inUse == 0, $"Seed {seed}: {inUse} blocks are left.");
        }
    }
}
