using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Errors by POSIX's names, with the numbers that .NET's platform layer gives them on every system.</summary>
/// <remarks>The functions of sockets return these. Those of files return -1 and leave Linux's number in <c>errno</c>: <see cref="Outcome"/>.</remarks>
internal enum Error
{
    Success = 0,
    E2BIG = 0x10001,
    EACCES = 0x10002,
    EADDRINUSE = 0x10003,
    EADDRNOTAVAIL = 0x10004,
    EAFNOSUPPORT = 0x10005,
    EAGAIN = 0x10006,
    EALREADY = 0x10007,
    EBADF = 0x10008,
    EBUSY = 0x1000A,
    ECANCELED = 0x1000B,
    ECONNABORTED = 0x1000D,
    ECONNREFUSED = 0x1000E,
    ECONNRESET = 0x1000F,
    EDEADLK = 0x10010,
    EDESTADDRREQ = 0x10011,
    EDOM = 0x10012,
    EDQUOT = 0x10013,
    EEXIST = 0x10014,
    EFAULT = 0x10015,
    EFBIG = 0x10016,
    EHOSTUNREACH = 0x10017,
    EINPROGRESS = 0x1001A,
    EINTR = 0x1001B,
    EINVAL = 0x1001C,
    EIO = 0x1001D,
    EISCONN = 0x1001E,
    EISDIR = 0x1001F,
    ELOOP = 0x10020,
    EMFILE = 0x10021,
    EMLINK = 0x10022,
    EMSGSIZE = 0x10023,
    ENAMETOOLONG = 0x10025,
    ENETDOWN = 0x10026,
    ENETRESET = 0x10027,
    ENETUNREACH = 0x10028,
    ENFILE = 0x10029,
    ENOBUFS = 0x1002A,
    ENODEV = 0x1002C,
    ENOENT = 0x1002D,
    ENOEXEC = 0x1002E,
    ENOLCK = 0x1002F,
    ENOMEM = 0x10031,
    ENOPROTOOPT = 0x10033,
    ENOSPC = 0x10034,
    ENOSYS = 0x10037,
    ENOTCONN = 0x10038,
    ENOTDIR = 0x10039,
    ENOTEMPTY = 0x1003A,
    ENOTSOCK = 0x1003C,
    ENOTSUP = 0x1003D,
    ENOTTY = 0x1003E,
    ENXIO = 0x1003F,
    EOVERFLOW = 0x10040,
    EPERM = 0x10042,
    EPIPE = 0x10043,
    EPROTO = 0x10044,
    EPROTONOSUPPORT = 0x10045,
    EPROTOTYPE = 0x10046,
    ERANGE = 0x10047,
    EROFS = 0x10048,
    ESPIPE = 0x10049,
    ESRCH = 0x1004A,
    ESTALE = 0x1004B,
    ETIMEDOUT = 0x1004D,
    ETXTBSY = 0x1004E,
    EXDEV = 0x1004F,
    ESOCKTNOSUPPORT = 0x1005E,
    EPFNOSUPPORT = 0x10060,
    ESHUTDOWN = 0x1006C,
    EHOSTDOWN = 0x10070,
    ENODATA = 0x10071,
}

/// <summary>How an outcome leaves through the platform's interface.</summary>
internal static class Outcome
{
    /// <summary>For functions that return 0, or -1 with <c>errno</c>.</summary>
    public static int Status(Error error) => error == Error.Success ? 0 : Fail(error);

    /// <summary>For functions that return a count, or -1 with <c>errno</c>.</summary>
    public static int Count(Error error, int count) => error == Error.Success ? count : Fail(error);

    /// <summary>For functions that return an offset or a descriptor, or -1 with <c>errno</c>.</summary>
    public static nint Number(Error error, long number) => error == Error.Success ? (nint)number : Fail(error);

    /// <summary>Sets <c>errno</c>.</summary>
    /// <returns>-1.</returns>
    public static int Fail(Error error)
    {
        Marshal.SetLastSystemError(error.ToErrno());
        return -1;
    }

