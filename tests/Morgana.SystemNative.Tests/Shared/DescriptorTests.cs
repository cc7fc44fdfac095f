namespace Morgana.SystemNative.Tests.Shared;

public class DescriptorTests
{
    [Fact]
    public void A_number_is_far_beyond_those_of_Linux_and_leads_to_what_was_opened()
    {
        var thing = new Thing();
        Assert.Equal(Error.Success, Descriptors.Open(thing, out nint number));
        Assert.True(number >= Descriptors.Base);
        Assert.True(Descriptors.IsOurs(number));
        Assert.True(Descriptors.TryGet(number, out var found));
        Assert.Same(thing, found);
        Assert.Equal(Error.Success, Descriptors.Close(number));
        Assert.Equal(1, thing.Closes);
    }

    [Fact]
    public void A_closed_number_stays_bad_when_its_place_is_used_again()
    {
        Descriptors.Open(new Thing(), out nint first);
        Descriptors.Close(first);
        Descriptors.Open(new Thing(), out nint second);
        Assert.NotEqual(first, second);
        Assert.False(Descriptors.TryGet(first, out _));
        Assert.Equal(Error.EBADF, Descriptors.Close(first));
        Assert.Equal(Error.Success, Descriptors.Close(second));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(0L)]
    [InlineData(2L)]
    [InlineData(1048576L)]
    [InlineData(0x4000_FFFFL)]
    [InlineData(0x7FFF_FFFFL)]
    [InlineData(0x1_4000_0000L)]
    [InlineData(long.MinValue)]
    public void What_was_never_opened_is_a_bad_descriptor(long number)
    {
        Assert.False(Descriptors.TryGet((nint)number, out _));
        Assert.Equal(Error.EBADF, Descriptors.Close((nint)number));
    }

    [Fact]
    public void Another_kind_is_told_from_nothing()
    {
        Descriptors.Open(new Thing(), out nint number);
        Assert.Equal(Error.ENOTSOCK, Descriptors.Find<OtherThing>(number, Error.ENOTSOCK, out _));
        Assert.Equal(Error.Success, Descriptors.Find<Thing>(number, Error.ENOTSOCK, out _));
        Descriptors.Close(number);
        Assert.Equal(Error.EBADF, Descriptors.Find<Thing>(number, Error.ENOTSOCK, out _));
    }

    [Fact]
    public void Threads_that_open_and_close_at_once_never_see_a_stranger()
    {
        Parallel.For(0, 4, worker =>
        {
            for (int i = 0; i < 2000; i++)
            {
                var mine = new Thing();
                Assert.Equal(Error.Success, Descriptors.Open(mine, out nint number));
                Assert.True(Descriptors.TryGet(number, out var found));
                Assert.Same(mine, found);
                Assert.Equal(Error.Success, Descriptors.Close(number));
                Assert.False(Descriptors.TryGet(number, out _));
                Assert.Equal(1, mine.Closes);
            }
        });
    }

    private class Thing : Descriptor
    {
        public int Closes { get; private set; }

        public override DescriptorKind Kind => DescriptorKind.File;

        public override Error Close()
        {
            Closes++;
            return Error.Success;
        }

        public override Error Stat(out FileStatus status)
        {
            status = default;
            return Error.Success;
        }
    }

    private sealed class OtherThing : Thing;
}
