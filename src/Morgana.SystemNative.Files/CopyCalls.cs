using System.Buffers;
using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>File.Copy: content, then times and permissions, as the platform layer does it.</summary>
internal static unsafe class CopyCalls
{
    private const int BufferLength = 64 << 10;
    private const int Permissions = 0x1FF;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CopyFile")]
    public static int CopyFile(nint source, nint destination, long length)
    {
        if (!Descriptors.IsOurs(source) && !Descriptors.IsOurs(destination)) return RealFiles.CopyFile(source, destination, length);
        try
        {
            var error = Descriptors.Find<FileDescriptor>(source, Error.EINVAL, out var from);
            if (error != Error.Success) return Outcome.Fail(error);
            error = Descriptors.Find<FileDescriptor>(destination, Error.EINVAL, out var to);
            return error == Error.Success ? FileAnswer.Status(Copy(from!.File, to!.File)) : Outcome.Fail(error);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    private static Errno Copy(OpenFile from, OpenFile to)
    {
        var error = CopyContent(from, to);
        if (error != Errno.None) return error;
        error = from.GetStatus(out var status);
        if (error == Errno.None) error = Forgive(to.ChangeTimes(status.Accessed, status.Modified));
        return error == Errno.None ? Forgive(to.ChangePermissions(status.Permissions & Permissions)) : error;
    }

    // A file system that keeps no owners or times has copied what it can.
    private static Errno Forgive(Errno error) => error == Errno.EPERM ? Errno.None : error;

    private static Errno CopyContent(OpenFile from, OpenFile to)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (true)
            {
                var error = from.Read(buffer, out int count);
                if (error != Errno.None || count == 0) return error;
                for (int written = 0; written < count;)
                {
                    error = to.Write(buffer.AsSpan(written, count - written), out int step);
                    if (error != Errno.None) return error;
                    written += step;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
