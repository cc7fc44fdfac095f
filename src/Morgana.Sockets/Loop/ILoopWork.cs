using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>Something that other threads ask the loop to do.</summary>
internal interface ILoopWork
{
    /// <summary>Does it, on the loop's thread. It must not throw.</summary>
    void Run(Instant now);
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
}

/// <summary>A plain callback.</summary>
internal sealed class LoopCallback(Action<object?> work, object? state) : ILoopWork
{
    public void Run(Instant now) => work(state);
}

/// <summary>Brings the continuations of handlers that run on the loop's thread back to it.</summary>
internal sealed class LoopSynchronizationContext(NetworkLoop loop) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => loop.Post(s => d(s), state);

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!loop.IsCurrent) throw new NotSupportedException("The loop never waits for itself: use Post.");
        d(state);
    }
}
