using System.Runtime.CompilerServices;
using System.Text;
using Morgana.Storage;

namespace Morgana.Files;

/// <summary>How a <see cref="KeyValueFileSystem"/> looks.</summary>
public sealed record KeyValueFileSystemOptions
{
    /// <summary>The permissions of every file.</summary>
    public int FilePermissions { get; init; } = 0x1A4;      // 0644

    /// <summary>The permissions of every directory.</summary>
    public int DirectoryPermissions { get; init; } = 0x1ED;     // 0755

    /// <summary>Whose everything is.</summary>
    public uint Uid { get; init; }

    /// <summary>The group whose everything is.</summary>
    public uint Gid { get; init; }

    /// <summary>Hears what a store says when it fails, on the thread of the call that it failed.</summary>
    public Action<Exception>? Failed { get; init; }
}

/// <summary>The values of a key-value store as files: what is written is in the store, and stays as the store says.</summary>
/// <remarks>
/// <para>Each write is one change of the store, done when the call returns; so a program writes in large pieces, or is slow. Permissions and
/// times cannot be changed (EPERM), and there are no links. A name is one that a <see cref="StoreKey"/> can have: others cannot be made (EINVAL).</para>
/// <para>A store has no empty folders: those that a program makes are remembered as long as the process lives.</para>
/// </remarks>
public sealed class KeyValueFileSystem : FileSystem
{
    private readonly KeyValueFileSystemOptions _options;
    private readonly IReadOnlyKeyValueStore _store;
    private readonly IKeyValueStore? _writable;

    /// <summary>By key, for what was looked at and is still there: a file keeps its number when it moves.</summary>
    private readonly Dictionary<string, StrongBox<long>> _numbers = [];
    private readonly HashSet<string> _emptyFolders = [];
    private readonly Dictionary<long, OpenValue> _open = [];
    private long _number;

    /// <summary>A store's files. It may only be read unless it is an <see cref="IKeyValueStore"/>; it stays the caller's to close.</summary>
    public KeyValueFileSystem(IReadOnlyKeyValueStore store, KeyValueFileSystemOptions? options = null)
    {
        (_store, _writable, _options) = (store, store as IKeyValueStore, options ?? new());
        Root = new KeyValueDirectory(this, StoreKey.Root, NumberOf(StoreKey.Root));
    }

    /// <inheritdoc/>
    public override Inode Root { get; }

    /// <inheritdoc/>
    public override bool IsReadOnly => _writable is null;

    internal KeyValueFileSystemOptions Options => _options;

    /// <summary>One call at a time: what a store does not do as one step is one for the others all the same.</summary>
    internal object Sync { get; } = new();

    internal IReadOnlyKeyValueStore Store => _store;

    internal IKeyValueStore Writable => _writable ?? throw new StoreException(StoreError.ReadOnly, "The store can only be read.");

    /// <summary>By their paths.</summary>
    internal HashSet<string> EmptyFolders => _emptyFolders;

    internal Dictionary<long, OpenValue> Open => _open;

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace() => new(0x4D4B5653, 0, 0, 0, 0);      // "MKVS": a store does not say what it holds.

    /// <summary>Does something with the store, alone; what it throws becomes an error.</summary>
    internal Errno Do(Func<Errno> work)
    {
        lock (Sync)
        {
            try
            {
                return work();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _options.Failed?.Invoke(e);
                return ErrorOf(e);
            }
        }
    }

    /// <summary>What a store took long for is waited for here: the program's call is one that blocks.</summary>
    internal static T Wait<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

    internal static void Wait(ValueTask task)
    {
        if (task.IsCompleted) task.GetAwaiter().GetResult();
        else task.AsTask().GetAwaiter().GetResult();
    }

    internal long NumberOf(StoreKey key)
    {
        if (!_numbers.TryGetValue(key.Path, out var number)) _numbers.Add(key.Path, number = new(++_number));
        return number.Value;
    }

