using Morgana.Storage;

namespace Morgana.Files;

/// <summary>Changes of a store that wait in memory, and are made together as one batch: so the store always holds the files as they were at some moment.</summary>
/// <remarks>
/// Everything is guarded by the file system's <see cref="TreeFileSystem.Tree"/>, but for the store itself, which is written without it:
/// who reads and writes meanwhile sees what is on its way. Whoever writes down takes <see cref="_turn"/> first, and never has the tree then.
/// </remarks>
internal sealed class StoreJournal
{
    /// <summary>What a LogStore counts for a value, beside its octets and those of its key.</summary>
    private const int Overhead = 19;

    /// <summary>What a waiting change takes of memory, beside its content.</summary>
    private const int ChangeCost = 160;

    private const int MaxClean = 16;

    private readonly IKeyValueStore _store;
    private readonly StoreFileSystemOptions _options;
    private readonly TreeFileSystem _files;
    private readonly object _turn = new();
    private readonly ITimer _timer;
    private readonly long _maxPending;
    private readonly Dictionary<string, Piece> _clean = [];
    private readonly Queue<string> _cleanOrder = new();
    private Dictionary<string, Piece> _pending = [];
    private Dictionary<string, Piece>? _committing;
    private long _pendingOctets;
    private volatile Exception? _failed;

