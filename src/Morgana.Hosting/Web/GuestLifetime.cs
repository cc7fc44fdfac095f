using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Morgana.Hosting;

/// <summary>Ends a web application in order when it gets SIGTERM, SIGINT or SIGQUIT, however early they come.</summary>
/// <remarks>
/// Takes the place of the host's console lifetime, which stops at once: in the middle of the start that cancels it, and Kestrel's
/// cancelled start is an exception which nobody handles.
/// </remarks>
internal sealed class GuestLifetime(IHostApplicationLifetime application) : IHostLifetime, IDisposable
{
    private PosixSignalRegistration[] _signals = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;                  // The process goes on, and ends by itself.
        application.StopOnceStarted();
    }
}

internal static class ApplicationLifetimeExtensions
{
    /// <summary>Stops the application; one that is still starting, as soon as it has started. Any thread.</summary>
    public static void StopOnceStarted(this IHostApplicationLifetime application) => application.ApplicationStarted.Register(application.StopApplication);
}
