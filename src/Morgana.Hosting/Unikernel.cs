using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>What a unikernel without a web server works with.</summary>
/// <param name="Network">The network.</param>
/// <param name="Arguments">The boot arguments.</param>
/// <param name="Log">The log.</param>
public sealed record UnikernelContext(INetworkStack Network, BootArguments Arguments, ILogger Log);

/// <summary>Runs a unikernel that is not a web application.</summary>
public static class Unikernel
{
    /// <summary>Opens the network, runs <paramref name="body"/>, and closes the network.</summary>
    /// <param name="body">The unikernel. Its token is cancelled when it is to stop (SIGTERM, SIGINT) or the network has gone.</param>
    /// <param name="arguments">Boot arguments of its own.</param>
    /// <returns>The process's exit status: what <paramref name="body"/> answers.</returns>
    public static async Task<int> RunAsync(Func<UnikernelContext, CancellationToken, Task<int>> body, params BootArgument[] arguments)
    {
        var (boot, provider, network) = Boot.OrExit(() =>
        {
            GuestOutput.UseIfHandedOver();
            var parsed = Boot.Parse([.. GuestNetwork.Arguments, new("log", "LEVEL", "What is logged", "info"), .. arguments]);
            var lines = new LineLoggerProvider(LogLevels.Parse(parsed.Find("log")!), TimeProvider.System);
            return (parsed, lines, GuestNetwork.Open(parsed, Console.Out.WriteLine));
        });
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _ = network.Loop.Completion.ContinueWith(_ => stop.Cancel(), TaskScheduler.Default);
        try
        {
            return await body(new(network.Loop, boot, provider.CreateLogger("unikernel")), stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (BootException e)
        {
            return Boot.Complain(e);        // Its own arguments are read by the body.
        }
        finally
        {
            await network.DisposeAsync();
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
