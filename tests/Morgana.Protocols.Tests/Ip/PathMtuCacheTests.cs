using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;

namespace Morgana.Protocols.Tests.Ip;

public class PathMtuCacheTests
{
    private static readonly Ipv4Address Far = Ipv4Address.From(192, 0, 2, 1);

    [Fact]
    public void An_error_makes_the_path_narrower_and_never_wider()
    {
        var cache = new PathMtuCache(1);
        Assert.Equal(1400, cache.Learn(Far, 1400, 1500, Instant.Zero));
        Assert.Equal(1400, cache.Learn(Far, 1450, 1500, Instant.Zero));
        Assert.Equal(1300, cache.Learn(Far, 1300, 1400, Instant.Zero));
        Assert.Equal(1300, cache.Get(Far, 1500, Instant.Zero));
        Assert.Equal(1000, cache.Get(Far, 1000, Instant.Zero));
    }

    [Theory, InlineData(1500, 1492), InlineData(1492, 1006), InlineData(600, 576), InlineData(65535, 32000)]
    public void An_old_router_names_no_mtu_and_the_next_plateau_is_taken(int length, int expected) =>
        Assert.Equal(expected, new PathMtuCache(1).Learn(Far, 0, length, Instant.Zero));

    [Fact]
    public void A_complaint_about_a_packet_that_fits_is_not_believed() => Assert.Equal(0, new PathMtuCache(1).Learn(Far, 1400, 1400, Instant.Zero));

    [Fact]
    public void After_ten_minutes_it_is_forgotten()
    {
        var cache = new PathMtuCache(1);
        cache.Learn(Far, 1400, 1500, Instant.Zero);
        Assert.Equal(1500, cache.Get(Far, 1500, Instant.Zero + TimeSpan.FromMinutes(10)));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void It_stays_bounded()
    {
        var cache = new PathMtuCache(1);
        for (uint i = 0; i < 10_000; i++) cache.Learn(new(i), 1400, 1500, Instant.Zero);
        Assert.InRange(cache.Count, 1, 256);
    }

    [Fact]
    public void The_keyed_hash_is_siphash_2_4()
    {
        // From the reference implementation's table of vectors: key 00 to 0f, message 00 to 0f.
        byte[] key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        Assert.Equal(0x3f2acc7f57c29bdbUL, new KeyedHash(key, 0).Of(0x0706050403020100, 0x0f0e0d0c0b0a0908));
    }

    [Fact]
    public void The_token_bucket_gives_a_burst_and_then_its_rate()
    {
        var limiter = new IcmpRateLimiter(perSecond: 10, burst: 5);
        var now = new Instant(1_000_000_000);
        int taken = 0;
        for (int i = 0; i < 20; i++) taken += limiter.TryTake(now) ? 1 : 0;
        Assert.Equal(5, taken);
        for (int i = 0; i < 100; i++) taken += limiter.TryTake(now += TimeSpan.FromMilliseconds(20)) ? 1 : 0;
        Assert.Equal(25, taken);
    }
}
