using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>Where sockets say that they are ready: .NET's stand-in for an epoll descriptor, edge-triggered.</summary>
/// <remarks>
/// Its thread runs the network loop while it has nothing else to do, where there is a device to wait for; otherwise, and while somebody else
/// runs it, it sleeps until it is signalled.
/// </remarks>
internal sealed class EventPort : Descriptor, ILoopGuest
{
    private readonly Lock _lock = new();
    private readonly Queue<Registration> _ready = new();
    private readonly Gate _gate = new();
    private bool _isWaiting;
    private bool _isDriving;
    private bool _hasWork;
    private bool _isClosed;

    public override DescriptorKind Kind => DescriptorKind.EventPort;

    public override Error Close()
    {
        lock (_lock)
        {
            _isClosed = _hasWork = true;
            _ready.Clear();
        }

        _gate.Signal();
        if (HostNetwork.HasDevice) HostNetwork.Loop.WakeGuest();
        return Error.Success;
    }

    public override Error Stat(out FileStatus status)
    {
        status = new() { Mode = 0x180 };        // An anonymous inode, as epoll's.
        return Error.Success;
    }

    /// <summary>Waits until there are events, and takes them: as many as there is room for.</summary>
    public unsafe Error Wait(SocketEvent* events, ref int count)
    {
        int room = count;
        count = 0;
        while (true)
        {
            lock (_lock)
            {
                if (_isClosed) return Error.EBADF;
                _isDriving = _isWaiting = false;
                while (count < room && _ready.TryDequeue(out var registration))
                {
                    var pending = registration.Pending;
                    registration.Pending = SocketEvents.None;
                    registration.IsQueued = false;
                    if (registration.IsRemoved || pending == SocketEvents.None) continue;
                    // As .NET does it with epoll's: a hang-up shows in reading and writing.
                    if ((pending & SocketEvents.Close) != 0) pending = (pending & ~SocketEvents.Close) | SocketEvents.Read | SocketEvents.Write;
                    events[count++] = new() { Data = registration.Data, Events = (int)pending };
                }

                _hasWork = _ready.Count > 0;
                if (count > 0 || room == 0) return Error.Success;
                _gate.Reset();
                _isDriving = HostNetwork.HasDevice;
                _isWaiting = !_isDriving;
            }

            if (_isDriving && Drive()) continue;
            _gate.Wait(-1);
        }
    }

    bool ILoopGuest.HasWork => Volatile.Read(ref _hasWork);

    void ITurnSignal.Signal() => _gate.Signal();

    private bool Drive()
    {
        bool hasDriven = HostNetwork.Loop.Drive(this);
        lock (_lock)
        {
            _isDriving = false;
            // What came in between has woken the loop, not the gate.
            if (_hasWork) return true;
            _isWaiting = !hasDriven;
        }

        return hasDriven;
    }

    /// <summary>A socket has become ready. In a turn of <paramref name="loop"/>.</summary>
    public void Post(Registration registration, SocketEvents events, NetworkLoop loop)
    {
        lock (_lock)
        {
            // epoll(7): errors and hang-ups are always reported.
            events &= registration.Interest | SocketEvents.Close | SocketEvents.Error;
            if (events == SocketEvents.None || registration.IsRemoved || _isClosed) return;
            registration.Pending |= events;
            if (registration.IsQueued) return;
            registration.IsQueued = true;
            _ready.Enqueue(registration);
            _hasWork = true;
            if (_isDriving) loop.WakeAfterTurn();
            if (!_isWaiting) return;
            _isWaiting = false;
        }

        loop.SignalAfterTurn(_gate);
    }

    /// <summary>One socket's place in a port.</summary>
    internal sealed class Registration(EventPort port, SocketEvents interest, nuint data)
    {
        public EventPort Port { get; } = port;

        public SocketEvents Interest { get; set; } = interest;

        public nuint Data { get; set; } = data;

        // With the port's lock held.
        public SocketEvents Pending { get; set; }

        public bool IsQueued { get; set; }

        public bool IsRemoved { get; set; }
    }
}

/// <summary>An event as .NET takes it: the layout of its platform layer's <c>SocketEvent</c>.</summary>
internal struct SocketEvent
{
    public nuint Data;
    public int Events;
    public uint Padding;
}
