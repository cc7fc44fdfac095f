using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>The functions of open files that sockets do not have. What is no file answers as Linux's sockets do.</summary>
internal static unsafe class DescriptorCalls
{
    private const int MaxVectors = 1024;        // IOV_MAX
    private const int LockShared = 1, LockExclusive = 2, LockNoWait = 4, LockRemove = 8;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PRead")]
    public static int PRead(nint descriptor, byte* buffer, int count, long offset) =>
        Descriptors.IsOurs(descriptor) ? (int)Transfer(descriptor, buffer, count, offset, writes: false) : RealFiles.PRead(descriptor, buffer, count, offset);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PWrite")]
    public static int PWrite(nint descriptor, byte* buffer, int count, long offset) =>
        Descriptors.IsOurs(descriptor) ? (int)Transfer(descriptor, buffer, count, offset, writes: true) : RealFiles.PWrite(descriptor, buffer, count, offset);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PReadV")]
    public static long PReadV(nint descriptor, FileVector* vectors, int count, long offset) =>
        Descriptors.IsOurs(descriptor) ? Transfer(descriptor, vectors, count, offset, writes: false) : RealFiles.PReadV(descriptor, vectors, count, offset);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PWriteV")]
    public static long PWriteV(nint descriptor, FileVector* vectors, int count, long offset) =>
        Descriptors.IsOurs(descriptor) ? Transfer(descriptor, vectors, count, offset, writes: true) : RealFiles.PWriteV(descriptor, vectors, count, offset);

    // ftruncate(2), EINVAL: no file, or not open for writing.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FTruncate")]
    public static int FTruncate(nint descriptor, long length)
    {
        if (!Descriptors.IsOurs(descriptor)) return RealFiles.FTruncate(descriptor, length);
        return length < 0 ? FileAnswer.Fail(Errno.EINVAL) : FileAnswer.OnFile(descriptor, length, Error.EINVAL, static (f, l) => f.SetLength(l));
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FAllocate")]
    public static int FAllocate(nint descriptor, long offset, long length) => Descriptors.IsOurs(descriptor)
        ? FileAnswer.OnFile(descriptor, (offset, length), Error.ENODEV, static (f, a) => f.Allocate(a.offset, a.length))
        : RealFiles.FAllocate(descriptor, offset, length);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FSync")]
    public static int FSync(nint descriptor) =>
        Descriptors.IsOurs(descriptor) ? FileAnswer.OnFile(descriptor, 0, Error.EINVAL, static (f, _) => f.Flush()) : RealFiles.FSync(descriptor);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FLock")]
    public static int FLock(nint descriptor, int operation) =>
        Descriptors.IsOurs(descriptor) ? FileAnswer.OnFile(descriptor, operation, Error.EINVAL, Lock) : RealFiles.FLock(descriptor, operation);

    // fcntl(2), F_SETLK: these locks belong to the process, so its own never stand in its way, and there is no other process. What is left
    // are the rights that a lock needs. The platform layer has 0 for reading, 1 for writing, 2 for none.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LockFileRegion")]
    public static int LockFileRegion(nint descriptor, long offset, long length, short type)
    {
        if (!Descriptors.IsOurs(descriptor)) return RealFiles.LockFileRegion(descriptor, offset, length, type);
        if (offset < 0 || length < 0) return FileAnswer.Fail(Errno.EINVAL);
        if (length > 0 && offset > long.MaxValue - (length - 1)) return FileAnswer.Fail(Errno.EOVERFLOW);
        return FileAnswer.OnFile(descriptor, type, Error.EBADF, static (f, t) => (t == 0 && !f.CanRead) || (t == 1 && !f.CanWrite) ? Errno.EBADF : Errno.None);
    }

    /// <summary>Advice: nothing here gets better by it.</summary>
    /// <returns>The error itself.</returns>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PosixFAdvise")]
    public static int PosixFAdvise(nint descriptor, long offset, long length, int advice)
    {
        if (!Descriptors.IsOurs(descriptor)) return RealFiles.PosixFAdvise(descriptor, offset, length, advice);
        return Descriptors.TryGet(descriptor, out var ours) ? ours is FileDescriptor ? 0 : (int)Errno.ESPIPE : (int)Errno.EBADF;
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FChMod")]
    public static int FChMod(nint descriptor, int mode) =>
        Descriptors.IsOurs(descriptor) ? FileAnswer.OnFile(descriptor, mode, Error.EPERM, static (f, m) => f.ChangePermissions(m)) : RealFiles.FChMod(descriptor, mode);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FUTimens")]
    public static int FUTimens(nint descriptor, TimeSpec* times) => Descriptors.IsOurs(descriptor)
        ? FileAnswer.OnFile(descriptor, (nint)times, Error.EPERM, static (f, t) => f.ChangeTimes(((TimeSpec*)t)[0].ToTime(), ((TimeSpec*)t)[1].ToTime()))
        : RealFiles.FUTimens(descriptor, times);

    /// <returns>The magic number; 0 is an error.</returns>
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetFileSystemType")]
    public static uint GetFileSystemType(nint descriptor)
    {
        if (!Descriptors.IsOurs(descriptor)) return RealFiles.GetFileSystemType(descriptor);
        try
        {
            var error = Descriptors.Find<FileDescriptor>(descriptor, Error.EBADF, out var file);
            if (error == Error.Success) return (uint)file!.File.FileSystem.GetSpace().Type;
            Outcome.Fail(error);
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
        }

        return 0;
    }

    private static Errno Lock(OpenFile file, int operation)
    {
        bool wait = (operation & LockNoWait) == 0;
        return (operation & ~LockNoWait) switch
        {
            LockShared => file.Lock(FileLock.Shared, wait),
            LockExclusive => file.Lock(FileLock.Exclusive, wait),
            LockRemove => file.Lock(FileLock.None, wait),
            _ => Errno.EINVAL,
        };
    }

    private static long Transfer(nint descriptor, byte* buffer, int count, long offset, bool writes)
    {
        var vector = new FileVector { Base = buffer, Length = (nuint)Math.Max(0, count) };
        return count < 0 ? FileAnswer.Fail(Errno.EINVAL) : Transfer(descriptor, &vector, 1, offset, writes);
    }

    // preadv(2): one piece after the other, until one is not filled.
    private static long Transfer(nint descriptor, FileVector* vectors, int vectorCount, long offset, bool writes)
    {
        try
        {
            if (offset < 0 || vectorCount < 0) return FileAnswer.Fail(Errno.EINVAL);
            // As the platform layer does it: the caller comes again for the rest.
            vectorCount = Math.Min(vectorCount, MaxVectors);
            var found = Descriptors.Find<FileDescriptor>(descriptor, Error.ESPIPE, out var file);
            if (found != Error.Success) return Outcome.Fail(found);
            long done = 0;
            for (int i = 0; i < vectorCount; i++)
            {
                var octets = new Span<byte>(vectors[i].Base, (int)Math.Min(vectors[i].Length, int.MaxValue));
                var error = writes ? file!.File.WriteAt(offset + done, octets, out int count) : file!.File.ReadAt(offset + done, octets, out count);
                if (error != Errno.None) return done > 0 ? done : FileAnswer.Fail(error);
                done += count;
                if (count < octets.Length) break;
            }

            return done;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }
}
