namespace Morgana.SystemNative;

/// <summary>Readiness as .NET's event port names it; with epoll's meaning of each.</summary>
[Flags]
internal enum SocketEvents
{
    None = 0,

    /// <summary><c>EPOLLIN</c>.</summary>
    Read = 0x01,

    /// <summary><c>EPOLLOUT</c>.</summary>
    Write = 0x02,

    /// <summary><c>EPOLLRDHUP</c>: the peer has ended its direction.</summary>
    ReadClose = 0x04,

    /// <summary><c>EPOLLHUP</c>: both directions are over.</summary>
    Close = 0x08,

    /// <summary><c>EPOLLERR</c>.</summary>
    Error = 0x10,

    All = Read | Write | ReadClose | Close | Error,
}
