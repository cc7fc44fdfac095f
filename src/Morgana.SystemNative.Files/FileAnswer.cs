using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>How an outcome of <see cref="Morgana.Files"/> leaves: its errors are Linux's numbers already. Nothing that is thrown passes.</summary>
internal static unsafe class FileAnswer
{
    private const int Numbers = 256;
    private static readonly Error[] s_errors = ByNumber();

    /// <summary>The platform layer's name for an error.</summary>
    public static Error ToError(this Errno errno) => errno == Errno.None ? Error.Success : (uint)errno < Numbers ? s_errors[(int)errno] : Error.EIO;

    /// <summary>Sets <c>errno</c>.</summary>
    /// <returns>-1.</returns>
    public static int Fail(Errno errno)
    {
        Marshal.SetLastSystemError((int)errno);
        return -1;
    }

    // Of two names for one number, the later.
    private static Error[] ByNumber()
    {
        var errors = new Error[Numbers];
        Array.Fill(errors, Error.EIO);
        foreach (var error in Enum.GetValues<Error>())
            if (error.ToErrno() is >= 0 and < Numbers and var number) errors[number] = error;
        return errors;
    }

    /// <summary>0, or -1 with <c>errno</c>.</summary>
    public static int Status(Errno errno) => errno == Errno.None ? 0 : Fail(errno);

    /// <summary>A path as C has it.</summary>
    public static ReadOnlySpan<byte> Text(byte* path) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path);

    /// <summary>Does what concerns a path; null is EFAULT.</summary>
    public static int OnPath<T>(byte* path, T argument, PathCall<T> call)
    {
        try
        {
            return path is null ? Fail(Errno.EFAULT) : Status(call(Text(path), argument));
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    /// <summary>Does what concerns two paths.</summary>
    public static int OnPaths(byte* path, byte* other, PathsCall call)
    {
        try
        {
            return path is null || other is null ? Fail(Errno.EFAULT) : Status(call(Text(path), Text(other)));
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    /// <summary>Does what concerns a descriptor of ours: EBADF if nothing is open there, <paramref name="otherwise"/> if it is no file.</summary>
    public static int OnFile<T>(nint descriptor, T argument, Error otherwise, FileCall<T> call)
    {
        try
        {
            var error = Descriptors.Find<FileDescriptor>(descriptor, otherwise, out var file);
            return error == Error.Success ? Status(call(file!.File, argument)) : Outcome.Fail(error);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    public delegate Errno PathCall<in T>(ReadOnlySpan<byte> path, T argument);

    public delegate Errno PathsCall(ReadOnlySpan<byte> path, ReadOnlySpan<byte> other);

    public delegate Errno FileCall<in T>(OpenFile file, T argument);
}
