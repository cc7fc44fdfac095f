using Microsoft.Extensions.Logging;
using Morgana.Composition;
using Morgana.Devices;
using Morgana.Hosting;
using Morgana.Sockets;

[assembly: Providers(typeof(SystemParts))]

namespace Morgana.Hosting;

/// <summary>What every program has at hand: console, randomness, clock, log.</summary>
public static class SystemParts
{
    /// <summary>Standard input and output.</summary>
    [Provides(IsDefault = true, Help = "standard input and output")]
    public static IConsole Console()
    {
        // A program without a network is sealed too.
        UnikernelProgram.AllStarted = GuestSandbox.CloseIfAsked;
        // .NET duplicates the descriptor when input is first asked for, which is refused then.
        if (GuestSandbox.IsAsked) _ = System.Console.In;
        GuestOutput.UseIfHandedOver();
        return new SystemConsole();
    }

    /// <summary>The operating system's random numbers.</summary>
    [Provides(IsDefault = true, Help = "the system's random numbers")]
    public static IEntropy Entropy() => new SystemEntropySource();

    /// <summary>The system's clock, of the wall and for durations.</summary>
    [Provides(IsDefault = true, Help = "the system's clock")]
    public static TimeProvider Clock() => TimeProvider.System;

    /// <summary>A log of lines on standard output.</summary>
    [Provides(IsDefault = true, Help = "lines on standard output")]
    public static ILoggerFactory Log(
        TimeProvider clock, [BootArgument("log", Value = "LEVEL[,CATEGORY:LEVEL...]", Help = "What is logged: trace, debug, info, warn, error, none.")] string levels = "info")
    {
        GuestOutput.UseIfHandedOver();
        var factory = new LoggerFactory([new LineLoggerProvider(LogLevels.Parse(levels), clock)], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
        return factory;
    }

    private sealed class SystemConsole : IConsole
    {
        private readonly LineQueue _input = new(() => System.Console.In);

        public void Write(ReadOnlySpan<char> text) => System.Console.Out.Write(text);

        public ValueTask<string?> ReadLineAsync(CancellationToken cancel = default) => _input.ReadLineAsync(cancel);
    }

    private sealed class SystemEntropySource : IEntropy
    {
        public void Fill(Span<byte> destination) => SystemEntropy.Fill(destination);
    }
}
