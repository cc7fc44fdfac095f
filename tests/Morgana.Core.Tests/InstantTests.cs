namespace Morgana.Core.Tests;

public class InstantTests
{
    [Fact]
    public void Time_that_lies_beyond_the_end_is_never()
    {
        var now = Instant.FromOrigin(TimeSpan.FromDays(100));
        Assert.Equal(Instant.Never, now + TimeSpan.MaxValue);
        Assert.Equal(Instant.Never, now + TimeSpan.FromDays(106_700));
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromDays(-1));
        Assert.Equal(TimeSpan.FromDays(365 * 100), now + TimeSpan.FromDays(365 * 100) - now);
        Assert.Equal(now, now + TimeSpan.FromSeconds(3) - TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Instants_are_ordered()
    {
        var (early, late) = (new Instant(5), new Instant(6));
        Assert.True(early < late && late > early && early <= late && late >= early && early <= new Instant(5));
        Assert.Equal(early, Instant.Min(early, late));
        Assert.Equal(late, Instant.Max(early, late));
        Assert.Equal("1.500000s", Instant.FromOrigin(TimeSpan.FromSeconds(1.5)).ToString());
    }
}
