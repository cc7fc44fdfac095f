using System.Globalization;
using Morgana.Storage;

namespace Morgana.Files;

/// <summary>Files in a key-value store whose batches are atomic, such as a LogStore on a disk: they survive, and so do names, permissions, times and links.</summary>
/// <remarks>
/// <para>Names and attributes are in memory; content is in the store, in pieces of <see cref="PieceLength"/> octets, so that a write costs what it
/// writes and not the file. What a program changes waits in memory, bounded, and goes to the store as one batch: when a file is flushed
/// (fsync(2)), when too much waits, and after <see cref="StoreFileSystemOptions.CommitAfter"/>. So whenever the power is cut, the store holds all files as they
/// were at one moment, which is not before the last flush of any of them.</para>
/// <para>Keys: <c>files</c> says what it is; <c>i/N</c> is a <see cref="StoredRecord"/>, and <c>c/N/P</c> the content's piece P, in hexadecimal digits.</para>
/// <para>A store that has failed is EIO for every change from then on; what can be read is read.</para>
/// </remarks>
public sealed class StoreFileSystem : TreeFileSystem, IAsyncDisposable
{
    /// <summary>Octets in a piece of content. Those behind the last one that is not zero need not be there.</summary>
    public const int PieceLength = 32 << 10;

    /// <summary>The least capacity that is of use.</summary>
    public const long MinCapacity = 1 << 20;

    internal const long RootNumber = 1;

    internal static readonly StoreKey Title = "files", Records = "i", Content = "c";

    /// <summary>What a new file needs at least: its record, a long name, and a little content.</summary>
    private const int NewFileLength = 512;

    /// <summary>"MKVF".</summary>
    private const long Magic = 0x4D4B5646;

    private readonly IKeyValueStore _store;
    private readonly StoreFileSystemOptions _options;
    private MemoryDirectory _root;
    private long _files;
    private long _mapped;

    private StoreFileSystem(IKeyValueStore store, StoreFileSystemOptions options)
        : base(options.Clock)
    {
        (_store, _options) = (store, options);
        Journal = new(store, options, this);
        _files = 1;
        _root = new(this, null, new(FileType.Directory, options.RootPermissions, options.Uid, options.Gid));
    }

    /// <inheritdoc/>
    public override Inode Root => _root;

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    internal StoreJournal Journal { get; }

    internal StoreFileSystemOptions Options => _options;

    /// <summary>Opens the files of a store, which belongs to them from now on, unless this fails; an empty store is made one.</summary>
    /// <exception cref="StoreException">The store holds something else, or what it holds is damaged.</exception>
    public static async ValueTask<StoreFileSystem> OpenAsync(IKeyValueStore store, StoreFileSystemOptions options, CancellationToken cancel = default)
    {
        if (!store.Capabilities.IsBatchAtomic) throw new ArgumentException("Files need a store whose batches are atomic.", nameof(store));
        if (options.Capacity < MinCapacity) throw new StoreException(StoreError.NoSpace, $"Files need a store for {MinCapacity} octets at least; this one holds {options.Capacity}.");
        var files = new StoreFileSystem(store, options);
        await new StoreLoader(store, files).LoadAsync(cancel).ConfigureAwait(false);
        return files;
    }

    /// <inheritdoc/>
    public override FileSystemSpace GetSpace()
    {
        lock (Tree) return new(Magic, Journal.Room, Math.Max(0, Journal.Room - Journal.Used), _options.MaxFiles, Math.Max(0, _options.MaxFiles - _files));
    }

    /// <summary>Makes everything that was changed survive.</summary>
    public Errno Flush() => Journal.Commit();

    /// <summary>Writes down what waits, and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        Journal.Close();
        await _store.DisposeAsync().ConfigureAwait(false);
    }

    internal static StoreKey RecordKey(long number) => Records / Hex(number);

    internal static StoreKey ContentKey(long number) => Content / Hex(number);

    internal static StoreKey PieceKey(long number, long piece) => ContentKey(number) / Hex(piece);

    internal static string Hex(long number) => number.ToString("x", CultureInfo.InvariantCulture);

    internal void SetRoot(MemoryDirectory root) => _root = root;

    internal override bool TryReserveFile()
    {
        lock (Tree)
        {
            if (_files >= _options.MaxFiles || !Journal.HasRoom(NewFileLength)) return false;
            _files++;
            return true;
        }
    }

    internal override void ReleaseFile() => Interlocked.Decrement(ref _files);

    internal void CountRestored() => _files++;

    internal override MemoryInode NewRegular(in NewFile file) => new StoredFile(this, file);

    internal override bool CanGrow(int octets) => Journal.HasRoom(octets);

    internal override Errno Prepare() => Journal.Prepare();

    internal override void Named(MemoryInode inode, MemoryDirectory directory, FileName name)
    {
        inode.Names.Add((directory, name));
        Changed(inode);
    }

    internal override void Unnamed(MemoryInode inode, MemoryDirectory directory, FileName name)
    {
        inode.Names.Remove((directory, name));
        Changed(inode);
    }

    internal override void Changed(MemoryInode inode)
    {
        // Who has lost its last name is not found again when the store is opened the next time.
        if (inode.Names.Count == 0 && inode != _root) Journal.Remove(RecordKey(inode.Number));
        else Journal.Set(RecordKey(inode.Number), RecordOf(inode));
    }

    internal override void Gone(MemoryInode inode)
    {
        if (inode is not StoredFile) return;
        lock (Tree)
            foreach (var key in Journal.KeysIn(ContentKey(inode.Number))) Journal.Remove(key);
    }

    /// <summary>Takes some of the memory that mappings may have.</summary>
    internal bool TryReserveMapped(long octets)
    {
        if (octets <= _options.MaxMapped && Interlocked.Add(ref _mapped, octets) <= _options.MaxMapped) return true;
        if (octets <= _options.MaxMapped) Interlocked.Add(ref _mapped, -octets);
        return false;
    }

    internal void ReleaseMapped(long octets) => Interlocked.Add(ref _mapped, -octets);

    private static byte[] RecordOf(MemoryInode inode)
    {
        inode.GetStatus(out var status);
        List<StoredName> names = [];
        foreach (var (directory, name) in inode.Names) names.Add(new(directory.Number, name.Octets.ToArray()));
        return new StoredRecord(status, names, inode is MemoryLink link ? link.Target.ToArray() : []).ToArray();
    }
}
