namespace Morgana.Composition;

/// <summary>Marks a property of a unikernel, or a parameter of its constructor or of a provider, as a boot argument: <c>--name=value</c>.</summary>
/// <remarks>
/// Its name is the property's or parameter's in lower case with hyphens; a provider's is prefixed by the part's name: <c>--disk-size</c>.
/// Types: text, <c>bool</c> (a flag), numbers, <see cref="ByteSize"/>, <see cref="TimeSpan"/>, addresses and other
/// <see cref="IParsable{TSelf}"/>, enumerations, <see cref="KeyText"/>, and arrays of all these, with commas. A <c>required</c> property, and a parameter
/// that has no default and is not nullable, must be given.
/// </remarks>
/// <param name="name">Its name; null derives it.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class BootArgumentAttribute(string? name = null) : Attribute
{
    /// <summary>Its name.</summary>
    public string? Name { get; } = name;

    /// <summary>What it does, for <c>--help</c>.</summary>
    public string? Help { get; init; }

    /// <summary>What the value is, for <c>--help</c>: <c>ADDRESS</c>. Null derives it from the type.</summary>
    public string? Value { get; init; }

    /// <summary>The least number.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The largest number.</summary>
    public long Maximum { get; init; } = long.MaxValue;
}

/// <summary>
/// Marks a parameter as a secret. It comes from a file or from the runner's environment (<c>run --secret NAME=FILE</c>,
/// <c>--secret NAME=env:VARIABLE</c>), is handed over through a descriptor, and is no boot argument.
/// </summary>
/// <remarks>Types: <c>byte[]</c>, text, and <see cref="IParsable{TSelf}"/>. Text loses one line end at its end.</remarks>
/// <param name="name">Its name; null derives it as for a boot argument.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class SecretAttribute(string? name = null) : Attribute
{
    /// <summary>Its name.</summary>
    public string? Name { get; } = name;

    /// <summary>What it is for.</summary>
    public string? Help { get; init; }
}
