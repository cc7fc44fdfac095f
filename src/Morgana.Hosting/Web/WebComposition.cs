using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morgana.Composition;

[assembly: Providers(typeof(Morgana.Hosting.WebParts))]

namespace Morgana.Hosting;

/// <summary>Puts a web application on its graph: what the generated <c>UseMorgana()</c> of a project with needs of its own calls.</summary>
public static class WebComposition
{
    private static readonly Action<ILogger, ushort, Exception?> Serving = LoggerMessage.Define<ushort>(LogLevel.Information, new(1, "Serving"), "serving HTTP/1.1 and HTTP/2 at port {Port}");

    /// <summary>Parses the arguments, answers <c>--help</c>, starts the parts within their time limit, and hands them over as (keyed) services.</summary>
    /// <param name="builder">The application's.</param>
    /// <param name="compose">Makes the graph, which takes these boot arguments beside those of its parts.</param>
    /// <param name="arguments">Boot arguments of the application's own.</param>
    /// <param name="name">What it is called in messages, as in its manifest.</param>
    public static WebApplicationBuilder Use(WebApplicationBuilder builder, Func<Bindings, IReadOnlyList<ArgumentDescription>, WebGraph> compose, BootArgument[] arguments, string name)
    {
        ArgumentDescription[] own = [.. arguments.Select(a => new ArgumentDescription(a.Name, a.Value, a.Value, "Application") { Help = a.Help, Default = a.Default })];
        var run = TestRun.Current;
        var graph = run is not null ? Start(compose(run.Bindings, own), run.Stop.Token) : Boot.OrExit(() =>
        {
            GuestOutput.UseIfHandedOver();
            var composed = compose(Bindings.FromProcess([.. Environment.GetCommandLineArgs().Skip(1)]), own);
            if (!composed.IsHelpWanted) return Start(composed, CancellationToken.None);
            Console.Out.Write(composed.WriteHelp());
            Environment.Exit(0);
            return composed;
        }, name);
        var settings = (WebSettings)graph.Services.First(s => s.Type == typeof(WebSettings)).Part;
        foreach (var (type, key, part) in graph.Services)
        {
            if (key is null) builder.Services.AddSingleton(type, part);
            else builder.Services.AddKeyedSingleton(type, key, part);
        }

        builder.Services.AddSingleton(BootArguments.Parse([.. own.Where(a => graph.Find(a) is not null).Select(a => $"--{a.Name}={graph.Find(a)}")], arguments));
        builder.Logging.AddProvider(new LineLoggerProvider(settings.Levels, TimeProvider.System));
        builder.Logging.SetMinimumLevel(LogLevel.Trace);        // The provider decides, category by category.
        // Registered before Kestrel, so that the parts stop after Kestrel.
        builder.Services.AddSingleton<IHostedService>(services => new PartsLifetime(
            graph, run, settings.Port, services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<ILoggerFactory>().CreateLogger("Morgana.Web")));
        return builder.UseMorganaServer(settings.Port);
    }

    private static WebGraph Start(WebGraph graph, CancellationToken cancel)
    {
        try
        {
            graph.StartAsync(cancel).GetAwaiter().GetResult();
            if (TestRun.Current is null) UnikernelProgram.AllStarted?.Invoke();
            return graph;
        }
        catch (TimeoutException e)
        {
            throw new BootException(e.Message);
        }
        catch (IOException e) when (graph.FailedPart is { } part)
        {
            throw new BootException($"{part} did not start: {e.Message}");
        }
    }

    /// <summary>Stops the parts when the application has stopped, and the application when a part has come to its end.</summary>
    private sealed class PartsLifetime(WebGraph graph, TestRun? run, ushort port, IHostApplicationLifetime application, ILogger log) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            application.ApplicationStarted.Register(() =>
            {
                Serving(log, port, null);
                run?.Started.TrySetResult(graph);
            });
            run?.Stop.Token.Register(application.StopOnceStarted);
            foreach (var (_, _, part) in graph.Services)
                if (part is IEndingPart ending) _ = ending.Completion.ContinueWith(_ => application.StopOnceStarted(), TaskScheduler.Default);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) => await graph.DisposeAsync();
    }
}
