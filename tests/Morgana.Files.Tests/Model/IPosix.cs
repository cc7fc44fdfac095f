namespace Morgana.Files.Tests.Model;

/// <summary>The calls that are compared. Each answers with what Linux's does, or with the negative error; open files are known by slots.</summary>
internal interface IPosix
{
    long Open(int slot, byte[] path, int flags, int mode);

    long Close(int slot);

    long Read(int slot, byte[] into);

    long Write(int slot, byte[] from);

    long ReadAt(int slot, long offset, byte[] into);

    long WriteAt(int slot, long offset, byte[] from);

    long Seek(int slot, long offset, int whence);

    long Truncate(int slot, long length);

    long Allocate(int slot, long offset, long length);

    long Lock(int slot, int operation);

    long Sync(int slot);

    long StatusOf(int slot, out Status status);

    long StatusOf(byte[] path, bool follow, out Status status);

    long ChangeMode(int slot, int mode);

    long ChangeMode(byte[] path, int mode);

    long ChangeTime(int slot, long modified);

    long ChangeTime(byte[] path, bool follow, long modified);

    long MakeDirectory(byte[] path, int mode);

    long RemoveDirectory(byte[] path);

    long Unlink(byte[] path);

    long Rename(byte[] from, byte[] to);

    long Link(byte[] path, byte[] newPath);

    long MakeLink(byte[] target, byte[] path);

    long ReadLink(byte[] path, out string target);

    long Access(byte[] path, int mode);

    long ChangeDirectory(byte[] path);

    long WorkingDirectory(out string path);

    long List(byte[] path, out string names);

    long RealPath(byte[] path, out string real);
}

/// <summary>What is compared of a file's status. A directory's size is the file system's own matter.</summary>
internal readonly record struct Status(int Mode, long Uid, long Gid, long Size, long Links, long Modified)
{
    /// <summary>Times that were set are compared; the others are only "lately".</summary>
    public static long Coarse(long seconds) => seconds < 1_000_000_000 ? seconds : -1;
}
