using Morgana.Composition;
using Morgana.Devices;

namespace Samples;

/// <summary>Entropy: random octets that nobody can foresee, unless a test brings its own.</summary>
[Unikernel(Help = "Prints random octets.")]
public sealed partial class RandomNumbers(IEntropy entropy, IConsole console)
{
    [BootArgument(Help = "How many lines.", Minimum = 1, Maximum = 1000)]
    public int Lines { get; init; } = 4;

    public void Run()
    {
        Span<byte> octets = stackalloc byte[16];
        for (int i = 0; i < Lines; i++)
        {
            entropy.Fill(octets);
            console.WriteLine(Convert.ToHexStringLower(octets));
        }
    }
}
