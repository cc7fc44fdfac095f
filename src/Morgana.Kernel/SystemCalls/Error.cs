namespace Morgana.Kernel;

/// <summary>What a system call answers when it fails: errno(3), negated.</summary>
internal static class Error
{
    public const ulong NotPermitted = unchecked((ulong)-1);
    public const ulong NoEntry = unchecked((ulong)-2);
    public const ulong NoProcess = unchecked((ulong)-3);
    public const ulong Interrupted = unchecked((ulong)-4);
    public const ulong BadDescriptor = unchecked((ulong)-9);
    public const ulong Again = unchecked((ulong)-11);
    public const ulong NoMemory = unchecked((ulong)-12);
    public const ulong NoAccess = unchecked((ulong)-13);
    public const ulong Fault = unchecked((ulong)-14);
    public const ulong Exists = unchecked((ulong)-17);
    public const ulong NoDevice = unchecked((ulong)-19);
    public const ulong Invalid = unchecked((ulong)-22);
    public const ulong TooManyOpen = unchecked((ulong)-24);
    public const ulong NotTerminal = unchecked((ulong)-25);
    public const ulong IllegalSeek = unchecked((ulong)-29);
    public const ulong BrokenPipe = unchecked((ulong)-32);
    public const ulong OutOfRange = unchecked((ulong)-34);
    public const ulong NotImplemented = unchecked((ulong)-38);
    public const ulong TimedOut = unchecked((ulong)-110);
}
