using System.Globalization;
using Morgana.Storage;

namespace Morgana.Files;

/// <summary>Builds the tree from what a store holds, and believes none of it: what does not fit together is <see cref="StoreError.Damaged"/>.</summary>
internal sealed class StoreLoader(IKeyValueStore store, StoreFileSystem files)
{
    private readonly Dictionary<long, Loaded> _inodes = [];

    private static ReadOnlySpan<byte> Version => "morgana files, version 1, pieces of 32768 octets\n"u8;

    public async ValueTask LoadAsync(CancellationToken cancel)
    {
        if (await store.GetAsync(StoreFileSystem.Title, cancel).ConfigureAwait(false) is not { } title)
        {
            await FormatAsync(cancel).ConfigureAwait(false);
            return;
        }

        if (!title.Span.SequenceEqual(Version)) throw Damaged("its files are of a version that this program does not know");
        files.Journal.Used += StoreJournal.CostOf(StoreFileSystem.Title, title.Length);
        foreach (var entry in await store.ListAsync(StoreFileSystem.Records, cancel).ConfigureAwait(false)) await ReadAsync(NumberOf(entry), cancel).ConfigureAwait(false);
        if (!_inodes.TryGetValue(StoreFileSystem.RootNumber, out var root) || root.Inode is not MemoryDirectory directory || root.Record.Names.Count > 0) throw Damaged("it has no root");
        foreach (var loaded in _inodes.Values) Place(loaded.Inode, loaded.Record);
        CheckReachable(directory);
        files.SetRoot(directory);
        foreach (var loaded in _inodes.Values) files.TakeNumber(loaded.Record.Status.Number);
        await CountContentAsync(cancel).ConfigureAwait(false);
    }

    private async ValueTask FormatAsync(CancellationToken cancel)
    {
        if ((await store.ListAsync(StoreKey.Root, cancel).ConfigureAwait(false)).Count > 0) throw Damaged("it holds values of a program's own, and no files");
        lock (files.Tree)
        {
            files.Journal.Set(StoreFileSystem.Title, Version.ToArray());
            files.Changed((MemoryInode)files.Root);
        }

        if (files.Flush() != Errno.None) throw new StoreException(StoreError.Failed, "The store cannot be written.");
    }

    private async ValueTask ReadAsync(long number, CancellationToken cancel)
    {
        var key = StoreFileSystem.RecordKey(number);
        if (await store.GetAsync(key, cancel).ConfigureAwait(false) is not { } value || !StoredRecord.TryRead(value.Span, number, out var record)) throw Damaged($"the record of file {number} is none");
        if (_inodes.Count >= files.Options.MaxFiles) throw new StoreException(StoreError.TooLarge, $"The store has more than {files.Options.MaxFiles} files.");
        var status = record!.Status;
        var made = new NewFile(status.Type, status.Permissions, files.Options.Uid, files.Options.Gid, record.Target);
        MemoryInode inode = status.Type switch
        {
            FileType.Directory when number == StoreFileSystem.RootNumber => new MemoryDirectory(files, null, made),
            FileType.Directory => MemoryDirectory.Unplaced(files, made),
            FileType.Link => new MemoryLink(files, made),
            FileType.Socket => new MemorySocket(files, made),
            _ => new StoredFile(files, made, status.Size),
        };
        inode.Restore(status with { Uid = files.Options.Uid, Gid = files.Options.Gid });
        _inodes.Add(number, new(inode, record));
        files.Journal.Used += StoreJournal.CostOf(key, value.Length);
        // The root is counted already, and each name of a file as one.
        for (int i = 0; i < record.Names.Count; i++) files.CountRestored();
    }

    private void Place(MemoryInode inode, StoredRecord record)
    {
        if (record.Names.Count == 0 && record.Status.Number != StoreFileSystem.RootNumber) throw Damaged($"file {record.Status.Number} has no name");
        foreach (var stored in record.Names)
        {
            var name = new FileName(stored.Octets);
            if (!_inodes.TryGetValue(stored.Directory, out var above) || above.Inode is not MemoryDirectory directory || !directory.TryRestore(name, inode))
                throw Damaged($"file {record.Status.Number} is in no directory, or two have its name");
            inode.Names.Add((directory, name));
        }
    }

    // Directories that lie in each other would be a tree of their own.
    private void CheckReachable(MemoryDirectory root)
    {
        int count = 0;
        var waiting = new Stack<MemoryDirectory>([root]);
        while (waiting.TryPop(out var directory))
        {
            count++;
            foreach (var inode in directory.Entries)
                if (inode is MemoryDirectory below) waiting.Push(below);
        }

        foreach (var loaded in _inodes.Values)
            if (loaded.Inode is MemoryDirectory) count--;
        if (count != 0) throw Damaged("directories lie in each other");
    }

    // What a file has left that was open when its last name went, and the power with it, goes now.
    private async ValueTask CountContentAsync(CancellationToken cancel)
    {
        foreach (var entry in await store.ListAsync(StoreFileSystem.Content, cancel).ConfigureAwait(false))
        {
            bool isOrphan = !_inodes.TryGetValue(NumberOf(entry), out var owner) || owner.Inode is not StoredFile;
            var folder = StoreFileSystem.Content / entry.Name;
            foreach (var piece in await store.ListAsync(folder, cancel).ConfigureAwait(false))
            {
                var key = folder / piece.Name;
                NumberOf(piece);
                long length = (await store.GetInfoAsync(key, cancel).ConfigureAwait(false))?.Size ?? 0;
                files.Journal.Used += StoreJournal.CostOf(key, length);
                if (!isOrphan) continue;
                lock (files.Tree) files.Journal.Remove(key);
            }
        }
    }

    private static long NumberOf(StoreEntry entry) =>
        long.TryParse(entry.Name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long number) && number >= 0 && StoreFileSystem.Hex(number) == entry.Name ? number : throw Damaged($"'{entry.Name}' is no number");

    private sealed class Loaded(MemoryInode inode, StoredRecord record)
    {
        public MemoryInode Inode => inode;

        public StoredRecord Record => record;
    }

    private static StoreException Damaged(string what) => new(StoreError.Damaged, $"The store's files cannot be read: {what}.");
}
