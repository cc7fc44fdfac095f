using Morgana.Core;
using Morgana.Wire.Ip;

namespace Morgana.Wire.Tests;

public class Ipv4OptionsTests
{
    [Fact]
    public void Known_and_unknown_options_are_walked_over_up_to_the_end_of_the_list()
    {
        var walk = new Ipv4Options([1, 148, 4, 0, 0, 1, 200, 3, 9, 0, 77, 77]);
        Assert.True(walk.MoveNext());
        Assert.Equal((Ipv4OptionKind.RouterAlert, 2), (walk.Kind, walk.Data.Length));
        Assert.True(walk.MoveNext());
        Assert.Equal((200, 9), (walk.Kind, walk.Data[0]));
        Assert.False(walk.MoveNext());
        Assert.Equal(DropReason.None, walk.Error);
    }

    [Theory]
    [InlineData(DropReason.BadOption, new byte[] { 7, 0, 0, 0 })]
    [InlineData(DropReason.BadOption, new byte[] { 7, 1, 0, 0 })]
    [InlineData(DropReason.BadOption, new byte[] { 7, 5, 0, 0 })]
    [InlineData(DropReason.BadOption, new byte[] { 1, 1, 1, 7 })]
    [InlineData(DropReason.SourceRoute, new byte[] { 1, 131, 3, 4 })]
    [InlineData(DropReason.SourceRoute, new byte[] { 137, 3, 4, 0 })]
    [InlineData(DropReason.None, new byte[] { 0, 131, 3, 4 })]
    [InlineData(DropReason.None, new byte[] { 200, 4, 1, 2 })]
    public void Options_are_checked(DropReason expected, byte[] options) => Assert.Equal(expected, Ipv4Options.Check(options));

    [Fact]
    public void Any_octets_are_survived()
    {
        var random = new DeterministicRandom(1);
        byte[] options = new byte[40];
        for (int i = 0; i < 100_000; i++)
        {
            random.Fill(options);
            var walk = new Ipv4Options(options);
            int steps = 0;
            while (walk.MoveNext()) steps++;
            Assert.True(steps <= 20);
        }
    }
}
