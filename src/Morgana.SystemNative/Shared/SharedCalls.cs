using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>The functions that every kind of descriptor has: ours answer themselves, others are passed on.</summary>
/// <remarks>
/// Each entry point is a method with <see cref="UnmanagedCallersOnlyAttribute"/> named <c>__wrap_</c> and the platform's function; the link
/// step (Morgana.Sdk's SystemNative.targets) reads the names out of the compiled image and redirects those functions, so that there is no
/// second list. No exception leaves an entry point. None replaces a function that .NET calls with SuppressGCTransition.
/// </remarks>
internal static unsafe class SharedCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Close")]
    public static int Close(nint descriptor)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.Close(descriptor);
        try
        {
            return Outcome.Status(Descriptors.Close(descriptor));
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Read")]
    public static int Read(nint descriptor, byte* buffer, int count)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.Read(descriptor, buffer, count);
        try
        {
            if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
            if (count < 0) return Outcome.Fail(Error.EINVAL);
            var error = ours.Read(new(buffer, count), out int read);
            return Outcome.Count(error, read);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Write")]
    public static int Write(nint descriptor, byte* buffer, int count)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.Write(descriptor, buffer, count);
        try
        {
            if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
            if (count < 0) return Outcome.Fail(Error.EINVAL);
            var error = ours.Write(new(buffer, count), out int written);
            return Outcome.Count(error, written);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LSeek")]
    public static long LSeek(nint descriptor, long offset, int whence)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.LSeek(descriptor, offset, whence);
        try
        {
            if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
            var error = ours.Seek(offset, whence, out long position);
            return Outcome.Number(error, position);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FStat")]
    public static int FStat(nint descriptor, FileStatus* status)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.FStat(descriptor, status);
        try
        {
            if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
            var error = ours.Stat(out *status);
            return Outcome.Status(error);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    // A second number for the same description would outlive the first's close. .NET asks for it in Console and Process alone, with Linux's own.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Dup")]
    public static nint Dup(nint descriptor)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.Dup(descriptor);
        return Outcome.Fail(Descriptors.TryGet(descriptor, out _) ? Error.ENOTSUP : Error.EBADF);
    }

    // FD_CLOEXEC: no program is ever started that could inherit ours.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlGetFD")]
    public static int FcntlGetFD(nint descriptor)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.FcntlGetFD(descriptor);
        return Descriptors.TryGet(descriptor, out _) ? 1 : Outcome.Fail(Error.EBADF);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlSetFD")]
    public static int FcntlSetFD(nint descriptor, int flags)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.FcntlSetFD(descriptor, flags);
        return Descriptors.TryGet(descriptor, out _) ? 0 : Outcome.Fail(Error.EBADF);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlGetIsNonBlocking")]
    public static int FcntlGetIsNonBlocking(nint descriptor, int* isNonBlocking)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.FcntlGetIsNonBlocking(descriptor, isNonBlocking);
        if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
        *isNonBlocking = ours.IsNonBlocking ? 1 : 0;
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlSetIsNonBlocking")]
    public static int FcntlSetIsNonBlocking(nint descriptor, int isNonBlocking)
    {
        if (!Descriptors.IsOurs(descriptor)) return Real.FcntlSetIsNonBlocking(descriptor, isNonBlocking);
        if (!Descriptors.TryGet(descriptor, out var ours)) return Outcome.Fail(Error.EBADF);
        ours.IsNonBlocking = isNonBlocking != 0;
        return 0;
    }
}
