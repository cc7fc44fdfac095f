using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Sockets;

/// <summary>A listener of our own stack, driven by its loop.</summary>
internal sealed class LoopTcpListener : TcpListener, ILoopWork
{
    private readonly NetworkLoop _loop;
    private readonly TcpListenerOptions _options;
    private readonly object _gate = new();
    private readonly Queue<TcpConnection> _accepted = new();
    private readonly Queue<TaskCompletionSource<TcpConnection?>> _waiters = new();
    private TcpListenSocket? _socket;       // the loop's alone
    private bool _stopped;

    public LoopTcpListener(NetworkLoop loop, TcpListenSocket socket, TcpListenerOptions options)
    {
        _loop = loop;
        _socket = socket;
        _options = options;
        LocalEndpoint = socket.Local;
    }

    /// <inheritdoc/>
    public override IpEndpoint LocalEndpoint { get; }

    /// <inheritdoc/>
    public override ValueTask<TcpConnection?> AcceptAsync(CancellationToken cancel = default)
    {
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<TcpConnection?>(cancel);
        TaskCompletionSource<TcpConnection?> waiter;
        bool wasFull;
        lock (_gate)
        {
            wasFull = _accepted.Count >= _options.Backlog;
            if (_accepted.TryDequeue(out var connection))
            {
                if (wasFull) _loop.Post(this);
                return new(connection);
            }

            if (_stopped) return new((TcpConnection?)null);
            waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter);
        }

        return cancel.CanBeCanceled ? AcceptCancellableAsync(waiter, cancel) : new(waiter.Task);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopped) return;
            _stopped = true;
            while (_waiters.TryDequeue(out var waiter)) waiter.TrySetResult(null);
            while (_accepted.TryDequeue(out var connection)) connection.Abort();
        }

        await _loop.CallAsync(now =>
        {
            _socket?.Close(now);
            _socket = null;
            _loop.Forget(this);
            return 0;
        }).ConfigureAwait(false);
    }

    /// <summary>Moves connections from the stack's queue into ours, as far as the backlog lets. Loop's thread.</summary>
    internal void TakeAccepted(Instant now)
    {
        if (_socket is not { } socket) return;
        while (HasRoom() && socket.TryAccept(out var tcb))
        {
            var connection = _loop.Adopt(tcb!, _options.Connection, now);
            Hand(connection);
        }
    }

    void ILoopWork.Run(Instant now) => TakeAccepted(now);

    internal void HandleLoopStopped()
    {
        lock (_gate)
        {
            _stopped = true;
            _socket = null;
            while (_waiters.TryDequeue(out var waiter)) waiter.TrySetResult(null);
        }
    }

    private bool HasRoom()
    {
        lock (_gate) return _accepted.Count < _options.Backlog;
    }

    private void Hand(TcpConnection connection)
    {
        lock (_gate)
        {
            while (_waiters.TryDequeue(out var waiter))
                if (waiter.TrySetResult(connection)) return;
            if (_stopped) connection.Abort();
            else _accepted.Enqueue(connection);
        }
    }

    private static async ValueTask<TcpConnection?> AcceptCancellableAsync(TaskCompletionSource<TcpConnection?> waiter, CancellationToken cancel)
    {
        // A waiter that was cancelled first refuses its connection, and Hand goes on to the next.
        await using var registration = cancel.UnsafeRegister(static (s, token) => ((TaskCompletionSource<TcpConnection?>)s!).TrySetCanceled(token), waiter)
            .ConfigureAwait(false);
        return await waiter.Task.ConfigureAwait(false);
    }
}
