namespace Morgana.Composition;

/// <summary>A boot argument that a graph understands.</summary>
/// <param name="Name">Its name without the hyphens.</param>
/// <param name="Value">What the value is: <c>ADDRESS</c>. Empty for a flag, which needs none.</param>
/// <param name="Expected">What a value must be, for errors: <c>a number from 1 to 65535</c>.</param>
/// <param name="Group">The part whose it is, for <c>--help</c>.</param>
public sealed record ArgumentDescription(string Name, string Value, string Expected, string Group)
{
    /// <summary>What it does.</summary>
    public string Help { get; init; } = "";

    /// <summary>The value if it is not given, as text; null where there is none.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it must be given.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it may stand without a value.</summary>
    public bool IsFlag => Value.Length == 0;

    /// <summary>Says that a value is not what was expected.</summary>
    public BootException Unexpected(string text) => new($"--{Name}={text}: expected {Expected}.");
}