    internal void Forget(StoreKey key) => _numbers.Remove(key.Path);

    /// <summary>After a rename: the number goes with the file, and an open one learns its new key.</summary>
    internal void Moved(StoreKey from, StoreKey to)
    {
        _numbers.Remove(to.Path);
        if (!_numbers.Remove(from.Path, out var number)) return;
        _numbers.Add(to.Path, number);
        if (_open.TryGetValue(number.Value, out var open)) open.Key = to;
    }

    /// <summary>The same for a folder, and everything that was looked at in it.</summary>
    internal void MovedBelow(StoreKey from, StoreKey to)
    {
        string[] paths = new string[_numbers.Count];
        _numbers.Keys.CopyTo(paths, 0);
        foreach (string path in paths)
            if (IsIn(path, from)) Moved(path, to.Path + path[from.Path.Length..]);
    }

    internal StoreEntryKind KindOf(StoreKey key)
    {
        var kind = Wait(_store.ExistsAsync(key));
        return kind == StoreEntryKind.None && HasEmptyFolder(key) ? StoreEntryKind.Folder : kind;
    }

    /// <summary>Whether there is a remembered folder at a key or below.</summary>
    private bool HasEmptyFolder(StoreKey key)
    {
        foreach (string path in _emptyFolders)
            if (IsIn(path, key)) return true;
        return false;
    }

    /// <summary>Whether it is the path of <paramref name="folder"/>, or one below.</summary>
    internal static bool IsIn(string path, StoreKey folder) =>
        folder.IsRoot || (path.StartsWith(folder.Path, StringComparison.Ordinal) && (path.Length == folder.Path.Length || path[folder.Path.Length] == '/'));

    internal Inode InodeOf(StoreKey key, StoreEntryKind kind) =>
        kind == StoreEntryKind.Folder ? new KeyValueDirectory(this, key, NumberOf(key)) : new KeyValueFile(this, key, NumberOf(key));

    /// <summary>Before a value goes away: who has it open keeps it, in memory.</summary>
    internal void Detach(StoreKey key)
    {
        if (_numbers.TryGetValue(key.Path, out var number) && _open.TryGetValue(number.Value, out var open))
            open.Detached = Wait(_store.GetAsync(key)) is { } value ? value.ToArray() : [];
        Forget(key);
    }

    /// <summary>The key of a name, if a store can have it.</summary>
    internal static Errno TryKey(StoreKey folder, ReadOnlySpan<byte> name, out StoreKey key)
    {
        key = default;
        string text;
        try
        {
            text = s_strict.GetString(name);
        }
        catch (ArgumentException)
        {
            return Errno.EINVAL;
        }

        if (StoreKey.TryParse(folder.IsRoot ? text : $"{folder.Path}/{text}", out key)) return Errno.None;
        return folder.Path.Length + name.Length >= StoreKey.MaxLength || folder.Depth >= StoreKey.MaxDepth ? Errno.ENAMETOOLONG : Errno.EINVAL;
    }

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static Errno ErrorOf(Exception exception) => exception is not StoreException e ? Errno.EIO : e.Error switch
    {
        StoreError.IsFolder => Errno.EISDIR,
        StoreError.IsValue => Errno.ENOTDIR,
        StoreError.ReadOnly => Errno.EROFS,
        StoreError.NoSpace => Errno.ENOSPC,
        StoreError.TooLarge => Errno.EFBIG,
        StoreError.Outside => Errno.EACCES,
        _ => Errno.EIO,
    };
}

/// <summary>A value that somebody has open.</summary>
/// <param name="key">Where it is now.</param>
internal sealed class OpenValue(StoreKey key)
{
    public StoreKey Key { get; set; } = key;

    public int Users { get; set; }

    /// <summary>Its content, once it is not in the store any more.</summary>
    public byte[]? Detached { get; set; }
}
