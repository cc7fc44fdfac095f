namespace Morgana.Composition;

/// <summary>A unikernel whose graph is known: generated for each class that is marked <see cref="UnikernelAttribute"/>.</summary>
/// <typeparam name="TSelf">The class.</typeparam>
public interface IUnikernel<TSelf>
    where TSelf : IUnikernel<TSelf>
{
    /// <summary>Resolves the graph with these bindings and parses the boot arguments. Nothing starts yet.</summary>
    /// <exception cref="BootException">A boot argument is wrong.</exception>
    static abstract Graph Compose(Bindings bindings);
}

/// <summary>A part that can come to an end by itself, such as a network whose link has gone: then the unikernel stops.</summary>
public interface IEndingPart
{
    /// <summary>Completes at the end.</summary>
    Task Completion { get; }
}
