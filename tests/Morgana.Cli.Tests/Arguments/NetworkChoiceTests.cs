using Morgana.Cli.Arguments;

namespace Morgana.Cli.Tests.Arguments;

public class NetworkChoiceTests
{
    [Fact]
    public void The_three_kinds_are_read()
    {
        Assert.True(NetworkChoice.TryParse("gateway", out var gateway));
        Assert.Equal(NetworkKind.Gateway, gateway.Kind);
        Assert.True(NetworkChoice.TryParse("none", out var none));
        Assert.Equal(NetworkKind.None, none.Kind);
        Assert.True(NetworkChoice.TryParse("tap:tap0", out var tap));
        Assert.Equal(new NetworkChoice(NetworkKind.Tap, "tap0"), tap);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tap")]
    [InlineData("tap:")]
    [InlineData("tap:a-name-of-16-oct")]
    [InlineData("Gateway")]
    [InlineData("bridge:br0")]
    public void Anything_else_is_refused(string text) => Assert.False(NetworkChoice.TryParse(text, out _));
}
