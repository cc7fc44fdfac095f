using Microsoft.Win32.SafeHandles;
using Morgana.Storage.Linux;

namespace Morgana.Storage;

/// <summary>A directory of the host's as a store: a file for each value.</summary>
/// <remarks>
/// <para>A value is replaced by writing a file beside it, syncing that, and renaming it over the old one; then the directory is synced. So each
/// change is atomic and durable; a batch is not atomic. Who writes a directory has it alone: it is locked.</para>
/// <para>Keys cannot lead out of the directory. A symbolic link in it is not followed, since it could: what lies at or behind one is refused with
/// <see cref="StoreError.Outside"/>, and not listed. Somebody who changes the directory at the same time can still trick it. Files whose
/// names are no segments of keys are not seen; our own temporary files are such.</para>
/// </remarks>
public sealed partial class DirectoryStore : IKeyValueStore
{
    /// <summary>What our own files begin with: a control character, which no segment of a key has.</summary>
    private const string OwnPrefix = "\u0001";

    private readonly string _root;
    private readonly SafeFileHandle? _lock;
    private readonly SemaphoreSlim _turn = new(1);
    private volatile bool _disposed;

    private DirectoryStore(string root, SafeFileHandle? @lock)
    {
        (_root, _lock) = (root, @lock);
        Capabilities = new() { IsDurable = true, MaxValueSize = Array.MaxLength };
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; }

    /// <summary>Opens a directory, which is made if it is to be written and is not there.</summary>
    /// <exception cref="StoreException">It is in use, or cannot be opened.</exception>
    public static DirectoryStore Open(string path, bool isReadOnly = false)
    {
        string root = Path.GetFullPath(path);
        try
        {
            if (isReadOnly) return Directory.Exists(root) ? new(root, null) : throw new StoreException(StoreError.Failed, $"There is no directory '{path}'.");
            Directory.CreateDirectory(root);
            var @lock = File.OpenHandle(Path.Combine(root, OwnPrefix + "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            foreach (var left in new DirectoryInfo(root).EnumerateFileSystemInfos(OwnPrefix + "new-*")) Discard(left);
            return new(root, @lock);
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException and not StoreException))
        {
            throw new StoreException(StoreError.Failed, e.HResult == Libc.EAgain ? $"'{path}' is in use by another process." : $"'{path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default) => ReadAsync<ReadOnlyMemory<byte>?>(key, async file =>
    {
        long length = RandomAccess.GetLength(file);
        if (length > Array.MaxLength) throw new StoreException(StoreError.TooLarge, $"'{key}' has {length} octets; it can only be read in parts.");
        byte[] content = new byte[length];
        int read = await FillAsync(file, 0, content, cancel).ConfigureAwait(false);
        return content.AsMemory(0, read);
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return ReadAsync<int?>(key, async file => offset >= RandomAccess.GetLength(file) ? 0 : await FillAsync(file, offset, destination, cancel).ConfigureAwait(false), cancel);
    }

    /// <inheritdoc/>
    public ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default) => RunAsync(() => KindOf(key), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default) => RunAsync<IReadOnlyList<StoreEntry>>(() =>
    {
        if (KindOf(folder) != StoreEntryKind.Folder) return [];
        var entries = new List<StoreEntry>();
        foreach (var info in new DirectoryInfo(PathOf(folder)).EnumerateFileSystemInfos())
            if (IsSeen(info)) entries.Add(new(info.Name, info is DirectoryInfo ? StoreEntryKind.Folder : StoreEntryKind.Value));
        entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default) => RunAsync<StoreInfo?>(() =>
    {
        if (KindOf(key) != StoreEntryKind.Value) return null;
        var info = new FileInfo(PathOf(key));
        return new(info.Length, new(info.LastWriteTimeUtc));
    }, cancel);

    /// <summary>Gives the directory back to others.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        _lock?.Dispose();
        _turn.Release();
    }

    private static bool IsSeen(FileSystemInfo info) => info.LinkTarget is null && StoreKey.TryParse(info.Name, out var key) && key.Depth == 1;

    private string PathOf(StoreKey key) => key.IsRoot ? _root : Path.Join(_root, key.Path);

    /// <summary>What is at a key. No component of its path may be a link.</summary>
    private StoreEntryKind KindOf(StoreKey key)
    {
        string path = _root;
        FileSystemInfo info = new DirectoryInfo(path);
        foreach (string segment in key.Segments)
        {
            path = Path.Join(path, segment);
            info = new FileInfo(path);
            if (info.LinkTarget is not null) throw new StoreException(StoreError.Outside, $"'{key}' leads through a symbolic link, which is not followed.");
            if (Directory.Exists(path)) info = new DirectoryInfo(path);
            else return info.Exists && path.Length == _root.Length + 1 + key.Path.Length ? StoreEntryKind.Value : StoreEntryKind.None;
        }

        return info.Exists ? StoreEntryKind.Folder : StoreEntryKind.None;
    }

    private async ValueTask<T?> ReadAsync<T>(StoreKey key, Func<SafeFileHandle, ValueTask<T>> read, CancellationToken cancel)
    {
        Begin(cancel);
        try
        {
            if (KindOf(key) != StoreEntryKind.Value) return default;
            using var file = OpenForReading(key);
            return await read(file).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;                                 // Removed meanwhile.
        }
        catch (Exception e) when (e is UnauthorizedAccessException or NotSupportedException || (e is IOException and not StoreException))
        {
            throw Translate(e);
        }
    }

    private SafeFileHandle OpenForReading(StoreKey key)
    {
        string path = PathOf(key);
        if (!OperatingSystem.IsLinux()) return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // Not to wait for whoever might write a pipe, and not to follow a link that has just been put there.
        int descriptor = Libc.Open(path, Libc.OpenNonBlocking | Libc.OpenNoFollow | Libc.OpenCloseOnExec);
        if (descriptor >= 0) return new(descriptor, ownsHandle: true);
        throw Libc.Error switch
        {
            Libc.ENoEnt => new FileNotFoundException(null, path),
            Libc.ELoop => new StoreException(StoreError.Outside, $"'{key}' is a symbolic link, which is not followed."),
            var error => new StoreException(StoreError.Failed, $"'{key}' cannot be opened (error {error})."),
        };
    }

    private static async ValueTask<int> FillAsync(SafeFileHandle file, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        int filled = 0;
        while (filled < destination.Length)
        {
            int read = await RandomAccess.ReadAsync(file, destination[filled..], offset + filled, cancel).ConfigureAwait(false);
            if (read == 0) break;
            filled += read;
        }

        return filled;
    }

    private async ValueTask<T> RunAsync<T>(Func<T> work, CancellationToken cancel)
    {
        Begin(cancel);
        return await Task.Run(() =>
        {
            try
            {
                return work();
            }
            catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException and not StoreException))
            {
                throw Translate(e);
            }
        }, CancellationToken.None).ConfigureAwait(false);
    }

    private void Begin(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private static StoreException Translate(Exception e) => new(e.HResult switch
    {
        Libc.ENoSpc => StoreError.NoSpace,
        Libc.ERofs => StoreError.ReadOnly,
        _ => StoreError.Failed,
    }, $"The directory failed: {e.Message}", e);
}
