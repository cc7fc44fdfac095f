using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>What a connection is to send, as a <see cref="PipeWriter"/> whose memory is the pool's own blocks.</summary>
/// <remarks>
/// What was flushed goes to the loop in one piece a batch. <see cref="FlushAsync"/> waits while more is unacknowledged than the send buffer
/// holds. Where the pool has no block for another thread, a heap buffer stands in until the loop has taken its content.
/// </remarks>
internal sealed class TcpPipeWriter(LoopTcpConnection connection) : PipeWriter, IValueTaskSource<FlushResult>
{
    /// <summary>Flushed pieces up to this size are copied behind the last, so that tiny writes cannot hold a block each.</summary>
    private const int CopyThreshold = 1024;

    private readonly object _gate = new();
    private BlockChain _written;        // the writer's, not flushed yet
    private PoolBlock? _current;        // the block being written
    private byte[]? _spill;             // a heap buffer being written, instead
    private int _spillLength;
    private BlockChain _flushed;        // on its way to the loop
    private Queue<ArraySegment<byte>>? _spilled;
    private int _queued;                // flushed and, as far as is known, not acknowledged
    private bool _waiting;
    private bool _cancelled;
    private bool _completed;
    private bool _closed;
    private Exception? _error;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<FlushResult> _source = new() { RunContinuationsAsynchronously = connection.CompletesOnPool };

