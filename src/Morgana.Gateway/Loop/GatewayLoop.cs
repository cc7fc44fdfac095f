using System.Collections.Concurrent;
using System.Diagnostics;
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

    /// <summary>Ends what has been idle for too long. A few times a second.</summary>
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

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(250);

    private readonly INetworkDevice _device;
    private readonly NetworkInterface _interface;
    private readonly PcapngFile? _capture;
    private readonly BufferPool _pool;
    private readonly ConcurrentQueue<HostOperation> _completed = new();
    private readonly ConcurrentQueue<Action<Instant>> _work = new();
    private readonly PacketBuffer[] _frames = new PacketBuffer[Budget];
    private readonly PacketBuffer[] _sending = new PacketBuffer[Budget];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _origin = Stopwatch.GetTimestamp();
    private List<ILoopFlow> _again = [];
    private List<ILoopFlow> _turn = [];
    private ILoopService[] _services = [];
    private int _sendingStart;
    private int _sendingCount;
    private Instant _nextSweep;
    private int _sleeping;
    private volatile bool _stopping;

    public GatewayLoop(GatewayOptions options, GatewayCounters counters)
    {
        Counters = counters;
        _pool = new BufferPool(MemoryRegion.Native(options.BufferMemory));
        _device = (options.OpenDevice ?? throw new ArgumentException("A gateway needs a device.", nameof(options)))(_pool);
        if (options.Capture is { } stream)
        {
            _capture = new PcapngFile(stream);
            _device = new PcapngCapture(_device, _capture, "gateway", PcapngCapture.UtcNow);
        }

        Stack = new NetworkStack(GatewayStack.StackOptions(options), _pool, RandomNumberGenerator.GetBytes(32), new TraceRing());
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
        _capture?.Dispose();
        _stopped.TrySetResult();
    }

    private Instant Now() => Instant.FromOrigin(Stopwatch.GetElapsedTime(_origin));

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

        while (_sendingCount > 0) _sending[_sendingStart + --_sendingCount].Release();
        Reclaim();
        _device.Dispose();
        _capture?.Dispose();
        Volatile.Write(ref Counters.BlocksInUse, _pool.InUse);
        if (failure is null) _stopped.TrySetResult();
        else _stopped.TrySetException(failure);
        while (_work.TryDequeue(out var work)) work(Now());
    }

    /// <summary>Ends all flows, and waits for the host to let go of their memory: it does so at once when their sockets are closed.</summary>
    private void RunDown()
    {
        var now = Now();
        foreach (var service in _services) service.Stop(now);
        var deadline = now + TimeSpan.FromSeconds(1);
        while (Now() < deadline)
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
        if (now >= _nextSweep)
        {
            foreach (var service in _services) service.Sweep(now);
            _nextSweep = now + SweepInterval;
        }

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
            var timeout = Instant.Min(Stack.NextTimeout, _nextSweep) - Now();
            if (_stopping && timeout > TimeSpan.FromMilliseconds(10)) timeout = TimeSpan.FromMilliseconds(10);
            if (timeout > TimeSpan.Zero) _device.Wait(timeout);
        }

        Volatile.Write(ref _sleeping, 0);
    }

    private void WakeIfSleeping()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeping) != 0) _device.Wake();
    }
}
