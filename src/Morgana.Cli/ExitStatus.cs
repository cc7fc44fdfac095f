namespace Morgana.Cli;

/// <summary>What the command's exit status says. A guest's own status is passed on as it is.</summary>
internal static class ExitStatus
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>The command was not understood (EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;
}

/// <summary>The command cannot go on, for a reason that the user can mend.</summary>
/// <param name="message">What is wrong and what to do, in one line.</param>
/// <param name="status">The exit status.</param>
internal sealed class CommandException(string message, int status = ExitStatus.Failed) : Exception(message)
{
    public int Status { get; } = status;
}
