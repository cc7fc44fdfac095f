using Morgana.Composition;
using Morgana.Devices;

namespace Samples;

/// <summary>A console: says what it hears, until there is nothing more to hear.</summary>
[Unikernel(Help = "Says what it hears.")]
public sealed partial class Parrot(IConsole console)
{
    [BootArgument(Help = "In capitals.")]
    public bool Loud { get; init; }

    public async Task RunAsync(CancellationToken stop)
    {
        while (await console.ReadLineAsync(stop) is { } line) console.WriteLine(Loud ? line.ToUpperInvariant() : line);
    }
}
