using System.IO.Pipelines;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Sockets;

/// <summary>A connection of our own stack, driven by its loop.</summary>
internal sealed class LoopTcpConnection : TcpConnection, ILoopWork
{
    private readonly TcpPipeReader _input;
    private readonly TcpPipeWriter _output;
    private readonly object _closedGate = new();
    private CancellationTokenSource? _closedSource;
    private TaskCompletionSource<TcpConnection>? _connecting;
    private TcpControlBlock? _tcb;          // the loop's alone
    private bool _shutdownSent;
    private bool _isClosed;
    private int _attention;
    private int _abort;
    private int _disposed;
    private bool _closeAsked;

    public LoopTcpConnection(NetworkLoop loop, TcpControlBlock tcb, TcpConnectOptions options)
    {
        Loop = loop;
        SendBuffer = options.SendBuffer;
        WindowUpdateThreshold = Math.Max(1, options.ReceiveBuffer / 4);
        CompletesOnPool = !loop.HandlersOnLoop;
        _tcb = tcb;
        LocalEndpoint = tcb.Local;
        RemoteEndpoint = tcb.Remote;
        _input = new(this);
        _output = new(this);
    }

    /// <inheritdoc/>
    public override PipeReader Input => _input;

    /// <inheritdoc/>
    public override PipeWriter Output => _output;

    /// <inheritdoc/>
    public override IpEndpoint LocalEndpoint { get; }

    /// <inheritdoc/>
    public override IpEndpoint RemoteEndpoint { get; }

    /// <inheritdoc/>
    public override CancellationToken Closed
    {
        get
        {
            lock (_closedGate)
            {
                if (_isClosed && _closedSource is null) return new(canceled: true);
                return (_closedSource ??= new()).Token;
            }
        }
    }

    internal NetworkLoop Loop { get; }

    internal int SendBuffer { get; }

    internal int WindowUpdateThreshold { get; }

    internal bool CompletesOnPool { get; }

    /// <inheritdoc/>
    public override void Abort()
    {
        Volatile.Write(ref _abort, 1);
        RequestAttention();
    }

    /// <summary>Closes both directions. What was flushed is still delivered, by the loop, after this has returned.</summary>
    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return ValueTask.CompletedTask;
        _output.Complete();
        _input.Complete();
        // Only now, when the loop can see whether something was left unread.
        Volatile.Write(ref _closeAsked, true);
        RequestAttention();
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks the loop to look at the connection. Any thread.</summary>
    internal void RequestAttention()
    {
        if (Interlocked.Exchange(ref _attention, 1) == 0) Loop.Post(this);
    }

    /// <summary>Waits for the handshake of a connection that we opened.</summary>
    internal Task<TcpConnection> WaitUntilConnectedAsync()
    {
        _connecting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _connecting.Task;
    }

    /// <summary>What the application did since the loop last looked.</summary>
    void ILoopWork.Run(Instant now)
    {
        Volatile.Write(ref _attention, 0);
        Interlocked.MemoryBarrier();
        if (_tcb is not { } tcb) return;
        if (Volatile.Read(ref _abort) != 0)
        {
            tcb.Abort(now);
            Release(tcb, new SocketException((int)SocketError.ConnectionAborted));
            return;
        }

        int consumed = _input.TakeUnreported();
        if (consumed > 0) tcb.Consumed(consumed, now);
        Send(tcb, now);
        TryClose(tcb, now);
    }

    /// <summary>What happened to the connection since the last batch. Loop's thread.</summary>
    internal void HandleEvents(TcpControlBlock tcb, Instant now)
    {
        var events = tcb.TakeEvents();
        if ((events & TcpEvents.Connected) != 0) _connecting?.TrySetResult(this);
        if ((events & (TcpEvents.Readable | TcpEvents.EndOfStream)) != 0) Receive(tcb, now);
        if ((events & TcpEvents.Writable) != 0)
        {
            Send(tcb, now);
            TryClose(tcb, now);
            if (_tcb is null) return;
        }

        if ((events & (TcpEvents.Reset | TcpEvents.Refused | TcpEvents.TimedOut)) != 0)
        {
            var error = (events & TcpEvents.TimedOut) != 0 ? SocketError.TimedOut
                : (events & TcpEvents.Refused) != 0 ? SocketError.ConnectionRefused : SocketError.ConnectionReset;
            Release(tcb, new SocketException((int)error));
        }
        else if ((events & TcpEvents.Closed) != 0)
        {
            Receive(tcb, now);
            Release(tcb, null);
        }
    }

    /// <summary>The loop stops: nothing more will happen to this connection. Loop's thread.</summary>
    internal void HandleLoopStopped(Instant now)
    {
        if (_tcb is not { } tcb) return;
        tcb.Abort(now);
        Release(tcb, new SocketException((int)SocketError.NetworkDown));
    }

    private void Receive(TcpControlBlock tcb, Instant now)
    {
        BlockChain received = default;
        tcb.TakeReceived(ref received);
        int consumed = _input.Deliver(ref received, tcb.IsEndOfStream, moreWaits: tcb.ReceivedLength > 0, out int merged);
        tcb.Merged(merged);
        if (consumed > 0) tcb.Consumed(consumed, now);
    }

    private void Send(TcpControlBlock tcb, Instant now)
    {
        // What room or memory is lacking for now is taken when the connection says that it is writable.
        bool isLast = _output.Drain(tcb, now);
        _output.SetQueued(tcb.SendQueueLength);
        if (!isLast || _shutdownSent) return;
        _shutdownSent = true;
        tcb.Shutdown(now);
    }

    private void TryClose(TcpControlBlock tcb, Instant now)
    {
        if (!Volatile.Read(ref _closeAsked) || !_shutdownSent) return;
        if (_input.HasUnread) tcb.Abort(now);       // RFC 2525 2.17: the peer must hear that its data was not read.
        else tcb.Close(now);
        Release(tcb, null);
    }

    private void Release(TcpControlBlock tcb, Exception? error)
    {
        tcb.Owner = null;
        _tcb = null;
        Loop.Forget(this);
        if (error is not null)
        {
            _connecting?.TrySetException(error);
            _input.Fail(error is SocketException s ? new IOException(s.Message, s) : error);
        }

        _output.End(error);
        CancellationTokenSource? source;
        lock (_closedGate)
        {
            _isClosed = true;
            source = _closedSource;
        }

        // Its callbacks are the application's: they do not run on the loop.
        if (source is not null) ThreadPool.UnsafeQueueUserWorkItem(static s => s.Cancel(), source, preferLocal: false);
    }
}