    /// <summary>What the caller hears when something of ours threw: no exception may pass the border, behind which nobody could catch it.</summary>
    public static Error Of(Exception exception) => exception switch
    {
        OutOfMemoryException => Error.ENOMEM,
        ArgumentException => Error.EINVAL,
        NotSupportedException => Error.ENOTSUP,
        UnauthorizedAccessException => Error.EACCES,
        // The pointer was the caller's: where a call has buffers or names, nobody looks at them before they are used.
        NullReferenceException => Error.EFAULT,
        _ => Error.EIO,
    };

    /// <summary>The same for sockets, where memory that is not to be had is a buffer's: .NET knows no other name for it (socket(2), ENOBUFS).</summary>
    public static Error OfSocket(Exception exception) => Of(exception) is var error && error == Error.ENOMEM ? Error.ENOBUFS : error;

    /// <summary>Linux's number of an error (asm-generic/errno.h).</summary>
    public static int ToErrno(this Error error) => error switch
    {
        Error.Success => 0,
        Error.EPERM => 1,
        Error.ENOENT => 2,
        Error.ESRCH => 3,
        Error.EINTR => 4,
        Error.EIO => 5,
        Error.ENXIO => 6,
        Error.E2BIG => 7,
        Error.ENOEXEC => 8,
        Error.EBADF => 9,
        Error.EAGAIN => 11,
        Error.ENOMEM => 12,
        Error.EACCES => 13,
        Error.EFAULT => 14,
        Error.EBUSY => 16,
        Error.EEXIST => 17,
        Error.EXDEV => 18,
        Error.ENODEV => 19,
        Error.ENOTDIR => 20,
        Error.EISDIR => 21,
        Error.EINVAL => 22,
        Error.ENFILE => 23,
        Error.EMFILE => 24,
        Error.ENOTTY => 25,
        Error.ETXTBSY => 26,
        Error.EFBIG => 27,
        Error.ENOSPC => 28,
        Error.ESPIPE => 29,
        Error.EROFS => 30,
        Error.EMLINK => 31,
        Error.EPIPE => 32,
        Error.EDOM => 33,
        Error.ERANGE => 34,
        Error.EDEADLK => 35,
        Error.ENAMETOOLONG => 36,
        Error.ENOLCK => 37,
        Error.ENOSYS => 38,
        Error.ENOTEMPTY => 39,
        Error.ELOOP => 40,
        Error.ENODATA => 61,
        Error.EPROTO => 71,
        Error.EOVERFLOW => 75,
        Error.ENOTSOCK => 88,
        Error.EDESTADDRREQ => 89,
        Error.EMSGSIZE => 90,
        Error.EPROTOTYPE => 91,
        Error.ENOPROTOOPT => 92,
        Error.EPROTONOSUPPORT => 93,
        Error.ESOCKTNOSUPPORT => 94,
        Error.ENOTSUP => 95,
        Error.EPFNOSUPPORT => 96,
        Error.EAFNOSUPPORT => 97,
        Error.EADDRINUSE => 98,
        Error.EADDRNOTAVAIL => 99,
        Error.ENETDOWN => 100,
        Error.ENETUNREACH => 101,
        Error.ENETRESET => 102,
        Error.ECONNABORTED => 103,
        Error.ECONNRESET => 104,
        Error.ENOBUFS => 105,
        Error.EISCONN => 106,
        Error.ENOTCONN => 107,
        Error.ESHUTDOWN => 108,
        Error.ETIMEDOUT => 110,
        Error.ECONNREFUSED => 111,
        Error.EHOSTDOWN => 112,
        Error.EHOSTUNREACH => 113,
        Error.EALREADY => 114,
        Error.EINPROGRESS => 115,
        Error.ESTALE => 116,
        Error.EDQUOT => 122,
        Error.ECANCELED => 125,
        _ => 5,
    };
}
