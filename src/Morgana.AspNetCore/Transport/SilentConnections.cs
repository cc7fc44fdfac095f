using System.IO.Pipelines;

namespace Morgana.AspNetCore;

/// <summary>Connections that have not said yet what they speak. Each is woken once, when its patience is over. Any thread.</summary>
internal sealed class SilentConnections : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly LinkedList<(long Since, PipeReader Input)> _waiting = new();   // All have the same patience: in the order of their deadlines.
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private bool _isStopped;

    public SilentConnections(TimeSpan patience, TimeProvider clock)
    {
        (_patience, _clock) = (patience, clock);
        _timer = clock.CreateTimer(static state => ((SilentConnections)state!).WakeOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Watches a connection. Null: the port is being stopped, and nobody is waited for.</summary>
    public LinkedListNode<(long Since, PipeReader Input)>? Watch(PipeReader input)
    {
        lock (_gate)
        {
            if (_isStopped) return null;
            if (_waiting.Count == 0) _timer.Change(_patience, Timeout.InfiniteTimeSpan);
            return _waiting.AddLast((_clock.GetTimestamp(), input));
        }
    }

    /// <summary>The connection has spoken. After this it is not woken: whoever owns it now must not see a read that was cancelled by us.</summary>
    public void Forget(LinkedListNode<(long Since, PipeReader Input)> node)
    {
        lock (_gate)
        {
            if (node.List is not null) _waiting.Remove(node);
        }
    }

    /// <summary>Wakes all.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isStopped = true;
            foreach (var (_, input) in _waiting) input.CancelPendingRead();
            _waiting.Clear();
        }

        await _timer.DisposeAsync();
    }

    private void WakeOverdue()
    {
        lock (_gate)
        {
            if (_isStopped) return;
            while (_waiting.First is { } first)
            {
                var left = _patience - _clock.GetElapsedTime(first.Value.Since);
                if (left > TimeSpan.Zero)
                {
                    // Never less than a tick of the timer's own, or it would come back before the time.
                    _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                    return;
                }

                _waiting.RemoveFirst();
                first.Value.Input.CancelPendingRead();
            }
        }
    }
}
