namespace Morgana.Files;

/// <summary>A lock of flock(2).</summary>
public enum FileLock
{
    /// <summary>None.</summary>
    None,

    /// <summary>Several may have it.</summary>
    Shared,

    /// <summary>One may have it, and nobody the other.</summary>
    Exclusive,
}

/// <summary>Who holds which file: as many entries as open files hold locks.</summary>
internal sealed class FileLocks
{
    private readonly Dictionary<Inode, Dictionary<OpenFile, int>> _locks = [];

    public Errno Set(OpenFile file, FileLock kind, bool wait)
    {
        lock (_locks)
        {
            // flock(2): a lock of the other kind is given up first, and is gone if the new one is not to be had.
            if (HeldBy(file) == kind) return Errno.None;
            Drop(file);
            if (kind == FileLock.None) return Errno.None;
            while (IsTaken(file, kind))
            {
                if (!wait) return Errno.EAGAIN;
                Monitor.Wait(_locks);
            }

            if (!_locks.TryGetValue(file.Inode, out var holders)) _locks.Add(file.Inode, holders = []);
            holders[file] = (int)kind;
            return Errno.None;
        }
    }

    public void Remove(OpenFile file)
    {
        lock (_locks) Drop(file);
    }

    private FileLock HeldBy(OpenFile file) => _locks.TryGetValue(file.Inode, out var holders) ? (FileLock)holders.GetValueOrDefault(file) : FileLock.None;

    private bool IsTaken(OpenFile file, FileLock kind)
    {
        if (!_locks.TryGetValue(file.Inode, out var holders)) return false;
        foreach (var (_, held) in holders)
            if (kind == FileLock.Exclusive || (FileLock)held == FileLock.Exclusive) return true;
        return false;
    }

    private void Drop(OpenFile file)
    {
        if (!_locks.TryGetValue(file.Inode, out var holders) || !holders.Remove(file)) return;
        if (holders.Count == 0) _locks.Remove(file.Inode);
        Monitor.PulseAll(_locks);
    }
}