    // ---- the writer's side ----

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written.Length + (_current?.Length ?? 0) + _spillLength;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_completed) throw new InvalidOperationException("Writing is not allowed after the writer was completed.");
        sizeHint = Math.Max(sizeHint, 1);
        if (_spill is not null)
        {
            if (_spill.Length - _spillLength >= sizeHint) return _spill.AsMemory(_spillLength);
            QueueSpill();
        }

        if (_current is not null && PoolBlock.Size - _current.End < sizeHint) KeepCurrent();
        if (_current is null && sizeHint <= PoolBlock.Size && _spilled is null) connection.Loop.TryRentBlock(out _current);
        if (_current is not null) return _current.Whole[_current.End..];
        _spill = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, PoolBlock.Size));
        _spillLength = 0;
        return _spill;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (_spill is not null)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_spill.Length - _spillLength));
            _spillLength += bytes;
        }
        else if (bytes != 0)
        {
            if (_current is null) throw new InvalidOperationException("Advance without GetMemory.");
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(PoolBlock.Size - _current.End));
            _current.End += bytes;
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        KeepCurrent();
        QueueSpill();
        bool anything;
        lock (_gate)
        {
            if (_waiting) throw new InvalidOperationException("Another flush is waiting already.");
            anything = MoveToFlushed();
            if (_error is not null || _closed || _cancelled || _queued <= connection.SendBuffer)
            {
                bool cancelled = _cancelled;
                _cancelled = false;
                if (anything) connection.RequestAttention();
                return new(new FlushResult(cancelled, _closed || _error is not null));
            }

            _source.Reset();
            _waiting = true;
        }

        if (anything) connection.RequestAttention();
        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((TcpPipeWriter)state!).CancelWait(token), this);
        return new(this, _source.Version);
    }

    public override void CancelPendingFlush()
    {
        bool wake;
        lock (_gate)
        {
            _cancelled = true;
            wake = _waiting;
            _waiting = false;
        }

        if (wake) _source.SetResult(default);
    }

    public override void Complete(Exception? exception = null)
    {
        if (_completed) return;
        KeepCurrent();
        QueueSpill();
        lock (_gate)
        {
            _completed = true;
            MoveToFlushed();
        }

        if (exception is not null) connection.Abort();
        else connection.RequestAttention();
    }

    // ---- the loop's side ----

    /// <summary>Moves what was flushed into the connection's send queue. Loop's thread.</summary>
    /// <returns>Whether that was everything the application will ever write. Otherwise call again after the next flush, or once the
    /// connection is writable.</returns>
    public bool Drain(Protocols.Tcp.TcpControlBlock tcb, Instant now)
    {
        BlockChain flushed;
        Queue<ArraySegment<byte>>? spilled;
        bool isLast;
        lock (_gate)
        {
            flushed = _flushed;
            _flushed = default;
            spilled = _spilled;
            // Together with what is taken: a moment later the writer may add its last piece, and complete.
            isLast = _completed;
        }

        Hand(ref flushed, tcb, now);
        bool isDrained = spilled is null || DrainSpilled(spilled, tcb, now);
        return isDrained && isLast;
    }

    /// <summary>Says how much is still unacknowledged, and wakes a flush that waits for less. Loop's thread.</summary>
    public void SetQueued(int sendQueueLength)
    {
        bool wake;
        lock (_gate)
        {
            _queued = sendQueueLength + _flushed.Length + (_spilled is null ? 0 : connection.SendBuffer);
            // The stack tells us of room once half of a full queue is acknowledged; a queue that is not full gets no such word later.
            wake = _waiting && _queued < connection.SendBuffer;
            if (wake) _waiting = false;
        }

        if (wake) _source.SetResult(default);
    }

    /// <summary>The connection is over: flushes answer "completed", and what was not sent is dropped. Loop's thread.</summary>
    public void End(Exception? error)
    {
        bool wake;
        lock (_gate)
        {
            _error ??= error;
            _closed = true;
            wake = _waiting;
            _waiting = false;
            _flushed.Clear();
            if (_spilled is not null)
                while (_spilled.TryDequeue(out var piece)) ArrayPool<byte>.Shared.Return(piece.Array!);
            _spilled = null;
            _queued = 0;
        }

        if (wake) _source.SetResult(default);
    }

    private static void Hand(ref BlockChain flushed, Protocols.Tcp.TcpControlBlock tcb, Instant now)
    {
        if (flushed.IsEmpty) return;
        if (flushed.Length <= CopyThreshold && flushed.BlockCount == 1 && tcb.SendRoom >= flushed.Length &&
            tcb.Write(flushed.Head!.Data, now) is var copied && copied > 0)
        {
            // All or a part went into the queue's own room; the rest, if memory was short, follows as a block.
            flushed.Consume(copied);
            if (flushed.IsEmpty) return;
        }

        tcb.Write(ref flushed, now);
    }

    private bool DrainSpilled(Queue<ArraySegment<byte>> spilled, Protocols.Tcp.TcpControlBlock tcb, Instant now)
    {
        while (true)
        {
            ArraySegment<byte> piece;
            lock (_gate)
            {
                if (!spilled.TryPeek(out piece))
                {
                    _spilled = null;
                    return true;
                }
            }

            int copied = tcb.Write(piece, now);
            lock (_gate)
            {
                // Only the loop takes pieces out, so the first is still the first.
                if (copied == piece.Count) ArrayPool<byte>.Shared.Return(spilled.Dequeue().Array!);
                else if (copied > 0) ReplaceFirst(spilled, piece[copied..]);
            }

            if (copied < piece.Count) return false;
        }
    }

    private static void ReplaceFirst(Queue<ArraySegment<byte>> queue, ArraySegment<byte> first)
    {
        // A rotation keeps the order; it happens only under lack of memory, and the queue is short then.
        int others = queue.Count - 1;
        queue.Dequeue();
        queue.Enqueue(first);
        for (int i = 0; i < others; i++) queue.Enqueue(queue.Dequeue());
    }

    private void KeepCurrent()
    {
        if (_current is null) return;
        if (_current.Length > 0) _written.Append(_current);
        else _current.Pool.ReturnShared(_current);
        _current = null;
    }

    private void QueueSpill()
    {
        if (_spill is null) return;
        var piece = new ArraySegment<byte>(_spill, 0, _spillLength);
        if (_spillLength == 0)
        {
            ArrayPool<byte>.Shared.Return(_spill);
        }
        else
        {
            lock (_gate)
            {
                // Blocks written before go first.
                MoveToFlushed();
                _spilled ??= new();
                _spilled.Enqueue(piece);
                _queued += piece.Count;
            }
        }

        _spill = null;
        _spillLength = 0;
    }

    private bool MoveToFlushed()
    {
        bool anything = !_written.IsEmpty || _spilled is not null;
        if (_closed)
        {
            _written.ConsumeShared(_written.Length);
            return false;
        }

        _queued += _written.Length;
        _flushed.Append(ref _written);
        return anything;
    }

    private void CancelWait(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_waiting) return;
            _waiting = false;
        }

        _source.SetException(new OperationCanceledException(token));
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        var registration = _registration;
        _registration = default;
        registration.Dispose();
        _source.GetResult(token);
        lock (_gate)
        {
            bool cancelled = _cancelled;
            _cancelled = false;
            return new(cancelled, _closed || _error is not null);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
