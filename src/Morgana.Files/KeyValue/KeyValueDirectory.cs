using System.Text;
using Morgana.Storage;

namespace Morgana.Files;

/// <summary>A folder of keys as a directory.</summary>
internal sealed class KeyValueDirectory(KeyValueFileSystem fileSystem, StoreKey key, long number) : KeyValueInode(fileSystem, key, number)
{
    public override FileType Type => FileType.Directory;

    public override Inode? Parent
    {
        get
        {
            if (Key.IsRoot) return null;
            lock (Files.Sync) return new KeyValueDirectory(Files, Key.Parent, Files.NumberOf(Key.Parent));
        }
    }

    public override bool IsRemoved => Files.Do(() => IsThere() ? Errno.None : Errno.ENOENT) == Errno.ENOENT;

    public override Errno GetStatus(out FileStatus status)
    {
        status = Status(0, null);
        return Errno.None;
    }

    public override Errno GetName(out FileName name)
    {
        name = new(Encoding.UTF8.GetBytes(Key.Name));
        return Files.Do(() => IsThere() ? Errno.None : Errno.ENOENT);
    }

    public override Errno Lookup(ReadOnlySpan<byte> name, out Inode? inode)
    {
        inode = null;
        // What no key can be called is not there.
        if (KeyValueFileSystem.TryKey(Key, name, out var at) is not Errno.None) return Errno.ENOENT;
        Inode? found = null;
        var error = Files.Do(() =>
        {
            var kind = Files.KindOf(at);
            if (kind == StoreEntryKind.None) return Errno.ENOENT;
            found = Files.InodeOf(at, kind);
            return Errno.None;
        });
        inode = found;
        return error;
    }

    public override Errno List(List<DirectoryEntry> entries) => Files.Do(() =>
    {
        var names = new HashSet<string>();
        foreach (var entry in KeyValueFileSystem.Wait(Files.Store.ListAsync(Key)))
        {
            names.Add(entry.Name);
            entries.Add(Entry(entry.Name, entry.Kind == StoreEntryKind.Folder ? FileType.Directory : FileType.Regular));
        }

        foreach (string name in EmptyFoldersIn(Key))
            if (names.Add(name)) entries.Add(Entry(name, FileType.Directory));

        return Errno.None;
    });

    public override Errno Create(ReadOnlySpan<byte> name, in NewFile file, out Inode? inode)
    {
        inode = null;
        if (file.Type is not (FileType.Regular or FileType.Directory)) return Errno.EPERM;
        bool isDirectory = file.Type == FileType.Directory;
        var refused = KeyValueFileSystem.TryKey(Key, name, out var at);
        if (refused != Errno.None) return refused;
        Inode? made = null;
        var error = Files.Do(() =>
        {
            if (!IsThere()) return Errno.ENOENT;
            if (Files.KindOf(at) != StoreEntryKind.None) return Errno.EEXIST;
            if (isDirectory) Files.EmptyFolders.Add(at.Path);
            else KeyValueFileSystem.Wait(Files.Writable.SetAsync(at, default));
            made = Files.InodeOf(at, isDirectory ? StoreEntryKind.Folder : StoreEntryKind.Value);
            return Errno.None;
        });
        inode = made;
        return error;
    }

    public override Errno Unlink(ReadOnlySpan<byte> name) => KeyValueFileSystem.TryKey(Key, name, out var at) is not Errno.None ? Errno.ENOENT : Files.Do(() =>
    {
        var kind = Files.KindOf(at);
        if (kind != StoreEntryKind.Value) return kind == StoreEntryKind.None ? Errno.ENOENT : Errno.EISDIR;
        Remove(at);
        return Errno.None;
    });

    public override Errno RemoveDirectory(ReadOnlySpan<byte> name) => KeyValueFileSystem.TryKey(Key, name, out var at) is not Errno.None ? Errno.ENOENT : Files.Do(() =>
    {
        var kind = Files.KindOf(at);
        if (kind != StoreEntryKind.Folder) return kind == StoreEntryKind.None ? Errno.ENOENT : Errno.ENOTDIR;
        if (!IsEmpty(at)) return Errno.ENOTEMPTY;
        Files.EmptyFolders.Remove(at.Path);
        Files.Forget(at);
        Keep(Key);
        return Errno.None;
    });

