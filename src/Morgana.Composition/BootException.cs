namespace Morgana.Composition;

/// <summary>A boot argument, a device or a secret is wrong. The message says in one line what, and what was expected; the status is 64.</summary>
public class BootException(string message) : Exception(message)
{
    /// <summary>The status of a program that was started wrongly (sysexits.h, EX_USAGE).</summary>
    public const int Status = 64;
}
