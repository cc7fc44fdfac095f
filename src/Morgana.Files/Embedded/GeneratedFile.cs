namespace Morgana.Files;

/// <summary>A file whose content is made when it is opened. Its size is 0, as of those of proc(5): a reader reads until there is no more.</summary>
internal sealed class GeneratedFile(EmbeddedFileSystem fileSystem, Func<byte[]> generate) : EmbeddedInode(fileSystem)
{
    private readonly Lock _gate = new();
    private byte[] _content = [];
    private int _users;

    public override FileType Type => FileType.Regular;

    protected override long Size => 0;

    // Who opens it while others have it open sees what they see, so that nobody reads half of one state and half of another.
    public override Errno Acquire(OpenFlags flags)
    {
        lock (_gate)
        {
            if (_users++ == 0) _content = generate();
        }

        return Errno.None;
    }

    public override Errno Release(OpenFlags flags)
    {
        lock (_gate)
        {
            if (--_users == 0) _content = [];
        }

        return Errno.None;
    }

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        byte[] content = _content;
        count = (int)Math.Clamp(content.Length - offset, 0, destination.Length);
        if (count > 0) content.AsSpan((int)offset, count).CopyTo(destination);
        return Errno.None;
    }
}
