using System.Reflection;
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
        var stop = new CancellationTokenSource();
        // On the pool, so that one which never waits does not keep its test.
        return new(graph, stop, Task.Run(() => graph.RunAsync(stop.Token), CancellationToken.None));
    }

    /// <summary>Starts a web application by its assembly, whose <c>Main</c> calls the generated <c>UseMorgana()</c>, and gives it once it serves.</summary>
    /// <param name="program">The application's assembly. It declares a need (<see cref="NeedsAttribute{T}"/>) or a choice (MorganaUse), so that it has a graph.</param>
    /// <param name="bind">Boot arguments, and parts that stand in for its own.</param>
    /// <param name="cancel">Gives up waiting until it serves.</param>
    public static async Task<RunningUnikernel> StartAsync(Assembly program, Action<Bindings>? bind = null, CancellationToken cancel = default)
    {
        var main = program.EntryPoint ?? throw new ArgumentException($"{program.GetName().Name} is no program.", nameof(program));
        var bindings = new Bindings();
        bind?.Invoke(bindings);
        var run = new TestRun(bindings);
        // A thread of its own: a web application's Main blocks until the end.
        var ended = Task.Factory.StartNew(() =>
        {
            TestRun.Current = run;
            object? status = main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()], null);
            return status as int? ?? 0;
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (await Task.WhenAny(run.Started.Task, ended).WaitAsync(cancel).ConfigureAwait(false) == ended)
        {
            await ended.ConfigureAwait(false);
            throw new InvalidOperationException($"{program.GetName().Name} ended before it served: does it call UseMorgana(), and has it a graph?");
        }

        return new(await run.Started.Task.ConfigureAwait(false), run.Stop, ended);
    }
}

/// <summary>A unikernel that runs.</summary>
public sealed class RunningUnikernel : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;

    internal RunningUnikernel(Graph graph, CancellationTokenSource stop, Task<int> completion) => (Graph, _stop, Completion) = (graph, stop, completion);

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
