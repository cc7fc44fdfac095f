using System.IO.Pipelines;
using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Sockets.Tests;

/// <summary>What applications do on their threads while the loop is in the middle of something.</summary>
public sealed class RaceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_is_written_last_while_the_loop_takes_the_rest_is_not_lost()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        using var pause = new LoopPause(TwoHosts.ClientAddress.ToString());
        hosts.ClientPool.Observer = pause;
        pause.Arm();
        await client.Output.WriteAsync(new byte[100]);
        pause.WaitUntilPaused();        // The loop has taken the first piece and is about to keep it.
        await client.Output.WriteAsync(new byte[200]);
        await client.Output.CompleteAsync();
        pause.Resume();
        Assert.Equal(300, (await TcpConnectionTests.ReceiveAllAsync(server).WaitAsync(Limit)).Length);
        hosts.ClientPool.Observer = null;
        await client.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_that_holds_half_a_message_hears_of_the_reset()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync();
        await client.Output.WriteAsync("half"u8.ToArray());
        var result = await server.Input.ReadAsync().AsTask().WaitAsync(Limit);
        server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var rest = server.Input.ReadAsync().AsTask();
        client.Abort();
        await Assert.ThrowsAsync<IOException>(() => rest.WaitAsync(Limit));
        // And not the same half again and again.
        await Assert.ThrowsAsync<IOException>(() => server.Input.ReadAsync().AsTask().WaitAsync(Limit));
        await server.DisposeAsync();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_of_a_connection_ends_the_read_and_the_flush_that_wait()
    {
        await using var hosts = new TwoHosts();
        var (client, server) = await hosts.ConnectAsync(new() { ReceiveBuffer = 16 * 1024, SendBuffer = 16 * 1024 });
        var read = client.Input.ReadAsync().AsTask();
        // Far more than both buffers hold: acknowledgments alone never end this flush.
        var flush = client.Output.WriteAsync(new byte[256 * 1024]).AsTask();
        Assert.False(flush.IsCompleted);
        await client.DisposeAsync();
        var error = await Assert.ThrowsAsync<IOException>(() => read.WaitAsync(Limit));
        Assert.Equal(SocketError.OperationAborted, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
        // What was flushed is still delivered, so that the flush ends once the peer has read or gone.
        await server.DisposeAsync();
        Assert.True((await flush.WaitAsync(Limit)).IsCompleted);
    }

    [Fact]
    public async Task What_is_opened_for_somebody_who_gave_up_is_closed_again()
    {
        await using var hosts = new TwoHosts();
        using var hold = new ManualResetEventSlim();
        hosts.Server.Post(_ => hold.Wait(Limit), null);
        using var cancel = new CancellationTokenSource();
        var listen = hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80), null, cancel.Token).AsTask();
        var bind = hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listen.WaitAsync(Limit));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bind.WaitAsync(Limit));
        hold.Set();
        await using var listener = await UntilFreeAsync(() => hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80)));
        await using var socket = await UntilFreeAsync(() => hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53)));
    }

    [Fact]
    public async Task Calls_that_were_cancelled_leave_nothing_behind()
    {
        await using var hosts = new TwoHosts();
        await using var listener = await hosts.Server.ListenAsync(new(TwoHosts.ServerAddress, 80));
        await using var socket = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        for (int i = 0; i < 200; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task accept = listener.AcceptAsync(cancel.Token).AsTask(), receive = socket.ReceiveAsync(new byte[10], cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.WaitAsync(Limit));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receive.WaitAsync(Limit));
        }

        Assert.Equal(0, ((LoopTcpListener)listener).WaitingCount);
        Assert.Equal(0, ((LoopUdpSocket)socket).WaitingCount);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Whatever_is_under_way_when_a_loop_ends_comes_to_an_end(bool handlersOnLoop)
    {
        for (int round = 0; round < 20; round++)
        {
            await using var hosts = new TwoHosts(poolSize: 1 << 20, handlersOnLoop: handlersOnLoop);
            var (client, server) = await hosts.ConnectAsync();
            await using var listener = await hosts.Client.ListenAsync(new(TwoHosts.ClientAddress, 80));
            var nobody = new IpEndpoint(Ipv4Address.From(10, 0, 0, 99), 80);
            using var stop = new CancellationTokenSource();
            var users = new List<Task>
            {
                RepeatAsync(async () => Discard(client.Input, await client.Input.ReadAsync())),
                RepeatAsync(async () => Assert.False((await client.Output.WriteAsync(new byte[10_000])).IsCompleted)),
                RepeatAsync(async () => await (await hosts.Client.ConnectAsync(nobody)).DisposeAsync()),
                RepeatAsync(async () => await (await hosts.Client.ListenAsync(new(TwoHosts.ClientAddress, 0))).DisposeAsync()),
                RepeatAsync(async () => await (await hosts.Client.BindAsync(new(TwoHosts.ClientAddress, 0))).DisposeAsync()),
                RepeatAsync(async () => Assert.NotNull(await listener.AcceptAsync())),
                RepeatAsync(async () => Assert.True((await hosts.Client.PingAsync(TwoHosts.ServerAddress, Limit)).Received)),
            };
            for (int i = 0; i < round * 20; i++) await Task.Yield();
            await hosts.Client.DisposeAsync().AsTask().WaitAsync(Limit);
            foreach (var user in users)
            {
                var error = await Record.ExceptionAsync(() => user.WaitAsync(Limit));
                Assert.False(error is TimeoutException, $"user {users.IndexOf(user)} hangs in round {round}");
            }

            await client.DisposeAsync();
            await server.DisposeAsync();
        }

        static async Task RepeatAsync(Func<Task> use)
        {
            while (true) await use();
        }

        static void Discard(PipeReader reader, ReadResult result)
        {
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) throw new EndOfStreamException();
        }
    }

    [Fact]
    public async Task A_handler_on_the_loop_goes_on_to_its_end_when_the_loop_stops()
    {
        await using var hosts = new TwoHosts(handlersOnLoop: true);
        var (client, server) = await hosts.ConnectAsync();
        var cleanedUp = new TaskCompletionSource();
        var reading = new TaskCompletionSource();
        hosts.Client.Post(_ => _ = HandleAsync(), null);
        await reading.Task.WaitAsync(Limit);
        await hosts.Client.DisposeAsync().AsTask().WaitAsync(Limit);
        await cleanedUp.Task.WaitAsync(Limit);
        await server.DisposeAsync();

        async Task HandleAsync()
        {
            try
            {
                var read = client.Input.ReadAsync();
                reading.SetResult();
                await read;
            }
            catch (IOException)
            {
                await Task.Yield();
                await client.DisposeAsync();
            }
            finally
            {
                await Task.Yield();
                cleanedUp.SetResult();
            }
        }
    }

    private static async Task<T> UntilFreeAsync<T>(Func<ValueTask<T>> open)
    {
        for (var end = DateTime.UtcNow + Limit; ;)
        {
            try
            {
                return await open().AsTask().WaitAsync(Limit);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && DateTime.UtcNow < end)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Stops a loop's thread at its next rent, until the test lets it go on.</summary>
    private sealed class LoopPause(string thread) : IPoolObserver, IDisposable
    {
        private readonly ManualResetEventSlim _paused = new(), _resumed = new();
        private int _armed;

        public void Arm() => Volatile.Write(ref _armed, 1);

        public void WaitUntilPaused() => Assert.True(_paused.Wait(Limit), "the loop did not come by");

        public void Resume() => _resumed.Set();

        public void Rented(object item)
        {
            if (item is not PoolBlock || Thread.CurrentThread.Name != thread || Interlocked.Exchange(ref _armed, 0) == 0) return;
            _paused.Set();
            _resumed.Wait(Limit);
        }

        public void Returned(object item)
        {
        }

        public void Dispose()
        {
            _resumed.Set();
            _paused.Dispose();
        }
    }
}
