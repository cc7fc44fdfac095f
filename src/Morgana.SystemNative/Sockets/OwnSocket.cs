using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>A socket of ours. All of its state belongs to whoever has the loop's turn.</summary>
internal abstract class OwnSocket : Descriptor
{
    /// <summary>The flags of a call, by .NET's numbers.</summary>
    [Flags]
    internal enum MessageFlags
    {
        None = 0,
        OutOfBand = 0x0001,
        Peek = 0x0002,
        DontRoute = 0x0004,
        Truncated = 0x0100,
        ControlTruncated = 0x0200,
        DontWait = 0x1000,
        ErrorQueue = 0x2000,
    }

    private readonly List<Gate> _waiters = [];      // Threads in calls that block: each for one wake.
    private readonly List<Gate> _pollers = [];      // Threads in poll(2): for all until they leave.
    private EventPort.Registration? _registration;
    private bool _readArmed = true;
    private bool _writeArmed = true;

    protected OwnSocket(NetworkLoop loop) => Loop = loop;

    public override DescriptorKind Kind => DescriptorKind.Socket;

    public SocketOptions Options { get; } = new();

    /// <summary><c>AF_INET</c> 2, <c>AF_UNIX</c> 1.</summary>
    public abstract int Family { get; }

    /// <summary><c>SOCK_STREAM</c> 1, <c>SOCK_DGRAM</c> 2, <c>SOCK_RAW</c> 3.</summary>
    public abstract int Type { get; }

    /// <summary>The number of its protocol.</summary>
    public abstract int Protocol { get; }

    public virtual bool IsListening => false;

    protected NetworkLoop Loop { get; }

    protected bool IsClosed { get; private set; }

    /// <summary><c>sk_err</c>: what went wrong meanwhile, until somebody is told.</summary>
    protected Error Pending { get; set; }

    /// <summary>What it is ready for, as poll(2) tells it.</summary>
    protected abstract SocketEvents Ready { get; }

    /// <param name="address">A <c>sockaddr</c>, as the caller has it.</param>
    public abstract Error Bind(ReadOnlySpan<byte> address);

    /// <param name="address">A <c>sockaddr</c>, as the caller has it.</param>
    public abstract Error Connect(ReadOnlySpan<byte> address);

    /// <summary>connect(2) with <c>AF_UNSPEC</c>.</summary>
    public abstract Error Disconnect();

    public abstract Error Shutdown(bool receive, bool send);

    /// <param name="address">Gets as much of the name as fits.</param>
    /// <param name="length">How long it is.</param>
    public abstract Error GetLocal(Span<byte> address, out int length);

    /// <param name="address">Gets as much of the name as fits.</param>
    /// <param name="length">How long it is.</param>
    public abstract Error GetPeer(Span<byte> address, out int length);

    /// <summary><c>FIONREAD</c>.</summary>
    public abstract Error GetAvailable(out int count);

    /// <summary>Where a message goes: sets its address, unless the protocol does not care.</summary>
    public abstract Error ReadDestination(ReadOnlySpan<byte> address, ref Message message);

    /// <summary>Receives, and waits for something if the socket and the flags say so.</summary>
    public Error Receive(ref Message message, MessageFlags flags)
    {
        long deadline = 0;
        while (true)
        {
            using (var turn = Loop.TakeTurn())
            {
                EndWait();
                var error = ReceiveInTurn(ref message, flags, turn);
                if (error != Error.EAGAIN || !MayBlock(flags)) return error;
                BeginWait();
            }

            if (!Wait(Options.ReceiveTimeout, ref deadline)) return Error.EAGAIN;
        }
    }

    /// <param name="message">What is sent; with an address if there is one.</param>
    /// <param name="flags">The call's flags.</param>
    /// <param name="count">Octets taken.</param>
    public abstract Error Send(in Message message, MessageFlags flags, out int count);

    public virtual Error Listen(int backlog) => Error.ENOTSUP;

    /// <param name="accepted">The connection.</param>
    /// <param name="peer">Gets as much of the peer's name as fits.</param>
    /// <param name="length">How long it is.</param>
    public virtual Error Accept(out OwnSocket? accepted, Span<byte> peer, out int length)
    {
        (accepted, length) = (null, 0);
        return Error.ENOTSUP;
    }

    /// <summary><c>MSG_ERRQUEUE</c>: the oldest error that <c>IP_RECVERR</c> keeps, and who sent it.</summary>
    public virtual bool TryTakeError(out IpEndpoint from)
    {
        from = default;
        return false;
    }

    /// <summary><c>SO_PEERCRED</c>. Without a peer in this program: nobody.</summary>
    public virtual (int Process, uint User, uint Group) PeerCredentials() => (0, uint.MaxValue, uint.MaxValue);

    /// <summary>An option was changed that what is open already must hear of. In a turn.</summary>
    public virtual void HandleOptionsChanged(Instant now)
    {
    }

    /// <summary><c>SO_ERROR</c>: takes it.</summary>
    public Error TakeError()
    {
        using var turn = Loop.TakeTurn();
        var error = Pending;
        Pending = Error.Success;
        return error;
    }

