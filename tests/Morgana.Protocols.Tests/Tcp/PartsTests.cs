using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Tests.Tcp;

public class PartsTests
{
    [Fact]
    public void SipHash_gives_the_number_of_its_authors_example()
    {
        byte[] key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        Assert.Equal(0xA129CA6149BE45E5, new SipHash(key).Hash24([0x0706050403020100], 15, 0x0E0D0C0B0A0908));
    }

    [Fact]
    public void The_wheel_fires_each_entry_once_not_early_and_less_than_two_ticks_late()
    {
        var random = new Random(3);
        var wheel = new TcpTimerWheel();
        var now = Instant.FromOrigin(TimeSpan.FromSeconds(1234.5));
        var deadlines = new Dictionary<int, Instant>();
        for (int round = 0; round < 3000; round++)
        {
            int slot = random.Next(200);
            if (!deadlines.ContainsKey(slot))
            {
                deadlines[slot] = now + TimeSpan.FromMilliseconds(Math.Pow(10, random.NextDouble() * 7.5));
                wheel.Arm(slot, deadlines[slot], now);
            }
            else if (random.Next(10) == 0)
            {
                wheel.Disarm(slot);
                deadlines.Remove(slot);
            }

            now = random.Next(3) == 0 && wheel.NextTimeout != Instant.Never ? Instant.Max(now, wheel.NextTimeout) : now + TimeSpan.FromMilliseconds(random.Next(50));
            while (wheel.TryTakeExpired(now, out int fired))
            {
                Assert.True(deadlines.Remove(fired, out var deadline));
                Assert.True(deadline <= now, "fired early");
            }

            Assert.All(deadlines.Values, d => Assert.True(d + TimeSpan.FromMilliseconds(2) > now, "fired late"));
            Assert.Equal(deadlines.Count, wheel.Count);
        }
    }
}
