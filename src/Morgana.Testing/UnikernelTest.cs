using Morgana.Composition;

namespace Morgana.Testing;

/// <summary>Runs whole unikernels in the test's process: several, if need be.</summary>
public static class UnikernelTest
{
    /// <summary>Starts a unikernel with these bindings, and gives it once all of its parts have started.</summary>
    /// <typeparam name="T">A class marked <see cref="UnikernelAttribute"/>.</typeparam>
    /// <param name="bind">Boot arguments, and parts that stand in for its own.</param>
    /// <param name="cancel">Gives up waiting for the start.</param>
    /// <exception cref="BootException">A boot argument is wrong, or a device or secret is missing that nothing was bound for.</exception>
    public static async Task<RunningUnikernel> StartAsync<T>(Action<Bindings>? bind = null, CancellationToken cancel = default)
        where T : IUnikernel<T>
    {
        var bindings = new Bindings();
        bind?.Invoke(bindings);
        var graph = T.Compose(bindings);
        if (graph.IsHelpWanted) throw new BootException("--help is for people: ask the graph for WriteHelp().");
        await graph.StartAsync(cancel).ConfigureAwait(false);
        return new(graph);
    }
}

/// <summary>A unikernel that runs.</summary>
public sealed class RunningUnikernel : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    internal RunningUnikernel(Graph graph)
    {
        Graph = graph;
        // On the pool, so that one which never waits does not keep its test.
        Completion = Task.Run(() => graph.RunAsync(_stop.Token));
    }

    /// <summary>Its parts.</summary>
    public Graph Graph { get; }

    /// <summary>Its exit status, once it has ended by itself or was stopped.</summary>
    public Task<int> Completion { get; }

    /// <summary>Asks it to stop, and waits until it has and its parts are stopped, too.</summary>
    /// <returns>Its exit status.</returns>
    public async Task<int> StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            return await Completion.ConfigureAwait(false);
        }
        finally
        {
            await Graph.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Stops it. What it has thrown, it throws here.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);
}
