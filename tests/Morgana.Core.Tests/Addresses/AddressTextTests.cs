using System.Net;
using System.Net.Sockets;

namespace Morgana.Core.Tests.Addresses;

public class AddressTextTests
{
    [Theory]
    [InlineData("::", "::"), InlineData("::1", "::1"), InlineData("1::", "1::"), InlineData("FD00::15", "fd00::15")]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]               // RFC 5952 4.2.3: the first of equal runs.
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]            // RFC 5952 4.2.2: never for one group.
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]                     // RFC 5952 4.2.3: the longest run.
    [InlineData("2001:0db8::0001", "2001:db8::1")]
    [InlineData("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), InlineData("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8")]
    [InlineData("::ffff:10.0.2.15", "::ffff:10.0.2.15"), InlineData("64:ff9b::192.0.2.33", "64:ff9b::c000:221")]
    [InlineData("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304")]
    public void An_IPv6_address_is_written_canonically(string text, string canonical) => Assert.Equal(canonical, Ipv6Address.Parse(text).ToString());

    [Theory]
    [InlineData(""), InlineData(":"), InlineData(":::"), InlineData("1"), InlineData("1:2:3:4:5:6:7"), InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1::2::3"), InlineData("1:2:3:4:5:6:7:8::"), InlineData("::1:2:3:4:5:6:7:8"), InlineData("12345::"), InlineData("g::"), InlineData("1:")]
    [InlineData(":1"), InlineData("fe80::1%eth0"), InlineData("[::1]"), InlineData("::1.2.3"), InlineData("::1.2.3.4:5"), InlineData("1:2:3:4:5:6:7:1.2.3.4")]
    [InlineData("::01.2.3.4"), InlineData("1.2.3.4"), InlineData(" ::1"), InlineData("::1 "), InlineData("::-1"), InlineData("1:::2")]
    public void What_is_no_IPv6_address_is_refused(string text) => Assert.False(Ipv6Address.TryParse(text, out _));

    [Theory]
    [InlineData(""), InlineData("1.2.3"), InlineData("1.2.3.4.5"), InlineData("256.1.1.1"), InlineData("01.2.3.4"), InlineData("1..2.3"), InlineData("1.2.3.+4")]
    [InlineData("1.2.3.4 "), InlineData("0x1.2.3.4"), InlineData("1.2.3."), InlineData(".1.2.3"), InlineData("1.2.3.0004")]
    public void What_is_no_dotted_quad_is_refused(string text) => Assert.False(Ipv4Address.TryParse(text, out _));

    [Fact]
    public void Addresses_are_read_and_written_as_the_platform_does()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        byte[] bytes = new byte[16];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            for (int group = 0; group < 8; group++)
                if (random.Next(2) == 0) bytes.AsSpan(2 * group, 2).Clear();
            var platform = new IPAddress(bytes);
            var ours = Ipv6Address.Read(bytes);
            byte[] back = new byte[16];
            ours.WriteTo(back);
            Assert.Equal(bytes, back);
            Assert.Equal(platform, IPAddress.Parse(ours.ToString()));
            Assert.Equal(ours, Ipv6Address.Parse(platform.ToString()));
            // The platform also writes the deprecated IPv4-compatible and ISATAP addresses with a dotted quad.
            if (!platform.ToString().Contains('.')) Assert.Equal(platform.ToString(), ours.ToString());

            var ipv4 = new IPAddress(bytes.AsSpan(0, 4));
            Assert.Equal(ipv4.ToString(), Ipv4Address.Read(bytes).ToString());
            Assert.Equal(Ipv4Address.Read(bytes), Ipv4Address.Parse(ipv4.ToString()));
        }
    }

    [Fact]
    public void Damaged_text_is_an_IPv6_address_exactly_when_it_is_one_for_the_platform()
    {
        const int Seed = 12;
        var random = new Random(Seed);
        const string Alphabet = "0123456789abcdefF::::..";
        for (int i = 0; i < 100_000; i++)
        {
            var text = new char[random.Next(2, 24)];
            for (int k = 0; k < text.Length; k++) text[k] = Alphabet[random.Next(Alphabet.Length)];
            string s = new(text);
            // The platform also takes numbers of other bases and with leading zeros in the dotted quad; we are strict there.
            if (s.Contains('.')) continue;
            bool platform = IPAddress.TryParse(s, out var theirs) && theirs.AddressFamily == AddressFamily.InterNetworkV6;
            bool ours = Ipv6Address.TryParse(s, out var address);
            Assert.True(platform == ours, $"seed {Seed}: '{s}'");
            if (ours) Assert.Equal(theirs!.GetAddressBytes(), Bytes(address));
        }
    }

    [Theory]
    [InlineData("10.0.2.15:80", true), InlineData("[::1]:80", false), InlineData("[fd00::15]:0", false), InlineData("0.0.0.0:65535", true)]
    public void An_endpoint_is_an_address_and_a_port(string text, bool isIpv4)
    {
        var endpoint = IpEndpoint.Parse(text);
        Assert.Equal(isIpv4, endpoint.Address.IsIpv4);
        Assert.Equal(text, endpoint.ToString());
    }

    [Theory]
    [InlineData("::1:80"), InlineData("10.0.2.15"), InlineData("10.0.2.15:"), InlineData("10.0.2.15:65536"), InlineData("10.0.2.15:-1"), InlineData("[10.0.2.15]:80")]
    [InlineData("[::1]"), InlineData("[]:80"), InlineData(":80"), InlineData("[::1]80"), InlineData("10.0.2.15:000080")]
    public void What_is_no_endpoint_is_refused(string text) => Assert.False(IpEndpoint.TryParse(text, out _));

    [Theory]
    [InlineData("02:00:0a:00:02:0f"), InlineData("ff:ff:ff:ff:ff:ff")]
    public void A_MAC_address_is_six_pairs(string text)
    {
        Assert.Equal(text, MacAddress.Parse(text).ToString());
        Assert.Equal(MacAddress.Parse(text), MacAddress.Parse(text.Replace(':', '-').ToUpperInvariant()));
        Assert.False(MacAddress.TryParse(text.AsSpan(1), out _));
        Assert.False(MacAddress.TryParse(text.Replace(':', ' '), out _));
    }

    [Fact]
    public void Both_versions_live_in_one_value()
    {
        Assert.True(IpAddress.Parse("10.0.2.15").IsIpv4);
        Assert.Equal("10.0.2.15", IpAddress.Parse("10.0.2.15").ToString());
        Assert.False(IpAddress.Parse("::1").IsIpv4);
        Assert.True(IpAddress.Parse("::").IsAny && IpAddress.Parse("0.0.0.0").IsAny && !IpAddress.Parse("::1").IsAny && !IpAddress.Parse("1::").IsAny);
        Assert.True(IpAddress.Parse("ff02::1").IsMulticast && IpAddress.Parse("224.0.0.1").IsMulticast && IpAddress.Parse("fe80::1").IsLinkLocal);
        Assert.NotEqual(IpAddress.Parse("0.0.0.0"), IpAddress.Parse("::"));
    }

    [Fact]
    public void Values_are_parsed_and_formatted_through_the_platforms_interfaces()
    {
        Assert.Equal(Ipv4Address.From(10, 0, 2, 15), ParseAs<Ipv4Address>("10.0.2.15"));
        Assert.Equal(IpEndpoint.Parse("[::1]:80"), ParseAs<IpEndpoint>("[::1]:80"));
        Assert.Equal(IpPrefix.Parse("10.0.2.0/24"), ParseAs<IpPrefix>("10.0.2.0/24"));
        Assert.Equal("'x' is not an IPv4 address: four numbers, such as 10.0.2.15.", Assert.Throws<FormatException>(() => ParseAs<Ipv4Address>("x")).Message);
        Assert.Throws<FormatException>(() => ParseAs<IpPrefix>("10.0.2.15/24"));
        Assert.Equal("[::1]:80", $"{IpEndpoint.Parse("[::1]:80")}");
        ISpanFormattable value = Ipv4Address.Loopback;
        Assert.False(value.TryFormat(new char[8], out int written, default, null));
        Assert.Equal(0, written);

        static T ParseAs<T>(string text)
            where T : ISpanParsable<T>
        {
            Assert.Equal(T.TryParse(text, null, out _), T.TryParse(text.AsSpan(), null, out _));
            return T.Parse(text.AsSpan(), null);
        }
    }

    private static byte[] Bytes(Ipv6Address address)
    {
        byte[] bytes = new byte[16];
        address.WriteTo(bytes);
        return bytes;
    }
}
