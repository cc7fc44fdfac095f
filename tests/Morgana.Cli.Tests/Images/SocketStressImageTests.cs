using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>The stress of sockets under the collector, compiled ahead of time: its finalizers, its addresses and its collector are an image's.</summary>
public class SocketStressImageTests
{
    [Theory, Trait("Category", "Long")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Nothing_is_lost_and_nothing_is_left_in_an_image(int seed)
    {
        var (status, output, error) = await MorganaCommand.RunAsync("run", Path.Combine(MorganaCommand.Root, "tests/Programs/SocketStress"), "--net", "none", "--", "50000", $"{seed}");
        Assert.True(status == 0, $"seed {seed}: {output}{error}");
    }
}
