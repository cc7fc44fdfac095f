using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>Something that other threads ask the loop to do.</summary>
internal interface ILoopWork
{
    /// <summary>Does it, on the loop's thread. It must not throw.</summary>
    void Run(Instant now);

    /// <summary>The loop has ended and will never do it: whoever waits must hear of it. Any thread.</summary>
    void Abandon()
    {
    }
}

/// <summary>A question to the loop, with an answer that is awaited on another thread.</summary>
internal sealed class LoopCall<T>(Func<Instant, T> function) : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously), ILoopWork
{
    public void Run(Instant now)
    {
        try
        {
            TrySetResult(function(now));
        }
        catch (Exception e)
        {
            TrySetException(e);
        }
    }

    public void Abandon() => TrySetException(new ObjectDisposedException(nameof(NetworkLoop), "The network loop has stopped."));
}

/// <summary>Closes something on the loop's thread; the loop's end has closed it too.</summary>
internal sealed class LoopClose(Action<Instant> close) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), ILoopWork
{
    public void Run(Instant now)
    {
        close(now);
        TrySetResult();
    }

    public void Abandon() => TrySetResult();
}

/// <summary>A plain callback. Once the loop has ended there is no stack for it to work on.</summary>
internal sealed class LoopCallback(Action<object?> work, object? state) : ILoopWork
{
    public void Run(Instant now) => work(state);
}

/// <summary>The rest of a handler, after an <c>await</c>. It goes on even when the loop has ended, elsewhere.</summary>
internal sealed class LoopContinuation(SendOrPostCallback work, object? state) : ILoopWork
{
    public void Run(Instant now) => work(state);

    public void Abandon() => ThreadPool.UnsafeQueueUserWorkItem(static c => c.Run(default), this, preferLocal: false);
}

/// <summary>Brings the continuations of handlers that run on the loop's thread back to it.</summary>
internal sealed class LoopSynchronizationContext(NetworkLoop loop) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => loop.Post(new LoopContinuation(d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!loop.IsCurrent) throw new NotSupportedException("The loop never waits for itself: use Post.");
        d(state);
    }
}
