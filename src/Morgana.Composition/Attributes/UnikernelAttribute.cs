namespace Morgana.Composition;

/// <summary>Marks the class that a unikernel is: its constructor says what it needs, and a generated <c>Main</c> provides it.</summary>
/// <remarks>
/// The class is <c>partial</c> and has one of <c>void Run()</c>, <c>int Run()</c>, <c>Task RunAsync(CancellationToken)</c> or
/// <c>Task&lt;int&gt; RunAsync(CancellationToken)</c>; an <c>int</c> is the exit status. The token is cancelled when it is to stop.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class UnikernelAttribute : Attribute
{
    /// <summary>What it is for: the first line of <c>--help</c>.</summary>
    public string? Help { get; init; }

    /// <summary>How long all parts may take to start, in seconds.</summary>
    public int StartSeconds { get; init; } = 30;

    /// <summary>How long all parts may take to stop, in seconds; what is not stopped then is left, and the exit status is 1.</summary>
    public int StopSeconds { get; init; } = 10;
}

/// <summary>Says what a web application needs beyond the network; it is there as a (keyed) service once <c>UseMorgana()</c> was called.</summary>
/// <typeparam name="T">The part's interface.</typeparam>
/// <param name="name">Its name, and the service's key; null for one without.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class NeedsAttribute<T>(string? name = null) : Attribute
    where T : class
{
    /// <summary>The part's name.</summary>
    public string? Name { get; } = name;
}
