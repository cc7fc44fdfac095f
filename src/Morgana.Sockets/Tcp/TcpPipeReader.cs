using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>What a connection has received, as a <see cref="PipeReader"/> over the pool's own blocks: nothing is copied again.</summary>
/// <remarks>
/// The loop appends, one reader consumes; they meet under a lock that the loop takes once a batch. Whatever is consumed reopens the window:
/// at once when much was, else together with the next delivery.
/// </remarks>
internal sealed class TcpPipeReader(LoopTcpConnection connection) : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>Received blocks with less than this are copied into the room of the block before, so that tiny segments cannot hold a block each.</summary>
    private const int CopyThreshold = 512;

    private readonly object _gate = new();
    private BlockChain _chain;
    private int _examined;
    private int _unreported;
    private bool _endOfStream;
    private bool _cancelled;
    private bool _completed;
    private bool _moreWaits;
    private bool _waiting;
    private Exception? _error;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<ReadResult> _source = new() { RunContinuationsAsynchronously = connection.CompletesOnPool };

    // ---- the loop's side ----

    /// <summary>Takes blocks over and wakes the reader. Loop's thread.</summary>
    /// <param name="received">The blocks; left empty.</param>
    /// <param name="endOfStream">Whether nothing follows them.</param>
    /// <param name="moreWaits">Whether the stack keeps octets back until some are consumed: then each advance is reported at once.</param>
    /// <param name="merged">Blocks whose octets were copied behind others.</param>
    /// <returns>Octets that were consumed since the last call, for the window.</returns>
    public int Deliver(ref BlockChain received, bool endOfStream, bool moreWaits, out int merged)
    {
        bool wake;
        int consumed;
        merged = 0;
        lock (_gate)
        {
            if (_completed)
            {
                // Nobody reads any more: accept and forget, as after shutdown(SHUT_RD).
                _unreported += received.Length;
                received.Clear();
            }
            else
            {
                merged = Append(ref received);
            }

            _endOfStream |= endOfStream;
            _moreWaits = moreWaits;
            consumed = _unreported;
            _unreported = 0;
            wake = TryStopWaiting();
        }

        if (wake) _source.SetResult(default);
        return consumed;
    }

    /// <summary>Ends the stream with an error: what was received is still read first. Loop's thread.</summary>
    public void Fail(Exception error)
    {
        bool wake;
        lock (_gate)
        {
            _error ??= error;
            wake = TryStopWaiting();
        }

        if (wake) _source.SetResult(default);
    }

    /// <summary>Octets consumed and not yet told to the window.</summary>
    public int TakeUnreported()
    {
        lock (_gate)
        {
            int consumed = _unreported;
            _unreported = 0;
            return consumed;
        }
    }

    private int Append(ref BlockChain received)
    {
        int merged = 0;
        while (!received.IsEmpty)
        {
            var block = received.TakeHead();
            var tail = _chain.Tail;
            if (tail is not null && block.Length <= CopyThreshold && block.Length <= PoolBlock.Size - tail.End)
            {
                // Behind what a reader may be looking at: its view ends at the old End.
                block.Data.CopyTo(tail.Room);
                _chain.Commit(block.Length);
                block.Pool.Return(block);
                merged++;
            }
            else
            {
                _chain.Append(block);
            }
        }

        return merged;
    }

    private bool IsReadable => _chain.Length > _examined || _endOfStream || _cancelled || _error is not null;

    // What came before the error is read first. Of what was examined already nothing new can be said: who waits for more of it hears of the error.
    private bool IsBroken => _error is not null && !_cancelled && !_endOfStream && _chain.Length <= _examined;

    private bool TryStopWaiting()
    {
        if (!_waiting || !IsReadable) return false;
        _waiting = false;
        return true;
    }

    // ---- the reader's side ----

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        lock (_gate)
        {
            if (_completed) throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
            if (_waiting) throw new InvalidOperationException("Another read is waiting already.");
            if (IsReadable) return IsBroken ? ValueTask.FromException<ReadResult>(_error!) : new(Take());
            _source.Reset();
            _waiting = true;
        }

        if (cancellationToken.CanBeCanceled)
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((TcpPipeReader)state!).CancelWait(token), this);
        return new(this, _source.Version);
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_gate)
        {
            if (_completed) throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
            if (!IsReadable || _waiting)
            {
                result = default;
                return false;
            }

            if (IsBroken) throw _error!;
            result = Take();
            return true;
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        bool report;
        lock (_gate)
        {
            if (_completed) return;
            int consumedCount = CountTo(consumed);
            int examinedCount = Math.Max(CountTo(examined), consumedCount);
            _chain.ConsumeShared(consumedCount);
            _examined = examinedCount - consumedCount;
            _unreported += consumedCount;
            report = _unreported >= connection.WindowUpdateThreshold || (_moreWaits && _unreported > 0);
        }

        if (report) connection.RequestAttention();
    }

    public override void CancelPendingRead()
    {
        bool wake;
        lock (_gate)
        {
            _cancelled = true;
            wake = TryStopWaiting();
        }

        if (wake) _source.SetResult(default);
    }

    public override void Complete(Exception? exception = null)
    {
        bool wake;
        lock (_gate)
        {
            if (_completed) return;
            _completed = true;
            _unreported += _chain.Length;
            HasUnread |= !_chain.IsEmpty;
            _chain.ConsumeShared(_chain.Length);
            _examined = 0;
            wake = _waiting;
            _waiting = false;
        }

        // A read that waits elsewhere, while the connection is disposed of, must not wait for ever.
        if (wake) _source.SetException(new IOException("The connection was closed.", new SocketException((int)SocketError.OperationAborted)));
        connection.RequestAttention();
    }

    /// <summary>Whether data was thrown away unread.</summary>
    public bool HasUnread { get; private set; }

    private ReadResult Take()
    {
        bool cancelled = _cancelled;
        _cancelled = false;
        return new(View(), cancelled, _endOfStream);
    }

    private ReadOnlySequence<byte> View()
    {
        if (_chain.Head is not { } head || _chain.IsEmpty) return ReadOnlySequence<byte>.Empty;
        long index = 0;
        for (PoolBlock? block = head; block is not null; block = block.NextBlock)
        {
            block.Expose(index);
            index += block.Length;
        }

        return new(head, 0, _chain.Tail!, _chain.Tail!.Length);
    }

    private int CountTo(SequencePosition position)
    {
        if (position.GetObject() is not PoolBlock target) return 0;
        int count = 0;
        for (var block = _chain.Head; block is not null; block = block.NextBlock)
        {
            if (ReferenceEquals(block, target)) return count + position.GetInteger();
            count += block.Length;
        }

        throw new ArgumentOutOfRangeException(nameof(position), "The position is not in what was read last.");
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

    // The value is taken when the awaiter asks, so that it holds all that has come by then.
    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        var registration = _registration;
        _registration = default;
        registration.Dispose();
        _source.GetResult(token);
        lock (_gate)
        {
            if (IsBroken) throw _error!;
            return Take();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