    /// <summary>Adds, changes or removes its registration with a port.</summary>
    public Error Register(EventPort port, SocketEvents before, SocketEvents after, nuint data)
    {
        using var turn = Loop.TakeTurn();
        if (IsClosed) return Error.EBADF;
        if (before == SocketEvents.None)
        {
            // One port is all that .NET ever has a socket in.
            if (_registration is not null) return Error.EEXIST;
            _registration = new(port, after, data);
        }
        else
        {
            if (_registration is null || _registration.Port != port) return Error.ENOENT;
            if (after == SocketEvents.None)
            {
                _registration.IsRemoved = true;
                _registration = null;
                return Error.Success;
            }

            _registration.Interest = after;
            _registration.Data = data;
        }

        // epoll_ctl(2): what is ready now counts as an edge.
        if (Ready is not SocketEvents.None and var ready) port.Post(_registration, ready, Loop);
        return Error.Success;
    }

    public sealed override Error Close()
    {
        WaitForLinger();
        using var turn = Loop.TakeTurn();
        IsClosed = true;
        if (_registration is not null) _registration.IsRemoved = true;
        _registration = null;
        CloseInTurn(turn.Now);
        WakeWaiters();
        return Error.Success;
    }

    public override Error Stat(out FileStatus status)
    {
        status = new() { Mode = FileStatus.Socket | 0x1FF };
        return Error.Success;
    }

    public override Error Read(Span<byte> destination, out int count)
    {
        var message = Message.ToReceive(destination);
        var error = Receive(ref message, MessageFlags.None);
        count = message.Count;
        return error;
    }

    public override Error Write(ReadOnlySpan<byte> source, out int count) => Send(Message.ToSend(source), MessageFlags.None, out count);

    /// <summary>What poll(2) would say now.</summary>
    public SocketEvents Poll()
    {
        using var turn = Loop.TakeTurn();
        return Ready;
    }

    public void AddWaiter(Gate gate)
    {
        using var turn = Loop.TakeTurn();
        _pollers.Add(gate);
    }

    public void RemoveWaiter(Gate gate)
    {
        using var turn = Loop.TakeTurn();
        _pollers.Remove(gate);
    }

    internal void HandleNetworkDown()
    {
        using var turn = Loop.TakeTurn();
        if (IsClosed) return;
        FailInTurn(Error.ENETDOWN);
        Notify(SocketEvents.All);
    }

    /// <summary>Receives what is there now; <see cref="Error.EAGAIN"/> if there is nothing.</summary>
    protected abstract Error ReceiveInTurn(ref Message message, MessageFlags flags, in LoopTurn turn);

    protected abstract void CloseInTurn(Instant now);

    /// <summary>The network is no more.</summary>
    protected abstract void FailInTurn(Error error);

    protected virtual void WaitForLinger()
    {
    }

    /// <summary>Something has changed: whoever waits looks again, and the port hears of it if its reader or writer has seen <c>EAGAIN</c>. In a turn.</summary>
    protected void Notify(SocketEvents events)
    {
        WakeWaiters();
        if (_registration is not { } registration) return;
        bool isNews = (events & (SocketEvents.Close | SocketEvents.Error | SocketEvents.ReadClose)) != 0
            || ((events & SocketEvents.Read) != 0 && _readArmed) || ((events & SocketEvents.Write) != 0 && _writeArmed);
        if (!isNews) return;
        if ((events & SocketEvents.Read) != 0) _readArmed = false;
        if ((events & SocketEvents.Write) != 0) _writeArmed = false;
        registration.Port.Post(registration, events, Loop);
    }

    /// <summary>A reader has seen <c>EAGAIN</c>: the next arrival is news. In a turn.</summary>
    protected Error WouldBlockRead()
    {
        _readArmed = true;
        return Error.EAGAIN;
    }

    /// <summary>A writer has seen <c>EAGAIN</c>. In a turn.</summary>
    protected Error WouldBlockWrite()
    {
        _writeArmed = true;
        return Error.EAGAIN;
    }

    protected Error TakePending()
    {
        var error = Pending;
        Pending = Error.Success;
        return error;
    }

    /// <summary>Whether a call that cannot go on now waits, and until when it does.</summary>
    protected bool MayBlock(MessageFlags flags) => !IsNonBlocking && (flags & MessageFlags.DontWait) == 0;

    private void WakeWaiters()
    {
        foreach (var waiter in _waiters) Loop.SignalAfterTurn(waiter);
        _waiters.Clear();
        foreach (var poller in _pollers) Loop.SignalAfterTurn(poller);
    }

    /// <summary>Waits, outside of any turn, until something has changed since <see cref="BeginWait"/>.</summary>
    /// <param name="milliseconds">0 waits without limit, as <c>SO_RCVTIMEO</c> has it.</param>
    /// <param name="deadline">Of the whole call; 0 before its first wait.</param>
    /// <returns>False: time is up.</returns>
    protected bool Wait(int milliseconds, ref long deadline)
    {
        var gate = Gate.Current;
        int left = -1;
        if (milliseconds > 0)
        {
            long now = Environment.TickCount64;
            if (deadline == 0) deadline = now + milliseconds;
            left = (int)Math.Max(0, deadline - now);
        }

        // A handler that blocks on the event port's thread must not stall the network.
        Loop.HandOver();
        if (gate.Wait(left)) return true;
        using var turn = Loop.TakeTurn();
        EndWait();
        return false;
    }

    /// <summary>Announces that this thread is about to wait. In the turn in which it saw that it must, so that nothing is missed.</summary>
    protected void BeginWait()
    {
        Gate.Current.Reset();
        _waiters.Add(Gate.Current);
    }

    /// <summary>A signal may have been for an earlier wait of this thread's, so that it is announced here still. In a turn, after each wait.</summary>
    protected void EndWait()
    {
        if (_waiters.Count > 0) _waiters.Remove(Gate.Current);
    }
}
