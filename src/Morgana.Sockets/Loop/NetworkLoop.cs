using System.Collections.Concurrent;
using System.Diagnostics;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;
using Morgana.Protocols.Tcp;

namespace Morgana.Sockets;

/// <summary>The thread that owns one stack, its pool and its devices, and runs them in batches.</summary>
/// <remarks>
/// Each round it takes up to a budget of frames, handles timers, does what other threads asked for, tells the connections' owners what has
/// happened, sends, and waits for the devices or the next timer. It never awaits. Public members may be called from any thread, unless they
/// say otherwise.
/// </remarks>
public sealed partial class NetworkLoop : INetworkStack, IEndingPart, IAsyncDisposable
{
    private const int Budget = 64;

    /// <summary>Blocks kept ready for writers on other threads.</summary>
    private const int SharedBlocks = 64;

    private readonly NetworkLoopOptions _options;
    private readonly BufferPool _pool;
    private readonly TimeProvider _clock;
    private readonly long _origin;
    private readonly double _nanosecondsPerTick;
    private readonly Attachment[] _attachments;
    private readonly ConcurrentQueue<ILoopWork> _work = new();
    private readonly HashSet<LoopTcpConnection> _connections = [];
    private readonly HashSet<LoopTcpListener> _listeners = [];
    private readonly PacketBuffer[] _received = new PacketBuffer[Budget];
    private readonly PacketBuffer[] _reclaimed = new PacketBuffer[Budget];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private int _sleeping;
    private volatile bool _stopping;
    private volatile bool _hasEnded;

    /// <summary>Builds the stack; <see cref="Start"/> sets it going.</summary>
    public NetworkLoop(NetworkLoopOptions options)
    {
        // Waiting for several devices at once needs a wait that they share; until there is one, a loop drives one device.
        if (options.Attachments.Count != 1) throw new ArgumentException("A network loop drives exactly one device.", nameof(options));
        _options = options;
        _pool = options.Pool;
        _clock = options.Clock;
        _origin = _clock.GetTimestamp();
        _nanosecondsPerTick = 1e9 / _clock.TimestampFrequency;
        Trace = new TraceRing();
        byte[] secret = options.Secret ?? SystemEntropy.NewSecret();
        Stack = new NetworkStack(options.Stack, _pool, secret, Trace);
        var now = Now();
        _attachments = [.. options.Attachments.Select(a => new Attachment(a.Device, Stack.AddInterface(a.Interface, now)))];
        _pool.Share(SharedBlocks);
    }

    /// <summary>The stack. Only for work on the loop's thread (<see cref="Post(Action{object}, object)"/>).</summary>
    public NetworkStack Stack { get; }

    /// <summary>The loop's trace ring.</summary>
    public TraceRing Trace { get; }

    /// <summary>Completes when the loop has ended: after <see cref="DisposeAsync"/>, or when every device has gone.</summary>
    public Task Completion => _stopped.Task;

    /// <summary>Whether the caller has the stack to itself: it is the loop's thread, or has a turn.</summary>
    internal bool IsCurrent => _turn.IsHeldByCurrentThread;

    internal bool HandlersOnLoop => _options.HandlersOnLoop;

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        if (_thread is not null) throw new InvalidOperationException("The loop has been started.");
        _thread = new Thread(Run) { IsBackground = true, Name = _options.Name };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the loop's thread, soon. It must neither block nor throw.</summary>
    public void Post(Action<object?> work, object? state) => Post(new LoopCallback(work, state));

    /// <summary>Stops the loop: listeners stop, connections are reset, devices are disposed of.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        if (_thread is null)
        {
            foreach (var attachment in _attachments) attachment.Device.Dispose();
            _stopped.TrySetResult();
            return;
        }

