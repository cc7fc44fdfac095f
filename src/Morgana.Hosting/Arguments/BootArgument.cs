namespace Morgana.Hosting;

/// <summary>A boot argument that an image understands: <c>--name=value</c>.</summary>
/// <param name="Name">Its name, without the hyphens.</param>
/// <param name="Value">What the value is, for the help: <c>ADDRESS/PREFIX</c>.</param>
/// <param name="Help">One line that says what it does.</param>
/// <param name="Default">The value if it is not given; null where there is none.</param>
public sealed record BootArgument(string Name, string Value, string Help, string? Default = null)
{
    /// <summary>The part whose it is, for the help.</summary>
    public string Group { get; init; } = "Application";
}

/// <summary>A boot argument or the runner's environment is wrong. The message says what, and what was expected.</summary>
public sealed class BootException(string message) : Composition.BootException(message);
