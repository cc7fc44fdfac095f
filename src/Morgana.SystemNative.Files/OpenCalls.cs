using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>open(2), mkstemps(3), mkdtemp(3): what gives a descriptor, or a new name.</summary>
internal static unsafe class OpenCalls
{
    // The platform layer's flags: pal_io.h, "Constants for interpreting the flags passed to Open".
    private const int AccessMask = 0xF, CloseOnExecute = 0x10, Create = 0x20, Exclusive = 0x40, Truncate = 0x80, Synchronous = 0x100;

    /// <summary>A symbolic link is not followed.</summary>
    public const int NoFollow = 0x200;
    private const int Known = AccessMask | CloseOnExecute | Create | Exclusive | Truncate | Synchronous | NoFollow;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Open")]
    public static nint Open(byte* path, int flags, int mode)
    {
        try
        {
            return path is null ? FileAnswer.Fail(Errno.EFAULT) : Open(FileAnswer.Text(path), flags, mode);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MksTemps")]
    public static nint MksTemps(byte* template, int suffixLength)
    {
        try
        {
            var text = FileAnswer.Text(template);
            var error = ProgramFiles.Tree.MakeTemporaryFile(new(template, text.Length), suffixLength, out var file);
            return error == Errno.None ? Number(file!) : FileAnswer.Fail(error);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkdTemp")]
    public static byte* MkdTemp(byte* template)
    {
        try
        {
            var text = FileAnswer.Text(template);
            return FileAnswer.Status(ProgramFiles.Tree.MakeTemporaryDirectory(new(template, text.Length))) == 0 ? template : null;
        }
        catch (Exception e)
        {
            Outcome.Fail(Outcome.Of(e));
            return null;
        }
    }

    /// <summary>A descriptor, or -1 with <c>errno</c>.</summary>
    public static nint Open(ReadOnlySpan<byte> path, int flags, int mode)
    {
        if ((flags & AccessMask) > 2 || (flags & ~Known) != 0) return FileAnswer.Fail(Errno.EINVAL);
        var error = ProgramFiles.Tree.Open(path, Convert(flags), mode, out var file);
        return error == Errno.None ? Number(file!) : FileAnswer.Fail(error);
    }

    private static nint Number(OpenFile file)
    {
        var error = Descriptors.Open(new FileDescriptor(file), out nint number);
        if (error == Error.Success) return number;
        file.Dispose();
        return Outcome.Fail(error);
    }

    private static OpenFlags Convert(int flags)
    {
        var converted = (OpenFlags)(flags & AccessMask);
        if ((flags & Create) != 0) converted |= OpenFlags.Create;
        if ((flags & Exclusive) != 0) converted |= OpenFlags.Exclusive;
        if ((flags & Truncate) != 0) converted |= OpenFlags.Truncate;
        if ((flags & Synchronous) != 0) converted |= OpenFlags.Synchronous;
        if ((flags & NoFollow) != 0) converted |= OpenFlags.NoFollow;
        return converted;
    }
}