    public override Errno Rename(ReadOnlySpan<byte> name, Inode toDirectory, ReadOnlySpan<byte> toName)
    {
        if (toDirectory is not KeyValueDirectory to) return Errno.ENOTDIR;
        if (KeyValueFileSystem.TryKey(Key, name, out var from) is not Errno.None) return Errno.ENOENT;
        var refused = KeyValueFileSystem.TryKey(to.Key, toName, out var target);
        return refused != Errno.None ? refused : Files.Do(() =>
        {
            var (kind, replaced) = (Files.KindOf(from), Files.KindOf(target));
            if (kind == StoreEntryKind.None || !to.IsThere()) return Errno.ENOENT;
            if (from == target) return Errno.None;
            if (kind == StoreEntryKind.Folder && target.IsIn(from)) return Errno.EINVAL;
            if (kind == StoreEntryKind.Value && replaced == StoreEntryKind.Folder) return Errno.EISDIR;
            if (kind == StoreEntryKind.Folder && replaced == StoreEntryKind.Value) return Errno.ENOTDIR;
            if (replaced == StoreEntryKind.Folder && !IsEmpty(target)) return Errno.ENOTEMPTY;

            if (kind == StoreEntryKind.Folder) return MoveFolder(from, target);
            if (replaced == StoreEntryKind.Value) Files.Detach(target);
            if (!KeyValueFileSystem.Wait(Files.Writable.RenameAsync(from, target))) return Errno.ENOENT;
            Files.Moved(from, target);
            Keep(Key);
            return Errno.None;
        });
    }

    /// <summary>All values below, in one batch.</summary>
    private Errno MoveFolder(StoreKey from, StoreKey target)
    {
        var keys = new List<string>();
        Collect(from, keys);
        var batch = new StoreBatch();
        foreach (string old in keys)
        {
            if (!StoreKey.TryParse(target.Path + old[from.Path.Length..], out var moved)) return Errno.ENAMETOOLONG;
            if (KeyValueFileSystem.Wait(Files.Store.GetAsync(old)) is not { } value) return Errno.EIO;
            batch.Set(moved, value).Remove(old);
        }

        var empties = new List<string>();
        foreach (string empty in Files.EmptyFolders)
        {
            if (!KeyValueFileSystem.IsIn(empty, from)) continue;
            if (!StoreKey.TryParse(target.Path + empty[from.Path.Length..], out _)) return Errno.ENAMETOOLONG;
            empties.Add(empty);
        }

        if (keys.Count > 0) KeyValueFileSystem.Wait(Files.Writable.ApplyAsync(batch));
        Files.MovedBelow(from, target);
        foreach (string empty in empties)
        {
            Files.EmptyFolders.Remove(empty);
            Files.EmptyFolders.Add(target.Path + empty[from.Path.Length..]);
        }

        Files.EmptyFolders.Add(target.Path);
        Keep(Key);
        return Errno.None;
    }

    private void Collect(StoreKey folder, List<string> keys)
    {
        foreach (var entry in KeyValueFileSystem.Wait(Files.Store.ListAsync(folder)))
        {
            if (entry.Kind == StoreEntryKind.Value) keys.Add((folder / entry.Name).Path);
            else Collect(folder / entry.Name, keys);
        }
    }

    private void Remove(StoreKey at)
    {
        Files.Detach(at);
        KeyValueFileSystem.Wait(Files.Writable.RemoveAsync(at));
        Keep(Key);
    }

    /// <summary>A directory stays when its last entry goes; in the store it would not.</summary>
    private void Keep(StoreKey folder)
    {
        if (!folder.IsRoot) Files.EmptyFolders.Add(folder.Path);
    }

    private bool IsThere() => Key.IsRoot || Files.KindOf(Key) == StoreEntryKind.Folder;

    private bool IsEmpty(StoreKey folder) => KeyValueFileSystem.Wait(Files.Store.ListAsync(folder)).Count == 0 && EmptyFoldersIn(folder).Length == 0;

    /// <summary>The names in a folder that lead to remembered ones, in their order.</summary>
    private string[] EmptyFoldersIn(StoreKey folder)
    {
        var names = new HashSet<string>();
        foreach (string path in Files.EmptyFolders)
            if (path.Length > folder.Path.Length && KeyValueFileSystem.IsIn(path, folder)) names.Add(path.Split('/')[folder.Depth]);
        string[] sorted = new string[names.Count];
        names.CopyTo(sorted);
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    private DirectoryEntry Entry(string name, FileType type) => new(new(Encoding.UTF8.GetBytes(name)), type, Files.NumberOf(Key.IsRoot ? name : $"{Key.Path}/{name}"));
}
