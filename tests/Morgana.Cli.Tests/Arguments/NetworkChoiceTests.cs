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
    [InlineData("outside=gateway", "outside", "")]
    [InlineData("inside=tap:tap0", "inside", "tap0")]
    [InlineData("tap:a=b", null, "a=b")]          // An interface may be called so.
    public void A_choice_may_name_its_device(string text, string? device, string tap)
    {
        Assert.True(NetworkChoice.TryParse(text, out var choice));
        Assert.Equal((device, tap, text), (choice.Device, choice.TapName, choice.ToString()));
    }

    [Theory]
    [InlineData("=gateway")]
    [InlineData("outside=")]
    [InlineData("outside")]
    [InlineData("a=b=gateway")]
    [InlineData("")]
    [InlineData("tap")]
    [InlineData("tap:")]
    [InlineData("tap:a-name-of-16-oct")]
    [InlineData("Gateway")]
    [InlineData("bridge:br0")]
    public void Anything_else_is_refused(string text) => Assert.False(NetworkChoice.TryParse(text, out _));
}
