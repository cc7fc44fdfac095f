using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Morgana.Core;
using Morgana.Protocols.Udp;

namespace Morgana.Sockets;

/// <summary>A UDP socket of our own stack, driven by its loop.</summary>
/// <remarks>Datagrams that nobody waits for are kept in the stack's bounded queue; beyond its limit they are dropped and counted.</remarks>
internal sealed class LoopUdpSocket : UdpSocket, ILoopWork
{
    private readonly NetworkLoop _loop;
    private readonly object _gate = new();
    private readonly LinkedList<Request> _receives = new();
    private readonly LinkedList<Request> _sends = new();
    private readonly Stack<Request> _unused = new();
    private UdpEndpoint? _endpoint;         // the loop's alone
    private int _attention;
    private bool _closed;

    public LoopUdpSocket(NetworkLoop loop, UdpEndpoint endpoint)
    {
        _loop = loop;
        _endpoint = endpoint;
        LocalEndpoint = endpoint.Local;
    }

    /// <inheritdoc/>
    public override IpEndpoint LocalEndpoint { get; }

    /// <inheritdoc/>
    public override ValueTask<UdpReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel = default) =>
        Start(_receives, buffer, default, cancel);

    /// <inheritdoc/>
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IpEndpoint to, CancellationToken cancel = default) =>
        await Start(_sends, System.Runtime.InteropServices.MemoryMarshal.AsMemory(datagram), to, cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
        }

        FailAll(SocketError.OperationAborted);
        await _loop.CloseAsync(_ =>
        {
            _endpoint?.Close();
            _loop.Forget(this);
            _endpoint = null;
        }).ConfigureAwait(false);
    }

    /// <summary>Calls that wait for a datagram, or for the loop to send one.</summary>
    internal int WaitingCount
    {
        get
        {
            lock (_gate) return _receives.Count + _sends.Count;
        }
    }

    /// <summary>Serves what waits. Loop's thread.</summary>
    void ILoopWork.Run(Instant now)
    {
        Volatile.Write(ref _attention, 0);
        Interlocked.MemoryBarrier();
        if (_endpoint is not { } endpoint) return;
        while (TryTake(_sends, out var send))
        {
            var reason = endpoint.Send(send.Buffer.Span, send.To, now);
            if (reason == DropReason.None) send.Succeed(default);
            else send.Fail(ToSocketError(reason));
        }

        HandleReady(endpoint);
    }

    /// <summary>Datagrams have come. Loop's thread.</summary>
    internal void HandleReady(UdpEndpoint endpoint)
    {
        // A socket speaks with anybody. That one of them is gone is no news for it, and must not end its next receive.
        while (endpoint.TryTakeError(out _))
        {
        }

        // The datagram is looked for first: a receive that is claimed for it can then not be cancelled any more, and nothing is lost.
        while (endpoint.QueuedDatagrams > 0 && TryTake(_receives, out var receive))
        {
            if (!endpoint.TryReceive(out var packet, out var from, out var to)) return;
            int length = Math.Min(packet.Length, receive.Buffer.Length);
            packet.CopyTo(0, receive.Buffer.Span[..length]);
            bool truncated = packet.Length > length;
            packet.Release();
            receive.Succeed(new(length, truncated, from, to));
        }
    }

    internal void HandleLoopStopped()
    {
        lock (_gate) _closed = true;
        _endpoint = null;
        FailAll(SocketError.NetworkDown);
    }

    private ValueTask<UdpReceiveResult> Start(LinkedList<Request> queue, Memory<byte> buffer, IpEndpoint to, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<UdpReceiveResult>(cancel);
        Request request;
        lock (_gate)
        {
            if (_closed) return ValueTask.FromException<UdpReceiveResult>(new SocketException((int)SocketError.OperationAborted));
            if (!_unused.TryPop(out request!)) request = new(this);
            request.Begin(buffer, to);
            queue.AddLast(request.Node);
        }

        short version = request.Version;
        request.CancelWith(cancel);
        if (Interlocked.Exchange(ref _attention, 1) == 0) _loop.Post(this);
        return new(request, version);
    }

    // Whoever takes a request out of its list completes it: the loop, a cancellation, or the end.
    private bool TryTake(LinkedList<Request> queue, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Request? request)
    {
        lock (_gate)
        {
            request = queue.First?.Value;
            if (request is null) return false;
            queue.RemoveFirst();
            return true;
        }
    }

    private bool TryTake(Request request)
    {
        lock (_gate)
        {
            if (request.Node.List is not { } queue) return false;
            queue.Remove(request.Node);
            return true;
        }
    }

    private void FailAll(SocketError error)
    {
        while (TryTake(_receives, out var request)) request.Fail(error);
        while (TryTake(_sends, out var request)) request.Fail(error);
    }

    private static SocketError ToSocketError(DropReason reason) => reason switch
    {
        DropReason.NoRoute => SocketError.NetworkUnreachable,
        DropReason.TooBig or DropReason.BadLength => SocketError.MessageSize,
        DropReason.NoBuffer or DropReason.QueueFull => SocketError.NoBufferSpaceAvailable,
        DropReason.NeighbourUnreachable => SocketError.HostUnreachable,
        _ => SocketError.InvalidArgument,
    };

    /// <summary>A receive or send that waits in one of the lists.</summary>
    private sealed class Request : IValueTaskSource<UdpReceiveResult>
    {
        private readonly LoopUdpSocket _socket;
        private ManualResetValueTaskSourceCore<UdpReceiveResult> _source;
        private CancellationTokenRegistration _registration;

        public Request(LoopUdpSocket socket)
        {
            _socket = socket;
            _source.RunContinuationsAsynchronously = !socket._loop.HandlersOnLoop;
            Node = new(this);
        }

        public LinkedListNode<Request> Node { get; }

        public Memory<byte> Buffer { get; private set; }

        public IpEndpoint To { get; private set; }

        public short Version => _source.Version;

        public void Begin(Memory<byte> buffer, IpEndpoint to)
        {
            Buffer = buffer;
            To = to;
        }

        public void CancelWith(CancellationToken cancel)
        {
            if (!cancel.CanBeCanceled) return;
            _registration = cancel.UnsafeRegister(static (s, token) =>
            {
                var request = (Request)s!;
                if (request._socket.TryTake(request)) request._source.SetException(new OperationCanceledException(token));
            }, this);
        }

        public void Succeed(UdpReceiveResult result) => _source.SetResult(result);

        public void Fail(SocketError error) => _source.SetException(new SocketException((int)error));

        public UdpReceiveResult GetResult(short token)
        {
            try
            {
                return _source.GetResult(token);
            }
            finally
            {
                // After this no cancellation can reach it any more, and it may serve another.
                _registration.Dispose();
                _registration = default;
                Buffer = default;
                _source.Reset();
                lock (_socket._gate) _socket._unused.Push(this);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
