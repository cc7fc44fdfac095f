namespace Morgana.Composition;

/// <summary>Marks a static method that makes a part out of others. It may be asynchronous: <c>Task&lt;T&gt;</c> or <c>ValueTask&lt;T&gt;</c>.</summary>
/// <remarks>
/// Without a name it can stand for a part of any name, once for each. A part that is <see cref="IAsyncDisposable"/> or
/// <see cref="IDisposable"/> is disposed of when the unikernel stops, after those that were made with it.
/// </remarks>
/// <param name="name">The name of the one part that it makes.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProvidesAttribute(string? name = null) : Attribute
{
    /// <summary>The name of the one part that it makes; null for any.</summary>
    public string? Name { get; } = name;

    /// <summary>Whether it is taken when several of its kind could be.</summary>
    public bool IsDefault { get; init; }

    /// <summary>The targets on which it works.</summary>
    public Targets Targets { get; init; } = Targets.All;

    /// <summary>What it is, for <c>describe</c>.</summary>
    public string? Help { get; init; }
}

/// <summary>Publishes a class's <see cref="ProvidesAttribute"/> and <see cref="DriverAttribute"/> methods to the projects that reference the assembly.</summary>
/// <param name="type">A static class with such methods.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class ProvidersAttribute(Type type) : Attribute
{
    /// <summary>The class.</summary>
    public Type Type { get; } = type;
}

/// <summary>Names the part that a constructor or a provider needs.</summary>
/// <param name="name">The part's name. Null, in a provider without a name: the name of the part that it makes.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DeviceAttribute(string? name = null) : Attribute
{
    /// <summary>The part's name.</summary>
    public string? Name { get; } = name;
}

/// <summary>Marks an interface whose parts come from outside: the runner attaches a device for each, and a driver opens it.</summary>
/// <param name="kind">The kind's name, as <c>run</c> and the manifest say it: <c>network</c>, <c>block</c>.</param>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class DeviceKindAttribute(string kind) : Attribute
{
    /// <summary>Says the same of an interface that another assembly declares, which need not know of it.</summary>
    /// <param name="type">The interface.</param>
    /// <param name="kind">The kind's name.</param>
    public DeviceKindAttribute(Type type, string kind)
        : this(kind) => Type = type;

    /// <summary>The interface; null for the one that is marked.</summary>
    public Type? Type { get; }

    /// <summary>The kind's name.</summary>
    public string Kind { get; } = kind;

    /// <summary>What a device is called that nobody named.</summary>
    public string? DefaultName { get; init; }
}

/// <summary>Marks a static method that opens a device: it takes a <see cref="DeviceHandle"/> and gives the device's interface.</summary>
/// <param name="driver">What a runner calls it: <c>tap</c>, <c>file</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DriverAttribute(string driver) : Attribute
{
    /// <summary>What a runner calls it.</summary>
    public string Driver { get; } = driver;

    /// <summary>The targets on which it is linked.</summary>
    public Targets Targets { get; init; } = Targets.All;
}
