using System.Collections.Concurrent;
using System.Security.Cryptography;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;

namespace Morgana.Gateway.Loop;

/// <summary>A part of the gateway that the loop polls. Everything in it is for the loop's thread.</summary>
internal interface ILoopService
{
    /// <summary>Takes what the stack has for this part. Once a round.</summary>
    void Poll(Instant now);

    /// <summary>When <see cref="Sweep"/> is to be called next; <see cref="Instant.Never"/> if nothing of this part waits for time to pass.</summary>
    Instant NextSweep { get; }

    /// <summary>Ends what has been idle, or has been tried, for too long.</summary>
    void Sweep(Instant now);

    /// <summary>The gateway stops: lets go of everything that needs no more waiting for.</summary>
    void Stop(Instant now);

    /// <summary>Whether operations on host sockets are still under way after <see cref="Stop"/>.</summary>
    bool IsIdle { get; }
}

/// <summary>A flow that used up its turn and wants another one in the next round.</summary>
internal interface ILoopFlow
{
    /// <summary>Moves what can be moved, up to a budget.</summary>
    void Pump(Instant now);
}

/// <summary>The gateway's one thread: it owns the stack, the link's device and all flows. Host sockets only tell it when they are ready.</summary>
internal sealed class GatewayLoop
{
    private const int Budget = 64;

    /// <summary>A bound for <see cref="Drain"/>: more than the timers of a full table that do not coincide.</summary>
    private const int MaxDrainRounds = 100_000;

    /// <summary>The host tells about closed sockets by itself; this only bounds the wait.</summary>
    private static readonly TimeSpan RunDownRound = TimeSpan.FromMilliseconds(10);

    private readonly INetworkDevice _device;
    private readonly NetworkInterface _interface;
    private readonly PcapngFile? _capture;
    private readonly Action<string>? _log;
    private readonly BufferPool _pool;
    private readonly ConcurrentQueue<HostOperation> _completed = new();
    private readonly ConcurrentQueue<Action<Instant>> _work = new();
    private readonly PacketBuffer[] _frames = new PacketBuffer[Budget];
    private readonly PacketBuffer[] _sending = new PacketBuffer[Budget];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _clock;
    private readonly long _origin;
    private List<ILoopFlow> _again = [];
    private List<ILoopFlow> _turn = [];
    private ILoopService[] _services = [];
    private int _sendingStart;
    private int _sendingCount;
    private int _sleeping;
    private volatile bool _stopping;
    private bool _runningDown;

    public GatewayLoop(GatewayOptions options, GatewayCounters counters)
    {
        Counters = counters;
        _log = options.Log;
        _clock = options.Clock;
        _origin = _clock.GetTimestamp();
        _pool = new BufferPool(MemoryRegion.Native(options.BufferMemory));
        _device = (options.OpenDevice ?? throw new ArgumentException("A gateway needs a device.", nameof(options)))(_pool);
        if (options.Capture is { } stream)
        {
            _capture = new PcapngFile(stream);
            _device = new PcapngCapture(_device, _capture, "gateway", PcapngCapture.UtcNow);
        }

        Stack = new NetworkStack(GatewayStack.StackOptions(options), _pool, options.Secret ?? RandomNumberGenerator.GetBytes(32), new TraceRing());
        _interface = Stack.AddInterface(GatewayStack.InterfaceOptions(options, _device.Capabilities), Now());
    }

    /// <summary>The stack.</summary>
    public NetworkStack Stack { get; }

    /// <summary>Whether the pool has memory for queues.</summary>
    public bool HasMemory => _pool.HasRoom;

    /// <summary>The link's MTU.</summary>
    public int Mtu => _device.Capabilities.Mtu;

    /// <summary>The counters.</summary>
    public GatewayCounters Counters { get; }

    /// <summary>Octets on their way between a host socket and the stack, within one call. The loop's thread has just one of them.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(65536, pinned: true);

    /// <summary>Completes when the thread has ended; with the exception that ended it, if that was a mistake of ours.</summary>
    public Task Completion => _stopped.Task;

    /// <summary>Starts the thread.</summary>
    public void Start(ILoopService[] services)
    {
        _services = services;
        new Thread(Run) { IsBackground = true, Name = "gateway" }.Start();
    }

    /// <summary>Ends the thread. Any thread.</summary>
    public void Stop()
    {
        _stopping = true;
        _device.Wake();
    }

    /// <summary>A host operation has ended. Any thread.</summary>
    public void Enqueue(HostOperation operation)
    {
        _completed.Enqueue(operation);
        WakeIfSleeping();
    }

    /// <summary>Runs <paramref name="work"/> on the loop's thread, soon. Any thread; false once the loop has stopped.</summary>
    public bool TryPost(Action<Instant> work)
    {
        if (_stopped.Task.IsCompleted) return false;
        _work.Enqueue(work);
        WakeIfSleeping();
        return true;
    }

    /// <summary>Gives <paramref name="flow"/> another turn in the next round.</summary>
    public void Again(ILoopFlow flow) => _again.Add(flow);

    /// <summary>Ends a loop that was never started.</summary>
    public void Abandon(ILoopService[] services)
    {
        _services = services;
        RunWork(Now());                                     // Ports were published: they have to be given back.
        foreach (var service in services) service.Stop(Now());
        _device.Dispose();
        CloseCapture();
        _stopped.TrySetResult();
    }

