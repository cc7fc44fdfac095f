using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>An open file of ours.</summary>
internal sealed class FileDescriptor(OpenFile file) : Descriptor
{
    public override DescriptorKind Kind => DescriptorKind.File;

    public OpenFile File => file;

    public override Error Close() => file.Close().ToError();

    public override Error Read(Span<byte> destination, out int count) => file.Read(destination, out count).ToError();

    public override Error Write(ReadOnlySpan<byte> source, out int count) => file.Write(source, out count).ToError();

    public override Error ReadAt(Span<byte> destination, long offset, out int count) => file.ReadAt(offset, destination, out count).ToError();

    public override Error Seek(long offset, int whence, out long position) => file.Seek(offset, (SeekOrigin)whence, out position).ToError();

    public override Error Stat(out FileStatus status)
    {
        var error = file.GetStatus(out var found).ToError();
        status = Convert(found);
        return error;
    }

    /// <summary>As .NET's platform layer tells it: Linux's stat(2) has no time of birth.</summary>
    public static FileStatus Convert(in Morgana.Files.FileStatus status) => new()
    {
        Mode = status.Mode,
        Uid = status.Uid,
        Gid = status.Gid,
        Size = status.Size,
        AccessTime = status.Accessed.Seconds,
        AccessTimeNanoseconds = status.Accessed.Nanoseconds,
        ModificationTime = status.Modified.Seconds,
        ModificationTimeNanoseconds = status.Modified.Nanoseconds,
        ChangeTime = status.Changed.Seconds,
        ChangeTimeNanoseconds = status.Changed.Nanoseconds,
        Device = status.Device,
        Inode = status.Number,
    };
}
