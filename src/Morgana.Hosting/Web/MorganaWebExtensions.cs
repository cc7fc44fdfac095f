using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morgana.AspNetCore;
using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>Makes a web application a unikernel.</summary>
public static class MorganaWebExtensions
{
    /// <summary>The boot arguments that every web unikernel has.</summary>
    public static readonly IReadOnlyList<BootArgument> WebArguments =
    [
        .. GuestNetwork.Arguments,
        new("port", "PORT", "Where HTTP/1.1 and HTTP/2 are served", "80"),
        new("log", "LEVEL[,CATEGORY:LEVEL…]", "What is logged: trace, debug, info, warn, error, none", "info"),
    ];

    /// <summary>
    /// Puts the application on our stack: network, Kestrel's transport, routing, logging. The <see cref="INetworkStack"/>, the
    /// <see cref="GuestNetwork"/> and the <see cref="BootArguments"/> are there as services.
    /// </summary>
    /// <param name="builder">From <see cref="WebApplication.CreateEmptyBuilder"/>, which brings nothing that an image would have to carry.</param>
    /// <param name="arguments">Boot arguments of the application's own.</param>
    /// <remarks>Wrong boot arguments end the process with one line and status 64; <c>--help</c> with the help and status 0.</remarks>
    public static WebApplicationBuilder UseMorgana(this WebApplicationBuilder builder, params BootArgument[] arguments)
    {
        var (boot, levels, network, port) = Boot.OrExit(() =>
        {
            var parsed = Boot.Parse([.. WebArguments, .. arguments]);
            var logLevels = LogLevels.Parse(parsed.Find("log")!);
            ushort listenPort = parsed.Get<ushort>("port");
            if (listenPort == 0) throw new BootException("--port=0: expected a port from 1 to 65535.");
            return (parsed, logLevels, GuestNetwork.Open(parsed, Console.Out.WriteLine), listenPort);
        });
        builder.Logging.AddProvider(new LineLoggerProvider(levels, TimeProvider.System));
        builder.Logging.SetMinimumLevel(LogLevel.Trace);        // The provider decides, category by category.
        builder.Services.AddSingleton(boot);
        builder.Services.AddSingleton(network);
        builder.Services.AddSingleton<INetworkStack>(network.Loop);
        // Registered before Kestrel, so that it stops after Kestrel.
        builder.Services.AddHostedService<NetworkLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.AddMorganaTransport();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.ListenMorgana(port);
        });
        return builder;
    }

    /// <summary>Stops the application when the network has gone, and the network when the application has stopped.</summary>
    private sealed class NetworkLifetime(GuestNetwork network, IHostApplicationLifetime application) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = StopWithNetworkAsync();
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) => await network.DisposeAsync();

        private async Task StopWithNetworkAsync()
        {
            await network.Loop.Completion.ContinueWith(_ => { }, TaskScheduler.Default);
            application.StopApplication();
        }
    }
}
