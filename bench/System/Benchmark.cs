namespace Morgana.Bench;

/// <summary>One figure of the system benchmark.</summary>
internal abstract class Benchmark
{
    /// <summary>Its name on the command line and in the output.</summary>
    public abstract string Name { get; }

    /// <summary>The value's unit.</summary>
    public abstract string Unit { get; }

    /// <summary>Whether the run's bytes a second are to be divided by CC64's, or its operations a second by CC64's segments a second.</summary>
    public virtual Comparison Comparison => Comparison.Operations;

    /// <summary>One sample, of about <paramref name="duration"/> where that can be chosen.</summary>
    public abstract double Sample(TimeSpan duration);

    /// <summary>What else is worth saying of the last sample, such as octets allocated for each segment.</summary>
    public string Note { get; protected set; } = "";
}

internal enum Comparison
{
    /// <summary>Gbit/s over Gbit/s.</summary>
    Bits,
    /// <summary>Operations a second over CC64's segments a second.</summary>
    Operations,
    /// <summary>It is no speed.</summary>
    None,
}
