using Morgana.Storage.Linux;

namespace Morgana.Storage;

public sealed partial class DirectoryStore
{
    /// <inheritdoc/>
    public ValueTask SetAsync(StoreKey key, ReadOnlyMemory<byte> value, CancellationToken cancel = default) => ApplyAsync(new StoreBatch().Set(key, value), cancel);

    /// <inheritdoc/>
    public async ValueTask SetPartAsync(StoreKey key, long offset, ReadOnlyMemory<byte> part, CancellationToken cancel = default)
    {
        StorePart.CheckEnd(offset, part.Length, Capabilities.MaxValueSize);
        if (key.IsRoot) throw new ArgumentException("The root is a folder, and has no value.", nameof(key));
        await ChangeAsync(() =>
        {
            new Plan(this).CheckSet(key);
            if (KindOf(key) != StoreEntryKind.Value)
            {
                Replace(key, StorePart.Overwrite([], offset, part.Span));
                return true;
            }

            using var file = File.OpenHandle(PathOf(key), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.GetLength(file) < offset) RandomAccess.SetLength(file, offset);
            RandomAccess.Write(file, part.Span, offset);
            RandomAccess.FlushToDisk(file);
            return true;
        }, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(StoreKey key, CancellationToken cancel = default) => ChangeAsync(() =>
    {
        var kind = KindOf(key);
        if (kind == StoreEntryKind.Value)
        {
            File.Delete(PathOf(key));
            Prune(key.Parent);
            return true;
        }

        if (kind == StoreEntryKind.None) return false;
        bool any = HasValues(key);
        if (key.IsRoot)
        {
            foreach (var info in new DirectoryInfo(_root).EnumerateFileSystemInfos().ToArray())
                if (IsSeen(info)) Hide(info.FullName);
        }
        else
        {
            Hide(PathOf(key));
            Prune(key.Parent);
        }

        SyncDirectory(_root);
        return any;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<bool> RenameAsync(StoreKey from, StoreKey to, CancellationToken cancel = default)
    {
        StorePart.CheckRename(from, to);
        return ChangeAsync(() =>
        {
            var kind = KindOf(from);
            if (kind == StoreEntryKind.Folder) throw new StoreException(StoreError.IsFolder, $"'{from}' is a folder, which cannot be renamed.");
            if (kind == StoreEntryKind.None) return false;
            new Plan(this).CheckSet(to);
            if (from == to) return true;
            MakeFolder(to);
            File.Move(PathOf(from), PathOf(to), overwrite: true);
            SyncDirectory(PathOf(to.Parent));
            Prune(from.Parent);
            return true;
        }, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(StoreBatch batch, CancellationToken cancel = default) => await ChangeAsync(() =>
    {
        var plan = new Plan(this);
        foreach (var change in batch.Changes) plan.Add(change);
        var ready = new string?[batch.Changes.Count];
        try
        {
            // All content is on disk before the first change: what fails here has changed nothing.
            for (int i = 0; i < ready.Length; i++)
                if (batch.Changes[i].Value is { } value) ready[i] = WriteNew(value.Span);
            for (int i = 0; i < ready.Length; i++)
            {
                if (ready[i] is { } path) MoveInto(path, batch.Changes[i].Key);
                else if (KindOf(batch.Changes[i].Key) == StoreEntryKind.Value) Delete(batch.Changes[i].Key);
            }
        }
        finally
        {
            foreach (string? path in ready)
                if (path is not null) File.Delete(path);
        }

        return true;
    }, cancel).ConfigureAwait(false);

    private async ValueTask<T> ChangeAsync<T>(Func<T> change, CancellationToken cancel)
    {
        Begin(cancel);
        if (_lock is null) throw new StoreException(StoreError.ReadOnly, "The directory was opened for reading.");
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await RunAsync(change, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Replace(StoreKey key, ReadOnlySpan<byte> value) => MoveInto(WriteNew(value), key);

    private void MoveInto(string path, StoreKey key)
    {
        MakeFolder(key);
        // A directory without any value is no folder: it gives way.
        if (Directory.Exists(PathOf(key))) Hide(PathOf(key));
        File.Move(path, PathOf(key), overwrite: true);
        SyncDirectory(PathOf(key.Parent));
    }

    private void Delete(StoreKey key)
    {
        File.Delete(PathOf(key));
        Prune(key.Parent);
    }

    /// <summary>A file of our own with this content, on disk.</summary>
    private string WriteNew(ReadOnlySpan<byte> value)
    {
        string path = NewName();
        try
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, value, 0);
            RandomAccess.FlushToDisk(file);
            return path;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    private string NewName() => Path.Join(_root, OwnPrefix + "new-" + Guid.NewGuid().ToString("N"));

    /// <summary>Makes something vanish at once, however much is below it.</summary>
    private void Hide(string path)
    {
        string hidden = NewName();
        if (Directory.Exists(path)) Directory.Move(path, hidden);
        else File.Move(path, hidden);
        Discard(Directory.Exists(hidden) ? new DirectoryInfo(hidden) : new FileInfo(hidden));
    }

    private static void Discard(FileSystemInfo info)
    {
        // Deleting a directory does not follow the links in it.
        if (info is DirectoryInfo { LinkTarget: null } directory) directory.Delete(recursive: true);
        else info.Delete();
    }

    private void MakeFolder(StoreKey key)
    {
        string path = _root;
        foreach (string segment in key.Parent.Segments)
        {
            string next = Path.Join(path, segment);
            if (!Directory.Exists(next))
            {
                Directory.CreateDirectory(next);
                SyncDirectory(path);
            }

            path = next;
        }
    }

    /// <summary>Removes folders that have become empty, from the innermost one outwards, and syncs the first that stays.</summary>
    private void Prune(StoreKey folder)
    {
        while (!folder.IsRoot && !Directory.EnumerateFileSystemEntries(PathOf(folder)).Any())
        {
            Directory.Delete(PathOf(folder));
            folder = folder.Parent;
        }

        SyncDirectory(PathOf(folder));
    }

    private bool HasValues(StoreKey folder) => ValuesIn(new(PathOf(folder))).Any();

    private static IEnumerable<FileInfo> ValuesIn(DirectoryInfo directory)
    {
        foreach (var info in directory.EnumerateFileSystemInfos().Where(IsSeen))
        {
            if (info is FileInfo file) yield return file;
            else foreach (var below in ValuesIn((DirectoryInfo)info)) yield return below;
        }
    }

    /// <summary>A renamed or removed entry survives power loss once its directory is on disk.</summary>
    private static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        int descriptor = Libc.Open(path, Libc.OpenDirectory | Libc.OpenCloseOnExec);
        if (descriptor < 0) throw new StoreException(StoreError.Failed, $"The directory cannot be synced (error {Libc.Error}).");
        int result = Libc.Sync(descriptor), error = Libc.Error;
        Libc.Close(descriptor);
        if (result != 0) throw new StoreException(StoreError.Failed, $"The directory cannot be synced (error {error}).");
    }

    /// <summary>What would be at each key after the changes so far: finds what cannot be done before anything is.</summary>
    private sealed class Plan(DirectoryStore store)
    {
        private readonly HashSet<StoreKey> _set = [];
        private readonly HashSet<StoreKey> _removed = [];

        public void Add(StoreChange change)
        {
            if (change.Value is null)
            {
                _set.Remove(change.Key);
                _removed.Add(change.Key);
                return;
            }

            CheckSet(change.Key);
            _removed.Remove(change.Key);
            _set.Add(change.Key);
        }

        public void CheckSet(StoreKey key)
        {
            for (var above = key.Parent; !above.IsRoot; above = above.Parent)
                if (IsValue(above)) throw new StoreException(StoreError.IsValue, $"'{key}' would lie below a value.");
            if (_set.Any(k => k != key && k.IsIn(key)) || HasValuesLeft(key)) throw new StoreException(StoreError.IsFolder, $"'{key}' is a folder.");
        }

        private bool IsValue(StoreKey key) => _set.Contains(key) || (!_removed.Contains(key) && store.KindOf(key) == StoreEntryKind.Value);

        private bool HasValuesLeft(StoreKey folder)
        {
            if (store.KindOf(folder) != StoreEntryKind.Folder) return false;
            string path = store.PathOf(folder);
            return ValuesIn(new(path)).Any(f => !_removed.Contains(folder / f.FullName[(path.Length + 1)..]));
        }
    }
}
