using Morgana.Composition;

namespace Morgana.Hosting;

/// <summary>The parts of a web application; generated code derives from it.</summary>
/// <param name="bindings">What it is started with.</param>
public abstract class WebGraph(Bindings bindings) : Graph(bindings)
{
    /// <summary>The parts that the application gets as services, by type and key.</summary>
    public List<(Type Type, string? Key, object Part)> Services { get; } = [];
}

/// <summary>What a web application is told at boot.</summary>
public sealed class WebSettings
{
    internal WebSettings(ushort port, LogLevels levels) => (Port, Levels) = (port, levels);

    /// <summary>Where it serves.</summary>
    public ushort Port { get; }

    internal LogLevels Levels { get; }
}

/// <summary>The boot arguments of every web application.</summary>
public static class WebParts
{
    /// <summary>What a web application is told at boot.</summary>
    [Provides(IsDefault = true, Help = "what a web application is told at boot")]
    public static WebSettings Settings(
        [BootArgument(Minimum = 1, Value = "PORT", Help = "Where HTTP/1.1 and HTTP/2 are served.")] ushort port = 80,
        [BootArgument("log", Value = "LEVEL[,CATEGORY:LEVEL...]", Help = "What is logged: trace, debug, info, warn, error, none.")] string levels = "info") => new(port, LogLevels.Parse(levels));
}
