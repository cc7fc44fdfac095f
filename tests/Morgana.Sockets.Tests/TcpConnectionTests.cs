using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Cryptography;
using Morgana.Core;

namespace Morgana.Sockets.Tests;

public sealed class TcpConnectionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_written_is_read_at_the_other_end(bool handlersOnLoop)
    {
        await using var hosts = new TwoHosts(handlersOnLoop: handlersOnLoop);
        var (client, server) = await hosts.ConnectAsync();
        await client.Output.WriteAsync("hello"u8.ToArray());
        var result = await server.Input.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal("hello"u8.ToArray(), result.Buffer.ToArray());
        server.Input.AdvanceTo(result.Buffer.End);
        Assert.Equal(client.LocalEndpoint, server.RemoteEndpoint);
        Assert.Equal(client.RemoteEndpoint, server.LocalEndpoint);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(8 << 20, 1500)]
    [InlineData(8 << 20, 65520)]
    [InlineData(256 << 10, 1500)]   // A pool of 128 blocks: writers must wait for memory, and lose nothing.
    public async Task Megabytes_arrive_unchanged_in_both_directions_at_once(int poolSize, int mtu)
    {
        await using var hosts = new TwoHosts(poolSize, mtu: mtu);
        var (client, server) = await hosts.ConnectAsync(new TcpConnectOptions { ReceiveBuffer = 64 * 1024, SendBuffer = 64 * 1024 });
        byte[] up = RandomNumberGenerator.GetBytes(4 << 20), down = RandomNumberGenerator.GetBytes(4 << 20);
        var all = Task.WhenAll(SendAsync(client, up), SendAsync(server, down));
        var received = await Task.WhenAll(ReceiveAllAsync(server), ReceiveAllAsync(client)).WaitAsync(Limit);
        await all.WaitAsync(Limit);
        Assert.True(up.AsSpan().SequenceEqual(received[0]));
        Assert.True(down.AsSpan().SequenceEqual(received[1]));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Completing_the_output_ends_the_peers_input_and_leaves_the_other_direction_open()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        await client.Output.WriteAsync("question"u8.ToArray());
        await client.Output.CompleteAsync();
        Assert.Equal("question"u8.ToArray(), await ReceiveAllAsync(server).WaitAsync(Limit));
        await server.Output.WriteAsync("answer"u8.ToArray());
        await server.Output.CompleteAsync();
        Assert.Equal("answer"u8.ToArray(), await ReceiveAllAsync(client).WaitAsync(Limit));
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_writer_waits_while_nobody_reads_and_goes_on_when_somebody_does()
    {
        await using var hosts = new TwoHosts();
        var options = new TcpConnectOptions { ReceiveBuffer = 32 * 1024, SendBuffer = 32 * 1024 };
        var (client, server) = await hosts.ConnectAsync(options);
        var chunk = new byte[4096];
        int accepted = 0;
        Task<FlushResult> flush;
        while ((flush = client.Output.WriteAsync(chunk).AsTask()).IsCompleted && accepted < 1000) accepted++;
        Assert.False(flush.IsCompleted);
        Assert.InRange(accepted * chunk.Length, 8 * 1024, 512 * 1024);
        int read = 0;
        var reading = Task.Run(async () =>
        {
            while (true)
            {
                var result = await server.Input.ReadAsync();
                read += (int)result.Buffer.Length;
                server.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCanceled) return;
            }
        });
        await flush.WaitAsync(Limit);
        server.Input.CancelPendingRead();
        await reading.WaitAsync(Limit);
        Assert.True(read > 0);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task An_abort_is_a_reset_for_the_reader_and_the_writer_at_the_other_end()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        var read = server.Input.ReadAsync().AsTask();
        client.Abort();
        var error = await Assert.ThrowsAsync<IOException>(() => read.WaitAsync(Limit));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
        Assert.True((await server.Output.WriteAsync(new byte[1])).IsCompleted);
        Assert.True(server.Closed.IsCancellationRequested);
        await server.DisposeAsync();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Nobody_listening_is_connection_refused()
    {
        await using var hosts = new TwoHosts();
        var error = await Assert.ThrowsAsync<SocketException>(() => hosts.Client.ConnectAsync(new(TwoHosts.ServerAddress, 9)).AsTask().WaitAsync(Limit));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_connect_that_is_cancelled_leaves_nothing_behind()
    {
        await using var hosts = new TwoHosts();
        using var cancel = new CancellationTokenSource();
        // An address on the link that nobody has: the handshake cannot complete.
        var connect = hosts.Client.ConnectAsync(new(Ipv4Address.From(10, 0, 0, 99), 80), null, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connect.WaitAsync(Limit));
        await hosts.Client.CallAsync(_ => 0);
        await hosts.Client.CallAsync(_ => 0);
        Assert.Equal(0, hosts.Client.Stack.Tcp.Statistics.Connections);
    }

    [Fact]
    public async Task An_accept_that_is_cancelled_loses_no_connection()
    {
        await using var hosts = new TwoHosts();
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        using var cancel = new CancellationTokenSource();
        var cancelled = listener.AcceptAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await using var client = await hosts.Client.ConnectAsync(listener.LocalEndpoint);
        var server = await listener.AcceptAsync().AsTask().WaitAsync(Limit);
        Assert.NotNull(server);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_read_that_is_cancelled_loses_no_data()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var read = server.Input.ReadAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await client.Output.WriteAsync("x"u8.ToArray());
        var result = await server.Input.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal("x"u8.ToArray(), result.Buffer.ToArray());
        server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var more = server.Input.ReadAsync();
        Assert.False(more.IsCompleted);
        server.Input.CancelPendingRead();
        result = await more;
        Assert.True(result.IsCanceled);
        Assert.Equal(1, result.Buffer.Length);
        server.Input.AdvanceTo(result.Buffer.End);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_listener_that_is_stopped_answers_null_to_those_who_wait()
    {
        await using var hosts = new TwoHosts();
        var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        var accept = listener.AcceptAsync();
        await listener.DisposeAsync();
        Assert.Null(await accept.AsTask().WaitAsync(Limit));
        Assert.Null(await listener.AcceptAsync());
        await using var again = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        Assert.Equal(80, again.LocalEndpoint.Port);
    }

    [Fact]
    public async Task A_port_is_listened_to_once()
    {
        await using var hosts = new TwoHosts();
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        var error = await Assert.ThrowsAsync<SocketException>(() => hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80)).AsTask());
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_loop_that_stops_wakes_everyone_who_waits_for_it()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        await using var listener = await hosts.Client.ListenAsync(new(TwoHosts.ClientAddress, 80));
        var socket = await hosts.Client.BindAsync(new(TwoHosts.ClientAddress, 53));
        Task read = client.Input.ReadAsync().AsTask(), accept = listener.AcceptAsync().AsTask(), receive = socket.ReceiveAsync(new byte[10]).AsTask();
        await hosts.Client.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => read.WaitAsync(Limit));
        await Assert.ThrowsAsync<SocketException>(() => receive.WaitAsync(Limit));
        await accept.WaitAsync(Limit);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => hosts.Client.ConnectAsync(new(TwoHosts.ServerAddress, 80)).AsTask());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Opening_serving_and_closing_in_order_throws_nothing_and_returns_every_block()
    {
        await using var hosts = new TwoHosts();
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        var thrown = new List<string>();
        void Note(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs e)
        {
            // Other tests run at the same time and throw on purpose: only what passes through our code on this flow counts.
            if (Flow.Value) lock (thrown) thrown.Add(e.Exception.ToString());
        }

        AppDomain.CurrentDomain.FirstChanceException += Note;
        Flow.Value = true;
        for (int i = 0; i < 50; i++)
        {
            var accept = listener.AcceptAsync();
            var client = await hosts.Client.ConnectAsync(listener.LocalEndpoint);
            var server = (await accept)!;
            await client.Output.WriteAsync(new byte[100]);
            await client.Output.CompleteAsync();
            await ReceiveAllAsync(server).WaitAsync(Limit);
            await server.Output.WriteAsync(new byte[5000]);
            await server.Output.CompleteAsync();
            Assert.Equal(5000, (await ReceiveAllAsync(client).WaitAsync(Limit)).Length);
            await client.DisposeAsync();
            await server.DisposeAsync();
        }

        Flow.Value = false;
        AppDomain.CurrentDomain.FirstChanceException -= Note;
        Assert.Empty(thrown);
        Assert.Equal(0, await BlocksInUseAsync(hosts.Client, hosts.ClientPool));
        Assert.Equal(0, await BlocksInUseAsync(hosts.Server, hosts.ServerPool));
    }

    [Fact]
    public async Task What_was_sent_to_a_listener_that_stops_before_it_accepts_is_given_back()
    {
        await using var hosts = new TwoHosts();
        var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        await using var client = await hosts.Client.ConnectAsync(listener.LocalEndpoint).AsTask().WaitAsync(Limit);
        await client.Output.WriteAsync(new byte[50_000]);
        for (var end = DateTime.UtcNow + Limit; hosts.Server.Snapshot().Statistics.Tcp.OctetsReceived < 50_000 && DateTime.UtcNow < end;) await Task.Yield();
        Assert.NotEqual(0, await hosts.Server.CallAsync(_ => hosts.ServerPool.InUse));
        await listener.DisposeAsync();
        Assert.Equal(0, await BlocksInUseAsync(hosts.Server, hosts.ServerPool));
    }

    private static readonly AsyncLocal<bool> Flow = new();

    private static async Task<int> BlocksInUseAsync(NetworkLoop loop, BufferPool pool)
    {
        // What the application has just asked for, and frames on their way, need a few rounds.
        int inUse = 0;
        for (var end = DateTime.UtcNow + Limit; (inUse = await loop.CallAsync(_ => pool.InUse)) != 0 && DateTime.UtcNow < end;) await Task.Yield();
        return inUse;
    }

    internal static async Task SendAsync(TcpConnection connection, byte[] data)
    {
        for (int at = 0; at < data.Length; at += 10_000)
            await connection.Output.WriteAsync(data.AsMemory(at, Math.Min(10_000, data.Length - at)));
        await connection.Output.CompleteAsync();
    }

    internal static async Task<byte[]> ReceiveAllAsync(TcpConnection connection)
    {
        var all = new MemoryStream();
        while (true)
        {
            var result = await connection.Input.ReadAsync();
            foreach (var piece in result.Buffer) all.Write(piece.Span);
            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return all.ToArray();
        }
    }
}
