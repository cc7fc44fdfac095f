using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morgana.AspNetCore;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>Makes a web application a unikernel.</summary>
public static class MorganaWebExtensions
{
    /// <summary>The boot arguments that every web unikernel has.</summary>
    public static readonly IReadOnlyList<BootArgument> WebArguments =
    [
        .. GuestNetwork.Arguments,
        new("port", "PORT", "Where HTTP/1.1 and HTTP/2 are served", "80") { Group = "Web" },
        new("log", "LEVEL[,CATEGORY:LEVEL…]", "What is logged: trace, debug, info, warn, error, none", "info") { Group = "Web" },
    ];

    /// <summary>Whether an application has endpoints, as most do: <c>MorganaRouting</c> in the project file. Without them an image has no routing in it.</summary>
    [FeatureSwitchDefinition("Morgana.Routing")]
    internal static bool IsRoutingSupported => !AppContext.TryGetSwitch("Morgana.Routing", out bool enabled) || enabled;

    private static readonly Action<ILogger, Ipv4Address, ushort, string, Exception?> Serving = LoggerMessage.Define<Ipv4Address, ushort, string>(
        LogLevel.Information, new(1, "Serving"), "serving HTTP/1.1 and HTTP/2 at {Address} port {Port}, on {Device}");

    private static readonly Action<ILogger, Exception?> NetworkFailed = LoggerMessage.Define(LogLevel.Critical, new(2, "NetworkFailed"), "the network loop has failed");

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
            GuestOutput.UseIfHandedOver();
            var parsed = Boot.Parse([.. WebArguments, .. arguments]);
            var logLevels = LogLevels.Parse(parsed.Find("log")!);
            if (!ushort.TryParse(parsed.Find("port"), NumberStyles.None, CultureInfo.InvariantCulture, out ushort listenPort) || listenPort == 0)
                throw new BootException($"--port={parsed.Find("port")}: expected a port from 1 to 65535.");
            return (parsed, logLevels, GuestNetwork.Open(parsed, Console.Out.WriteLine), listenPort);
        });
        builder.Logging.AddProvider(new LineLoggerProvider(levels, TimeProvider.System));
        builder.Logging.SetMinimumLevel(LogLevel.Trace);        // The provider decides, category by category.
        builder.Services.AddSingleton(boot);
        builder.Services.AddSingleton(network);
        builder.Services.AddSingleton<INetworkStack>(network.Loop);
        // Registered before Kestrel, so that it stops after Kestrel.
        builder.Services.AddSingleton<IHostedService>(services => new NetworkLifetime(
            network, port, services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<ILoggerFactory>().CreateLogger("Morgana.Web")));
        return builder.UseMorganaServer(port);
    }

    /// <summary>Kestrel on our transport, with limits that follow from the guest's memory.</summary>
    internal static WebApplicationBuilder UseMorganaServer(this WebApplicationBuilder builder, ushort port)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = WebLimits.ShutdownTimeout);
        builder.Services.AddSingleton<IHostLifetime, GuestLifetime>();
        builder.Services.AddKnownOptions().RemoveIdleMetrics();
        if (IsRoutingSupported) builder.Services.AddRoutingCore();
        var memory = GuestMemory.FromEnvironment();
        builder.Services.AddMorganaTransport(WebLimits.Transport(memory));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            WebLimits.Apply(options.Limits, memory);
            options.ListenMorgana(port);
        });
        return builder;
    }

    /// <summary>Says when the application serves, stops it when the network has gone, and the network when the application has stopped.</summary>
    private sealed class NetworkLifetime(GuestNetwork network, ushort port, IHostApplicationLifetime application, ILogger log) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            application.ApplicationStarted.Register(() => Serving(log, network.Address.Address, port, network.Description, null));
            _ = StopWithNetworkAsync();
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) => await network.DisposeAsync();

        private async Task StopWithNetworkAsync()
        {
            await network.Loop.Completion.ContinueWith(_ => { }, TaskScheduler.Default);
            if (network.Loop.Failure is { } failure)
            {
                NetworkFailed(log, failure);
                Environment.ExitCode = 1;
            }

            application.StopOnceStarted();
        }
    }
}
