namespace Morgana.Build;

/// <summary>A build that cannot be done, for a reason that the user can mend.</summary>
/// <param name="message">What is wrong and what to do, in one line.</param>
/// <param name="details">Further lines, such as the compiler's errors.</param>
public sealed class BuildException(string message, params IReadOnlyList<string> details) : Exception(message)
{
    /// <summary>Further lines, such as the compiler's errors.</summary>
    public IReadOnlyList<string> Details { get; } = details;
}
