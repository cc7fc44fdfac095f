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
    private readonly LinkedList<TaskCompletionSource<TcpConnection?>> _waiters = new();
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
        LinkedListNode<TaskCompletionSource<TcpConnection?>> waiter;
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
            waiter = _waiters.AddLast(new TaskCompletionSource<TcpConnection?>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return cancel.CanBeCanceled ? AcceptCancellableAsync(waiter, cancel) : new(waiter.Value.Task);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopped) return;
            _stopped = true;
            EndWaiters();
            while (_accepted.TryDequeue(out var connection)) Refuse(connection);
        }

        await _loop.CloseAsync(now =>
        {
            _socket?.Close(now);
            _socket = null;
            _loop.Forget(this);
        }).ConfigureAwait(false);
    }

    /// <summary>Calls that wait for a connection.</summary>
    internal int WaitingCount
    {
        get
        {
            lock (_gate) return _waiters.Count;
        }
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
            EndWaiters();
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
            if (_waiters.First is { } waiter)
            {
                _waiters.Remove(waiter);
                waiter.Value.SetResult(connection);
            }
            else if (_stopped)
            {
                Refuse(connection);
            }
            else
            {
                _accepted.Enqueue(connection);
            }
        }
    }

    // Nobody will read what it has sent already: the memory goes back.
    private static void Refuse(TcpConnection connection)
    {
        connection.Abort();
        _ = connection.DisposeAsync();
    }

    // With the lock held.
    private void EndWaiters()
    {
        foreach (var waiter in _waiters) waiter.SetResult(null);
        _waiters.Clear();
    }

    private async ValueTask<TcpConnection?> AcceptCancellableAsync(LinkedListNode<TaskCompletionSource<TcpConnection?>> waiter, CancellationToken cancel)
    {
        await using var registration = cancel.UnsafeRegister((_, token) => CancelWaiter(waiter, token), null).ConfigureAwait(false);
        return await waiter.Value.Task.ConfigureAwait(false);
    }

    // Whoever takes a waiter out of the list completes it: no connection goes to one that was cancelled.
    private void CancelWaiter(LinkedListNode<TaskCompletionSource<TcpConnection?>> waiter, CancellationToken token)
    {
        lock (_gate)
        {
            if (waiter.List is null) return;
            _waiters.Remove(waiter);
        }

        waiter.Value.SetCanceled(token);
    }
}