    private void CloseCapture()
    {
        if (_capture is null) return;
        _capture.Dispose();
        if (_capture.Failure is { } failure) _log?.Invoke($"The capture is cut off: {failure.Message}");
        else if (_capture.Dropped > 0) _log?.Invoke($"The capture lacks {_capture.Dropped} packets: the file was too slow for them.");
    }

    private Instant Now() => Instant.FromOrigin(_clock.GetElapsedTime(_origin));

    private void Run()
    {
        Exception? failure = null;
        try
        {
            while (!_stopping && _device.IsUp) RunOnce();
            RunDown();
        }
        catch (Exception e)
        {
            failure = e;
        }

        Reclaim();
        _device.Dispose();
        Drain();
        CloseCapture();
        Volatile.Write(ref Counters.BlocksInUse, _pool.InUse);
        if (failure is null) _stopped.TrySetResult();
        else _stopped.TrySetException(failure);
        while (_work.TryDequeue(out var work)) work(Now());
    }

    /// <summary>Ends all flows, and waits for the host to let go of their memory: it does so at once when their sockets are closed.</summary>
    private void RunDown()
    {
        var now = Now();
        _runningDown = true;
        foreach (var service in _services) service.Stop(now);
        long deadline = Environment.TickCount64 + 1000;     // Not on the loop's own time line, which a test may have stopped.
        while (Environment.TickCount64 < deadline)
        {
            RunOnce();
            if (_services.All(s => s.IsIdle) && _completed.IsEmpty) break;
        }

        RunOnce();
    }

    private void RunOnce()
    {
        var now = Now();
        bool busy = Receive(now);
        Stack.HandleTimeouts(now);
        RunWork(now);
        foreach (var service in _services) service.Poll(now);
        GiveTurns(now);
        foreach (var service in _services)
            if (now >= service.NextSweep) service.Sweep(now);
        busy |= Transmit(now);
        Volatile.Write(ref Counters.BlocksInUse, _pool.InUse);
        if (!busy && _again.Count == 0) Sleep();
    }

    private bool Receive(Instant now)
    {
        int count = _device.Receive(_frames);
        for (int i = 0; i < count; i++)
        {
            _frames[i].ReceivedAt = now;
            Stack.HandleFrame(_interface, _frames[i], now);
        }

        Counters.FramesFromGuest += count;
        return count > 0;
    }

    private void RunWork(Instant now)
    {
        for (int budget = 1024; budget > 0 && _completed.TryDequeue(out var operation); budget--)
        {
            operation.End();
            operation.Owner.OnCompleted(operation, now);
        }

        for (int budget = 64; budget > 0 && _work.TryDequeue(out var work); budget--) work(now);
    }

    private void GiveTurns(Instant now)
    {
        (_turn, _again) = (_again, _turn);
        foreach (var flow in _turn) flow.Pump(now);
        _turn.Clear();
    }

    private bool Transmit(Instant now)
    {
        Reclaim();
        for (int round = 0; round < 8; round++)
        {
            if (_sendingCount == 0)
            {
                _sendingStart = 0;
                _sendingCount = Stack.Transmit(_interface, _sending, now);
                if (_sendingCount == 0) return false;
            }

            int taken = _device.Transmit(_sending.AsSpan(_sendingStart, _sendingCount));
            _sendingStart += taken;
            _sendingCount -= taken;
            Counters.FramesToGuest += taken;
            Reclaim();
            if (_sendingCount > 0) return false;            // The device is full: its Wait ends when it has room.
        }

        return true;
    }

    private void Reclaim()
    {
        int count;
        while ((count = _device.Reclaim(_frames)) > 0)
            for (int i = 0; i < count; i++) _frames[i].Release();
    }

    private void Sleep()
    {
        Volatile.Write(ref _sleeping, 1);
        Interlocked.MemoryBarrier();                        // What is queued before this is seen below; what comes later sees us asleep.
        if (_completed.IsEmpty && _work.IsEmpty)
        {
            var next = Stack.NextTimeout;
            foreach (var service in _services) next = Instant.Min(next, service.NextSweep);
            var now = Now();
            if (_runningDown) next = Instant.Min(next, now + RunDownRound);
            if (next > now) _device.Wait(next == Instant.Never ? Timeout.InfiniteTimeSpan : next - now);
        }

        Volatile.Write(ref _sleeping, 0);
    }

    /// <summary>Gives back what the stack still keeps for a link that is gone, so that the pool is seen to be empty.</summary>
    /// <remarks>
    /// Time costs nothing where no peer is left: the stack is told that it is as late as it wants to be, and its own timers give up
    /// retransmissions, closing connections, neighbours and fragments. Connections at their last retransmission need 15 rounds.
    /// </remarks>
    private void Drain()
    {
        while (_sendingCount > 0) _sending[_sendingStart + --_sendingCount].Release();
        var now = Now();
        for (int round = 0; round < MaxDrainRounds; round++)
        {
            int count;
            while ((count = Stack.Transmit(_interface, _sending, now)) > 0)
                for (int i = 0; i < count; i++) _sending[i].Release();
            foreach (var service in _services) service.Poll(now);
            if (_pool.InUse == 0 || Stack.NextTimeout == Instant.Never) return;
            now = Instant.Max(now, Stack.NextTimeout);
            Stack.HandleTimeouts(now);
        }
    }

    private void WakeIfSleeping()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeping) != 0) _device.Wake();
    }
}
