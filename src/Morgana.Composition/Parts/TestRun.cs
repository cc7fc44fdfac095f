namespace Morgana.Composition;

/// <summary>A program that a test runs in its own process: what it is started with, and how it is told to stop.</summary>
internal sealed class TestRun(Bindings bindings)
{
    private static readonly AsyncLocal<TestRun?> s_current = new();

    /// <summary>The run that the caller is part of; null in a process of its own.</summary>
    public static TestRun? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    public Bindings Bindings { get; } = bindings;

    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Completes with the program's parts, once it serves.</summary>
    public TaskCompletionSource<Graph> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
