using System.Net;

namespace Morgana.Core.Tests.Addresses;

public class IpPrefixTests
{
    [Theory]
    [InlineData("10.0.2.0/24", "10.0.2.255"), InlineData("0.0.0.0/0", "255.255.255.255"), InlineData("10.0.2.15/32", "10.0.2.15"), InlineData("10.0.2.14/31", "10.0.2.15")]
    [InlineData("fd00::/64", "fd00::ffff:ffff:ffff:ffff"), InlineData("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), InlineData("::1/128", "::1"), InlineData("2000::/3", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void A_prefix_is_a_network_and_a_length(string text, string last)
    {
        var prefix = IpPrefix.Parse(text);
        Assert.Equal(text, prefix.ToString());
        Assert.Equal(IpAddress.Parse(last), prefix.Last);
        Assert.True(prefix.Contains(prefix.Network) && prefix.Contains(prefix.Last) && prefix.Contains(prefix));
    }

    [Theory]
    [InlineData("10.0.2.15/24"), InlineData("10.0.2.0"), InlineData("10.0.2.0/33"), InlineData("10.0.2.0/"), InlineData("10.0.2.0/-1"), InlineData("10.0.2.0/024"), InlineData("fd00::/129"), InlineData("fd00::1/64"), InlineData("/24")]
    public void What_is_no_prefix_is_refused(string text) => Assert.False(IpPrefix.TryParse(text, out _));

    [Fact]
    public void An_interfaces_address_keeps_its_host_bits()
    {
        Assert.True(IpPrefix.TryParse("10.0.2.15/24", out var prefix, out var address));
        Assert.Equal(("10.0.2.0/24", "10.0.2.15"), (prefix.ToString(), address.ToString()));
    }

    [Fact]
    public void A_prefix_contains_what_the_platform_says()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        byte[] a = new byte[16], b = new byte[16];
        for (int i = 0; i < 20_000; i++)
        {
            int size = random.Next(2) == 0 ? 4 : 16;
            random.NextBytes(a);
            a.CopyTo(b, 0);
            int bit = random.Next(8 * size), length = random.Next(8 * size + 1);
            b[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            var prefix = new IpPrefix(Address(a, size), length);
            var platform = new IPNetwork(new IPAddress(Bytes(prefix.Network)), length);
            Assert.True(prefix.Contains(Address(a, size)));
            Assert.True(platform.Contains(new IPAddress(b.AsSpan(0, size))) == prefix.Contains(Address(b, size)), $"seed {Seed}, step {i}");
        }
    }

    private static IpAddress Address(byte[] bytes, int size) => size == 4 ? Ipv4Address.Read(bytes) : Ipv6Address.Read(bytes);

    private static byte[] Bytes(IpAddress address)
    {
        byte[] bytes = new byte[address.Size];
        if (address.IsIpv4) address.Ipv4.WriteTo(bytes);
        else address.Ipv6.WriteTo(bytes);
        return bytes;
    }
}
