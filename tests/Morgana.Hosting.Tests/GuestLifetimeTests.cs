using Microsoft.Extensions.Hosting;

namespace Morgana.Hosting.Tests;

public class GuestLifetimeTests
{
    [Fact]
    public void An_application_that_is_to_stop_while_it_starts_stops_once_it_has_started()
    {
        using var application = new Application();
        application.StopOnceStarted();
        Assert.Equal(0, application.Stops);
        application.Started.Cancel();
        Assert.Equal(1, application.Stops);
    }

    [Fact]
    public void An_application_that_has_started_stops_at_once()
    {
        using var application = new Application();
        application.Started.Cancel();
        application.StopOnceStarted();
        Assert.Equal(1, application.Stops);
    }

    private sealed class Application : IHostApplicationLifetime, IDisposable
    {
        public CancellationTokenSource Started { get; } = new();

        public int Stops { get; private set; }

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => Stops++;

        public void Dispose() => Started.Dispose();
    }
}