        Wake();
        WakeWatch();
        await _stopped.Task.ConfigureAwait(false);
    }

    internal void Post(ILoopWork work)
    {
        _work.Enqueue(work);
        if (!IsCurrent) WakeIfSleeping();
        // The loop looks into the queue a last time after it has said that it ends; what comes later must not wait for it.
        if (_hasEnded) AbandonWork();
    }

    internal Task<T> CallAsync<T>(Func<Instant, T> function)
    {
        var call = new LoopCall<T>(function);
        Post(call);
        return call.Task;
    }

    /// <summary>Has something closed on the loop's thread. Once the loop has ended there is nothing to close.</summary>
    internal Task CloseAsync(Action<Instant> close)
    {
        var call = new LoopClose(close);
        Post(call);
        return call.Task;
    }

    internal bool TryRentBlock(out PoolBlock? block) => IsCurrent ? _pool.TryRentBlock(out block) : _pool.TryRentShared(out block);

    internal LoopTcpConnection Adopt(TcpControlBlock tcb, TcpConnectOptions options, Instant now)
    {
        var connection = new LoopTcpConnection(this, tcb, options);
        tcb.Owner = connection;
        _connections.Add(connection);
        // What came before the accept has raised its events while there was no owner.
        connection.HandleEvents(tcb, now);
        return connection;
    }

    internal void Forget(LoopTcpListener listener) => _listeners.Remove(listener);

    internal void Forget(LoopTcpConnection connection) => _connections.Remove(connection);

    private Instant Now() => new((long)((_clock.GetTimestamp() - _origin) * _nanosecondsPerTick));

    private void Run()
    {
        if (HandlersOnLoop) SynchronizationContext.SetSynchronizationContext(new LoopSynchronizationContext(this));
        try
        {
            int seen = 0;
            while (!_stopping && AnyDeviceUp())
            {
                if (_driver == ByOwnThread) RunOnce();
                else Watch(ref seen);
                if (_driver == ByOwnThread) GiveBack();
            }
        }
        catch (Exception e)
        {
            // A mistake of ours. Everything that waits for the loop must hear of it.
            Failure = e;
            _stopping = true;
        }

        TakeBack();
        Stop();
    }

    /// <summary>The exception that ended the loop, if one did: a mistake of ours.</summary>
    public Exception? Failure { get; private set; }

    private void RunOnce()
    {
        if (!RunRound()) Sleep();
        Volatile.Write(ref _sleeping, 0);
    }

    /// <returns>Whether there is more to do at once.</returns>
    private bool RunRound()
    {
        _turn.Enter();
        _turnDepth++;
        _isInRound = true;
        try
        {
            return RunRoundInTurn();
        }
        finally
        {
            _isInRound = false;
            LeaveTurn();
        }
    }

    private bool RunRoundInTurn()
    {
        var now = _turnTime = Now();
        _isTurnTimed = true;
        bool busy = false;
        foreach (var attachment in _attachments) busy |= ReceiveFrom(attachment, now);
        Stack.HandleTimeouts(now);
        _pool.Share(SharedBlocks);
        RunWork(now);
        foreach (var attachment in _attachments) busy |= TransmitTo(attachment, now);
        // What was sent to this host itself has come meanwhile, and is told of in the next.
        if (busy || !_work.IsEmpty || HasNews) return true;
        // Whoever takes a turn from here on wakes the loop if there is something for it, or an earlier timer.
        _sleepsUntil = Stack.NextTimeout;
        Volatile.Write(ref _sleeping, 1);
        return false;
    }

    private bool ReceiveFrom(Attachment attachment, Instant now)
    {
        int count = attachment.Device.Receive(_received);
        for (int i = 0; i < count; i++)
        {
            var frame = _received[i];
            frame.ReceivedAt = now;
            Stack.HandleFrame(attachment.Interface, frame, now);
        }

        return count == _received.Length;
    }

    /// <summary>Alternates between what was asked of us and what we have to tell, until neither is left or the round is long enough.</summary>
    private void RunWork(Instant now)
    {
        for (int pass = 0; pass < 4; pass++)
        {
            int budget = 1024;
            while (budget-- > 0 && _work.TryDequeue(out var work)) work.Run(now);
            bool told = TellOwners(now);
            if (!told || _work.IsEmpty) break;
        }
    }

    private bool TellOwners(Instant now)
    {
        bool any = false;
        while (Stack.Tcp.TryTakeReadyListener(out var socket))
        {
            any = true;
            if (socket.Owner is LoopTcpListener listener) listener.TakeAccepted(now);
            else if (socket.Owner is ITcpListenObserver observer) observer.HandleAcceptable(socket, now);
        }

        while (Stack.Tcp.TryTakeReady(out var tcb))
        {
            any = true;
            if (tcb!.Owner is LoopTcpConnection connection) connection.HandleEvents(tcb, now);
            else if (tcb.Owner is ITcpObserver observer) observer.HandleEvents(tcb, now);
        }

        return TellDatagramOwners(now) || any;
    }

    private bool TransmitTo(Attachment attachment, Instant now)
    {
        int reclaimed;
        while ((reclaimed = attachment.Device.Reclaim(_reclaimed)) > 0)
            for (int i = 0; i < reclaimed; i++) _reclaimed[i].Release();

        for (int round = 0; round < 4; round++)
        {
            if (attachment.PendingCount == 0)
            {
                attachment.PendingStart = 0;
                attachment.PendingCount = Stack.Transmit(attachment.Interface, attachment.Pending, now);
                if (attachment.PendingCount == 0) return false;
            }

            int taken = attachment.Device.Transmit(attachment.Pending.AsSpan(attachment.PendingStart, attachment.PendingCount));
            attachment.PendingStart += taken;
            attachment.PendingCount -= taken;
            while ((reclaimed = attachment.Device.Reclaim(_reclaimed)) > 0)
                for (int i = 0; i < reclaimed; i++) _reclaimed[i].Release();
            if (attachment.PendingCount > 0) return false;      // The device is full: its Wait ends when it has room.
        }

        return true;
    }

    private void Sleep()
    {
        Interlocked.MemoryBarrier();
        if (!_work.IsEmpty || _stopping || (_wanted is not null && _driver == ByOwnThread)) return;
        var deadline = _sleepsUntil;
        var timeout = deadline == Instant.Never ? Timeout.InfiniteTimeSpan : deadline - Now();
        if (timeout != Timeout.InfiniteTimeSpan && timeout < TimeSpan.Zero) timeout = TimeSpan.Zero;
        Waiter.Wait(timeout);
    }

    private INetworkDevice Waiter => _attachments[0].Device;

    private void WakeIfSleeping()
    {
        Interlocked.MemoryBarrier();
        // Once is enough: the loop then looks at everything.
        if (Volatile.Read(ref _sleeping) != 0 && Interlocked.Exchange(ref _sleeping, 0) != 0) Wake();
    }

    private void Wake() => Waiter.Wake();

    private bool AnyDeviceUp()
    {
        foreach (var attachment in _attachments)
            if (attachment.Device.IsUp) return true;
        return false;
    }

    private void Stop()
    {
        lock (_turn) StopInTurn();
        if (Failure is null) _stopped.TrySetResult();
        else _stopped.TrySetException(Failure);
    }

    private void StopInTurn()
    {
        var now = Now();
        try
        {
            // What was asked for before: it then hears, like everybody, that the loop stops.
            while (_work.TryDequeue(out var work)) work.Run(now);
            foreach (var listener in _listeners.ToArray()) listener.HandleLoopStopped();
            foreach (var connection in _connections.ToArray()) connection.HandleLoopStopped(now);
            StopDatagrams();
            foreach (var attachment in _attachments) TransmitTo(attachment, now);     // The resets.
        }
        catch (Exception e)
        {
            Failure ??= e;
        }

        foreach (var attachment in _attachments)
        {
            for (int i = 0; i < attachment.PendingCount; i++) attachment.Pending[attachment.PendingStart + i].Release();
            attachment.Device.Dispose();
        }

        _stopping = true;
        _hasEnded = true;
        AbandonWork();
        Debug.Assert(_connections.Count == 0);
    }

    // Any thread, once the loop has ended.
    private void AbandonWork()
    {
        while (_work.TryDequeue(out var work)) work.Abandon();
    }

    private sealed class Attachment(INetworkDevice device, NetworkInterface @interface)
    {
        public INetworkDevice Device { get; } = device;

        public NetworkInterface Interface { get; } = @interface;

        public bool TakesFromAnyThread { get; } = device.Capabilities.TransmitsWhileWaiting;

        /// <summary>Frames that the stack has made and the device has not taken yet.</summary>
        public PacketBuffer[] Pending { get; } = new PacketBuffer[Budget];

        public int PendingStart { get; set; }

        public int PendingCount { get; set; }
    }
}

/// <summary>Watches a connection on the loop's thread without the async edge: a router's flows, for example.</summary>
public interface ITcpObserver
{
    /// <summary>Something has happened: take the events.</summary>
    void HandleEvents(TcpControlBlock tcb, Instant now);
}

/// <summary>Watches a listener on the loop's thread without the async edge.</summary>
public interface ITcpListenObserver
{
    /// <summary>Connections wait: accept until there are none.</summary>
    void HandleAcceptable(TcpListenSocket listener, Instant now);
}
