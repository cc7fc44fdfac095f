using System.Collections.Concurrent;

namespace Morgana.Storage;

// Changes that wait are committed together: the disk's flush takes the same time for one and for a hundred.
public sealed partial class LogStore
{
    private readonly ConcurrentQueue<Waiting> _queue = new();

    /// <summary>Octets after which a group is closed, and the rest waits for the next one.</summary>
    private const long GroupLength = 1 << 20;

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default)
    {
        Begin(cancel);
        if (batch.Changes.Count == 0) return;
        var changes = new Change[batch.Changes.Count];
        for (int i = 0; i < changes.Length; i++) changes[i] = batch.Changes[i].Value is { } value ? Set(batch.Changes[i].Key, value) : Remove(batch.Changes[i].Key);
        var mine = new Waiting(changes);
        _queue.Enqueue(mine);
        try
        {
            await _turn.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (mine.TryCancel()) throw;
            // Somebody has already taken it into a group: it will be made.
            await mine.Done.ConfigureAwait(false);
            return;
        }

        try
        {
            while (!mine.Done.IsCompleted) await CommitGroupAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        await mine.Done.ConfigureAwait(false);
    }

    /// <summary>Commits what waits, as far as it fits into a group. The caller has the turn.</summary>
    private async ValueTask CommitGroupAsync()
    {
        var group = new List<Waiting>();
        for (long length = 0; length < GroupLength && _queue.TryDequeue(out var waiting);)
        {
            if (!waiting.TryTake()) continue;
            group.Add(waiting);
            foreach (var change in waiting.Changes) length += LogEntry.LengthOf(change.Entry.Key, change.Value.Length);
        }

        if (group.Count > 1 && await TryCommitTogetherAsync(group).ConfigureAwait(false)) return;
        // One of them cannot be made, or not all at once: then each stands for itself.
        foreach (var waiting in group) await CommitOneAsync(waiting).ConfigureAwait(false);
    }

    private async ValueTask<bool> TryCommitTogetherAsync(List<Waiting> group)
    {
        try
        {
            CheckUsable();
            List<Change> changes = [];
            foreach (var waiting in group) changes.AddRange(waiting.Changes);
            await CommitAsync([.. changes]).ConfigureAwait(false);
        }
        catch (StoreException) when (!_failed)
        {
            return false;                                   // Nothing was written.
        }
        catch (Exception e)
        {
            foreach (var waiting in group) waiting.Fail(e);
            return true;
        }

        foreach (var waiting in group) waiting.Succeed();
        return true;
    }

    private async ValueTask CommitOneAsync(Waiting waiting)
    {
        try
        {
            CheckUsable();
            await CommitAsync(waiting.Changes).ConfigureAwait(false);
            waiting.Succeed();
        }
        catch (Exception e)
        {
            waiting.Fail(e);
        }
    }

    /// <summary>The changes of one caller, who waits for them.</summary>
    private sealed class Waiting(Change[] changes)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _state;

        public Change[] Changes => changes;

        public Task Done => _done.Task;

        /// <summary>Whoever commits takes it, unless its caller has given up.</summary>
        public bool TryTake() => Interlocked.CompareExchange(ref _state, 1, 0) == 0;

        /// <summary>Its caller gives up, unless somebody has taken it.</summary>
        public bool TryCancel() => Interlocked.CompareExchange(ref _state, 2, 0) == 0;

        public void Succeed() => _done.TrySetResult();

        public void Fail(Exception e) => _done.TrySetException(e is BlockDeviceException device ? BlockReader.Translate(device) : e);
    }
}
