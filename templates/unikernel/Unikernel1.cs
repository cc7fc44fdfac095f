using Morgana.Composition;
using Morgana.Devices;

namespace Unikernel1;

/// <summary>What it needs stands in its constructor; what changes from boot to boot are boot arguments.</summary>
[Unikernel(Help = "Greets.")]
public sealed partial class Program(IConsole console)
{
    [BootArgument(Help = "Who is greeted.")]
    public string Name { get; init; } = "World";

    public void Run() => console.WriteLine($"Hello, {Name}, from Unikernel1!");
}
