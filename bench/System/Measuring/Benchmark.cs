namespace Morgana.Bench;

/// <summary>One figure of the system benchmark.</summary>
internal abstract class Benchmark
{
    /// <summary>Its name on the command line and in the output.</summary>
    public abstract string Name { get; }

    /// <summary>The value's unit.</summary>
    public abstract string Unit { get; }

    /// <summary>What is divided by what for the ratio to the reference.</summary>
    public virtual Comparison Comparison => Comparison.Operations;

    /// <summary>One sample, of about <paramref name="duration"/> where that can be chosen.</summary>
    public abstract Sample Measure(TimeSpan duration);
}

internal enum Comparison
{
    /// <summary>Gbit/s over Gbit/s.</summary>
    Bits,
    /// <summary>Operations a second over CC64's segments a second.</summary>
    Operations,
    /// <summary>It is no speed of this machine.</summary>
    None,
}
