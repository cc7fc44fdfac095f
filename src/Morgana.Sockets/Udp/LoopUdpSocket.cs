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
    private readonly Queue<Request> _receives = new();
    private readonly Queue<Request> _sends = new();
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
        if (_loop.Completion.IsCompleted) return;
        await _loop.CallAsync(_ =>
        {
            _endpoint?.Close();
            _loop.Forget(this);
            _endpoint = null;
            return 0;
        }).ConfigureAwait(false);
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

    private ValueTask<UdpReceiveResult> Start(Queue<Request> queue, Memory<byte> buffer, IpEndpoint to, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<UdpReceiveResult>(cancel);
        Request request;
        lock (_gate)
        {
            if (_closed) return ValueTask.FromException<UdpReceiveResult>(new SocketException((int)SocketError.OperationAborted));
            if (!_unused.TryPop(out request!)) request = new(this);
            request.Begin(buffer, to);
            queue.Enqueue(request);
        }

        short version = request.Version;
        request.CancelWith(cancel);
        if (Interlocked.Exchange(ref _attention, 1) == 0) _loop.Post(this);
        return new(request, version);
    }

    private bool TryTake(Queue<Request> queue, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Request? request)
    {
        lock (_gate)
        {
            while (queue.TryDequeue(out request))
                if (request.TryClaim()) return true;
        }

        return false;
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

    /// <summary>A receive or send that waits. Claimed by whoever completes it first: the loop, a cancellation, or the end.</summary>
    private sealed class Request(LoopUdpSocket socket) : IValueTaskSource<UdpReceiveResult>
    {
        private ManualResetValueTaskSourceCore<UdpReceiveResult> _source = new() { RunContinuationsAsynchronously = !socket._loop.HandlersOnLoop };
        private CancellationTokenRegistration _registration;
        private int _claimed;

        public Memory<byte> Buffer { get; private set; }

        public IpEndpoint To { get; private set; }

        public short Version => _source.Version;

        public void Begin(Memory<byte> buffer, IpEndpoint to)
        {
            Buffer = buffer;
            To = to;
            _claimed = 0;
        }

        public void CancelWith(CancellationToken cancel)
        {
            if (!cancel.CanBeCanceled) return;
            _registration = cancel.UnsafeRegister(static (s, token) =>
            {
                var request = (Request)s!;
                if (request.TryClaim()) request._source.SetException(new OperationCanceledException(token));
            }, this);
        }

        public bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;

        public void Succeed(UdpReceiveResult result) => _source.SetResult(result);

        public void Fail(SocketError error) => _source.SetException(new SocketException((int)error));

        public UdpReceiveResult GetResult(short token)
        {
            bool succeeded = _source.GetStatus(token) == ValueTaskSourceStatus.Succeeded;
            try
            {
                return _source.GetResult(token);
            }
            finally
            {
                _registration.Dispose();
                _registration = default;
                Buffer = default;
                // One that was cancelled may still stand in a queue; only those that the loop took out are used again.
                if (succeeded)
                {
                    _source.Reset();
                    lock (socket._gate) socket._unused.Push(this);
                }
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
