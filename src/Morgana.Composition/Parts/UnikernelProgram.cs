using System.Runtime.InteropServices;

namespace Morgana.Composition;

/// <summary>What a generated <c>Main</c> does: composes, starts, runs and stops a unikernel.</summary>
public static class UnikernelProgram
{
    /// <summary>Called once every part has started, before the unikernel itself runs: a sandbox is closed here.</summary>
    public static Action? AllStarted { get; set; }

    /// <summary>Runs a unikernel as this process.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="name">What it is called in messages, as in its manifest.</param>
    /// <returns>The exit status: the unikernel's own; 0 after <c>--help</c>; 64 if it was started wrongly; 1 if a part failed.</returns>
    public static async Task<int> RunAsync<T>(string[] arguments, string name)
        where T : IUnikernel<T>
    {
        Graph? graph = null;
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            graph = T.Compose(Bindings.FromProcess(arguments));
            if (graph.IsHelpWanted)
            {
                Console.Out.Write(graph.WriteHelp());
                return 0;
            }

            await graph.StartAsync(stop.Token).ConfigureAwait(false);
            AllStarted?.Invoke();
            int status = await graph.RunAsync(stop.Token).ConfigureAwait(false);
            return await StopAsync(graph).ConfigureAwait(false) ? status : 1;
        }
        catch (BootException e)
        {
            return Fail(e.Message, BootException.Status);
        }
        catch (TimeoutException e) when (graph is not null)
        {
            return Fail(e.Message, 1);
        }
        catch (IOException e) when (graph?.FailedPart is { } part)
        {
            // A device that cannot be written, a disk with something else on it: for whoever started it, and no fault of the program's.
            return Fail($"{part} did not start: {e.Message}", 1);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            if (graph is not null) await StopAsync(graph).ConfigureAwait(false);
        }

        int Fail(string message, int status)
        {
            Console.Error.WriteLine($"{name}: {message}");
            return status;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Refuses any argument: for a unikernel that has none. <c>--help</c> is answered.</summary>
    /// <returns>The exit status.</returns>
    public static int RefuseArguments(string name, string help, string[] arguments)
    {
        if (Array.IndexOf(arguments, "--help") < 0)
        {
            Console.Error.WriteLine($"{name}: there is no boot argument {arguments[0]}; it takes none.");
            return BootException.Status;
        }

        Console.Out.WriteLine($"NAME\n       {name}{(help.Length > 0 ? " - " + help : "")}\n\nSYNOPSIS\n       {name}\n");
        return 0;
    }

    private static async Task<bool> StopAsync(Graph graph)
    {
        int before = graph.Unstopped.Count;
        await graph.DisposeAsync().ConfigureAwait(false);
        foreach (string part in graph.Unstopped.Skip(before)) Console.Error.WriteLine($"{graph.Name}: {part}.");
        return graph.Unstopped.Count == 0;
    }
}
