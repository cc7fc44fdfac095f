namespace Morgana.Files;

/// <summary>A file system whose names and attributes are in memory. Where its content is, and what outlives the process, is each one's own matter.</summary>
public abstract class TreeFileSystem : FileSystem
{
    private readonly TimeProvider _clock;
    private long _number;

    private protected TreeFileSystem(TimeProvider clock) => _clock = clock;

    /// <summary>Guards names: which directory holds what, and where a directory is.</summary>
    internal Lock Tree { get; } = new();

    internal FileTime Now => FileTime.From(_clock.GetUtcNow());

    internal long NextNumber() => Interlocked.Increment(ref _number);

    /// <summary>A number that is taken already.</summary>
    internal void TakeNumber(long number) => _number = Math.Max(_number, number);

    /// <summary>Takes one of the files that there may be.</summary>
    internal abstract bool TryReserveFile();

    internal abstract void ReleaseFile();

    /// <summary>A new regular file, without a name yet.</summary>
    internal abstract MemoryInode NewRegular(in NewFile file);

    /// <summary>Whether a name may become so much longer.</summary>
    internal virtual bool CanGrow(int octets) => true;

    /// <summary>Before names or attributes change, without any lock: room is made for what is to be remembered of it.</summary>
    internal virtual Errno Prepare() => Errno.None;

    /// <summary>With <see cref="Tree"/> held: attributes or names of this one have changed.</summary>
    internal virtual void Changed(MemoryInode inode)
    {
    }

    /// <summary>With <see cref="Tree"/> held: another name; none is taken away here.</summary>
    internal virtual void Named(MemoryInode inode, MemoryDirectory directory, FileName name)
    {
    }

    /// <summary>With <see cref="Tree"/> held: a name less.</summary>
    internal virtual void Unnamed(MemoryInode inode, MemoryDirectory directory, FileName name)
    {
    }

    /// <summary>It has no name and no user any more.</summary>
    internal virtual void Gone(MemoryInode inode)
    {
    }
}
