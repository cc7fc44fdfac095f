namespace Morgana.Files;

/// <summary>A tree of files that can be mounted: memory, content of the image, a key-value store, a directory of the host.</summary>
/// <remarks>Any thread may use it. Everything in it answers with Linux's errors; nothing throws for what a program can cause.</remarks>
public abstract class FileSystem
{
    private static long s_devices;

    /// <summary>A number of its own.</summary>
    public long Device { get; } = Interlocked.Increment(ref s_devices);

    /// <summary>Its topmost directory.</summary>
    public abstract Inode Root { get; }

    /// <summary>Whether nothing in it can change: then changes fail with EROFS before anything else is looked at.</summary>
    public abstract bool IsReadOnly { get; }

    /// <summary>Whether it knows itself who may do what, and is asked (<see cref="Inode.CheckAccess"/>): one that is somebody else's in truth.</summary>
    public virtual bool ChecksAccess => false;

    /// <summary>What statfs(2) tells of it.</summary>
    public abstract FileSystemSpace GetSpace();
}
