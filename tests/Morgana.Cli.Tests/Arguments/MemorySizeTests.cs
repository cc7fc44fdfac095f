using Morgana.Cli.Arguments;

namespace Morgana.Cli.Tests.Arguments;

public class MemorySizeTests
{
    [Theory]
    [InlineData("33554432", 32L << 20)]
    [InlineData("32M", 32L << 20)]
    [InlineData("32m", 32L << 20)]
    [InlineData("32MiB", 32L << 20)]
    [InlineData("2048K", 2L << 20)]
    [InlineData("1G", 1L << 30)]
    public void Sizes_are_read_with_their_unit(string text, long octets)
    {
        Assert.True(MemorySize.TryParse(text, out long parsed));
        Assert.Equal(octets, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("lots")]
    [InlineData("-1M")]
    [InlineData("1.5G")]
    [InlineData("32T")]
    [InlineData("9223372036854775807G")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_is_refused(string text) => Assert.False(MemorySize.TryParse(text, out _));
}
