namespace Morgana.Sockets.Tests;

/// <summary>A thread of the application's that runs the loop while it has nothing else to do.</summary>
public class DrivingTests
{
    [Fact]
    public async Task A_guest_runs_the_loop_until_it_has_work_and_again_afterwards()
    {
        await using var hosts = new TwoHosts();
        using var guest = new Guest(hosts.Client);
        await UntilItRunsOnAsync(guest);
        for (int i = 0; i < 100; i++)
        {
            guest.GiveWork();
            await guest.NextVisitAsync();
        }

        await UntilItRunsOnAsync(guest);
        await EchoAsync(hosts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_a_guest_is_kept_the_loops_own_thread_runs_it(bool saysSo)
    {
        await using var hosts = new TwoHosts();
        using var guest = new Guest(hosts.Client);
        for (int i = 0; i < 3; i++)
        {
            await UntilItRunsOnAsync(guest);
            guest.Keep(saysSo);
            guest.GiveWork();
            await guest.NextVisitAsync();
            await EchoAsync(hosts);
            Assert.NotEqual(guest.Thread, await ThreadOfAsync(hosts.Client));
            guest.Release();
        }

        await UntilItRunsOnAsync(guest);
    }

    [Fact]
    public async Task A_loop_ends_while_a_guest_sits_in_it()
    {
        Guest guest;
        await using (var hosts = new TwoHosts())
        {
            guest = new Guest(hosts.Client);
            await UntilItRunsOnAsync(guest);
        }

        guest.Dispose();
        Assert.False(guest.Drive());
    }

    [Fact]
    public async Task Of_two_guests_one_runs_the_loop_and_the_other_when_that_has_gone()
    {
        await using var hosts = new TwoHosts();
        using var second = new Guest(hosts.Client);
        using (var first = new Guest(hosts.Client))
        {
            await EchoAsync(hosts);
            first.GiveWork();
            second.GiveWork();
            await first.NextVisitAsync();
            await second.NextVisitAsync();
        }

        // Nobody tells it that the other has gone: the own thread takes over, and gives the loop to whoever asks.
        while (await ThreadOfAsync(hosts.Client) != second.Thread)
        {
            second.GiveWork();
            await second.NextVisitAsync();
        }

        await EchoAsync(hosts);
    }

    private static async Task UntilItRunsOnAsync(Guest guest)
    {
        while (await ThreadOfAsync(guest.Loop) != guest.Thread)
        {
        }
    }

    private static Task<int> ThreadOfAsync(NetworkLoop loop)
    {
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(static s => ((TaskCompletionSource<int>)s!).SetResult(Environment.CurrentManagedThreadId), told);
        return told.Task;
    }

    private static async Task EchoAsync(TwoHosts hosts)
    {
        var (client, server) = await hosts.ConnectAsync();
        await using (client)
        await using (server)
        {
            await client.Output.WriteAsync(new byte[] { 1, 2, 3 });
            var read = await server.Input.ReadAtLeastAsync(3);
            Assert.Equal(3, read.Buffer.Length);
            server.Input.AdvanceTo(read.Buffer.End);
        }
    }

    private sealed class Guest : ILoopGuest, IDisposable
    {
        private readonly SemaphoreSlim _signal = new(0);
        private readonly SemaphoreSlim _visits = new(0);
        private readonly SemaphoreSlim _release = new(0);
        private readonly Thread _thread;
        private volatile bool _hasWork;
        private volatile bool _isKept;
        private volatile bool _saysSo;
        private volatile bool _goes = true;

        public Guest(NetworkLoop loop)
        {
            Loop = loop;
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public NetworkLoop Loop { get; }

        public int Thread => _thread.ManagedThreadId;

        public bool HasWork => _hasWork;

        public bool Drive() => Loop.Drive(this);

        public void GiveWork()
        {
            _hasWork = true;
            Loop.WakeGuest();
            Signal();
        }

        public void Keep(bool saysSo) => (_saysSo, _isKept) = (saysSo, true);

        public void Release()
        {
            _isKept = false;
            _release.Release();
        }

        public Task NextVisitAsync() => _visits.WaitAsync();

        public void Signal() => _signal.Release();

        public void Dispose()
        {
            _goes = false;
            GiveWork();
            _thread.Join();
        }

        private void Run()
        {
            while (_goes)
            {
                if (!_hasWork && !Drive()) _signal.Wait();
                if (!_hasWork) continue;
                _hasWork = false;
                bool isKept = _isKept;
                if (isKept && _saysSo) Loop.HandOver();
                _visits.Release();
                if (isKept) _release.Wait();
            }
        }
    }
}
