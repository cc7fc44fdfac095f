namespace Morgana.SystemNative;

/// <summary>What a descriptor of ours stands for.</summary>
internal enum DescriptorKind
{
    Socket,
    EventPort,
    File,
    Directory,
}

/// <summary>Something that a number stands for, as an open file description does in POSIX. Any thread; members may run at once, also with <see cref="Close"/>.</summary>
/// <remarks>What a kind does not say otherwise is Linux's answer for a descriptor that has no such thing.</remarks>
internal abstract class Descriptor
{
    private volatile bool _isNonBlocking;

    public abstract DescriptorKind Kind { get; }

    /// <summary><c>O_NONBLOCK</c>.</summary>
    public virtual bool IsNonBlocking
    {
        get => _isNonBlocking;
        set => _isNonBlocking = value;
    }

    /// <summary>Its number is gone. Called once; calls that wait in it must end.</summary>
    public abstract Error Close();

    /// <summary>read(2).</summary>
    public virtual Error Read(Span<byte> destination, out int count)
    {
        count = 0;
        return Error.EINVAL;
    }

    /// <summary>write(2).</summary>
    public virtual Error Write(ReadOnlySpan<byte> source, out int count)
    {
        count = 0;
        return Error.EINVAL;
    }

    /// <summary>pread(2).</summary>
    public virtual Error ReadAt(Span<byte> destination, long offset, out int count)
    {
        count = 0;
        return Error.ESPIPE;
    }

    /// <summary>lseek(2), with <c>SEEK_SET</c> 0, <c>SEEK_CUR</c> 1, <c>SEEK_END</c> 2.</summary>
    public virtual Error Seek(long offset, int whence, out long position)
    {
        position = 0;
        return Error.ESPIPE;
    }

    /// <summary>fstat(2), as far as .NET asks for it.</summary>
    public abstract Error Stat(out FileStatus status);
}