    public StoreJournal(IKeyValueStore store, StoreFileSystemOptions options, TreeFileSystem files)
    {
        (_store, _options, _files) = (store, options, files);
        _maxPending = Math.Min(options.MaxPending, options.Capacity / 16);
        // What is left is for changes that free something: their own records have to fit.
        Room = options.Capacity - Math.Min(64 << 10, options.Capacity / 8);
        _timer = options.Clock.CreateTimer(_ => Commit(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Octets of the store that files may fill.</summary>
    public long Room { get; }

    /// <summary>Octets of the store that are in use, once everything that waits was written down.</summary>
    public long Used { get; set; }

    public static long CostOf(StoreKey key, long length) => Overhead + key.Path.Length + length;

    /// <summary>Whether so much more fits.</summary>
    public bool HasRoom(long octets) => Used + octets <= Room;

    /// <summary>Before a change, without the tree: writes down what waits if it is too much.</summary>
    public Errno Prepare()
    {
        if (_failed is { } failed) return ErrorOf(failed);
        return Volatile.Read(ref _pendingOctets) > _maxPending ? Commit() : Errno.None;
    }

    /// <summary>The value at a key as it is for the program; empty if there is none. Without the tree: it may have to be read.</summary>
    public ReadOnlyMemory<byte> Get(StoreKey key)
    {
        lock (_files.Tree)
            if (TryFind(key, out var octets)) return octets;
        var value = KeyValueFileSystem.Wait(_store.GetAsync(key)) ?? default;
        // Its file's content is the caller's now: nobody else has changed it meanwhile.
        lock (_files.Tree) Keep(key, value);
        return value;
    }

    /// <summary>With the tree: the octets at a key, or -1 if there is nothing.</summary>
    public long LengthOf(StoreKey key)
    {
        if (FindWaiting(key) is { } piece) return piece.Buffer is null ? -1 : piece.Value.Length;
        return KeyValueFileSystem.Wait(_store.GetInfoAsync(key))?.Size ?? -1;
    }

    /// <summary>With the tree: a value of its own.</summary>
    public void Set(StoreKey key, byte[] value) => Put(key, value, value.Length);

    /// <summary>With the tree: nothing is at a key any more.</summary>
    public void Remove(StoreKey key)
    {
        long length = LengthOf(key);
        if (length < 0) return;
        Put(key, null, 0);
    }

    /// <summary>With the tree: writes into the value at a key, which is <paramref name="old"/> still. False if the store has no room for more.</summary>
    public bool TryWrite(StoreKey key, ReadOnlyMemory<byte> old, int at, ReadOnlySpan<byte> part, int maxLength)
    {
        int length = Math.Max(old.Length, at + part.Length);
        long before = LengthOf(key), added = CostOf(key, length) - (before < 0 ? 0 : CostOf(key, before));
        if (added > 0 && !HasRoom(added)) return false;
        byte[] buffer;
        if (_pending.TryGetValue(key.Path, out var piece) && piece.Buffer is { } own && own.Length >= length)
        {
            buffer = own;
        }
        else
        {
            // What is on its way must not change; and the next write will probably be behind this one.
            buffer = new byte[Math.Min(maxLength, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 256)))];
            old.Span.CopyTo(buffer);
        }

        part.CopyTo(buffer.AsSpan(at));
        Put(key, buffer, length);
        return true;
    }

    /// <summary>The paths of the keys below a folder that have something. With the tree.</summary>
    public string[] KeysIn(StoreKey folder)
    {
        var keys = new HashSet<string>();
        foreach (var entry in KeyValueFileSystem.Wait(_store.ListAsync(folder))) keys.Add((folder / entry.Name).Path);
        foreach (var changes in (Dictionary<string, Piece>?[])[_committing, _pending])
        {
            foreach (var piece in (changes ?? []).Values)
            {
                if (!piece.Key.IsIn(folder)) continue;
                if (piece.Buffer is null) keys.Remove(piece.Key.Path);
                else keys.Add(piece.Key.Path);
            }
        }

        string[] found = new string[keys.Count];
        keys.CopyTo(found);
        return found;
    }

    /// <summary>Writes down everything that waits: when this has succeeded, it survives. Without the tree.</summary>
    public Errno Commit()
    {
        lock (_turn)
        {
            Dictionary<string, Piece> changes;
            lock (_files.Tree)
            {
                if (_failed is { } failed) return ErrorOf(failed);
                if (_pending.Count == 0) return Errno.None;
                _committing = changes = _pending;
                _pending = [];
                _pendingOctets = 0;
            }

            try
            {
                var batch = new StoreBatch();
                foreach (var piece in changes.Values)
                {
                    if (piece.Buffer is null) batch.Remove(piece.Key);
                    else batch.Set(piece.Key, piece.Value);
                }

                KeyValueFileSystem.Wait(_store.ApplyAsync(batch));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // What was to be written stays to be read; but nothing more can be promised.
                _failed = e;
                _options.Failed?.Invoke(e);
                return ErrorOf(e);
            }

            lock (_files.Tree)
            {
                _committing = null;
                // Who appends and flushes, line by line, needs the last piece again.
                int others = changes.Count - MaxClean;
                foreach (var piece in changes.Values)
                    if (others-- <= 0 && piece.Buffer is not null && !_pending.ContainsKey(piece.Key.Path)) Keep(piece.Key, piece.Value);
            }

            return Errno.None;
        }
    }

    /// <summary>Writes down what waits, and ends.</summary>
    public Errno Close()
    {
        _timer.Dispose();
        return Commit();
    }

    /// <summary>What a call answers that the store has failed.</summary>
    public Errno Fail(Exception e)
    {
        _options.Failed?.Invoke(e);
        return ErrorOf(e);
    }

    private static Errno ErrorOf(Exception e) => KeyValueFileSystem.ErrorOf(e);

    private bool TryFind(StoreKey key, out ReadOnlyMemory<byte> octets)
    {
        var piece = FindWaiting(key) ?? _clean.GetValueOrDefault(key.Path);
        octets = piece?.Value ?? default;
        return piece is not null;
    }

    private Piece? FindWaiting(StoreKey key) => _pending.GetValueOrDefault(key.Path) ?? _committing?.GetValueOrDefault(key.Path);

    private void Put(StoreKey key, byte[]? buffer, int length)
    {
        long before = LengthOf(key);
        Used += (buffer is null ? 0 : CostOf(key, length)) - (before < 0 ? 0 : CostOf(key, before));
        if (_pending.Remove(key.Path, out var old)) _pendingOctets -= ChangeCost + (old.Buffer?.Length ?? 0);
        if (_pending.Count == 0 && _failed is null) _timer.Change(_options.CommitAfter, Timeout.InfiniteTimeSpan);
        _pending.Add(key.Path, new(key, buffer, buffer.AsMemory(0, length)));
        _pendingOctets += ChangeCost + (buffer?.Length ?? 0);
        _clean.Remove(key.Path);
    }

    private void Keep(StoreKey key, ReadOnlyMemory<byte> value)
    {
        if (!_clean.TryAdd(key.Path, new(key, null, value))) return;
        _cleanOrder.Enqueue(key.Path);
        // A key whose value was written since is in the queue still, and counts as one that goes.
        if (_cleanOrder.Count > MaxClean) _clean.Remove(_cleanOrder.Dequeue());
    }

    /// <summary>A change that waits, or a value that was read: a class, so that its tables need no code of their own in every image.</summary>
    private sealed class Piece(StoreKey key, byte[]? buffer, ReadOnlyMemory<byte> value)
    {
        public StoreKey Key => key;

        /// <summary>Of a change, what the new value lies in, with zeroes behind it; null: the value is removed.</summary>
        public byte[]? Buffer => buffer;

        public ReadOnlyMemory<byte> Value => value;
    }
}
