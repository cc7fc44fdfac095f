using Morgana.Core;

namespace Morgana.Gateway.Tests;

public class HostPolicyTests
{
    private static readonly Ipv4Address HostsOwn = Ipv4Address.Parse("192.0.2.7");

    [Theory]
    [InlineData("198.51.100.1")]
    [InlineData("8.8.8.8")]
    [InlineData("10.0.3.2")]
    [InlineData("223.255.255.255")]
    public void A_guest_reaches_the_outside(string address)
    {
        Assert.True(Policy(allowHost: false).TryTranslate(Ipv4Address.Parse(address), Instant.Zero, out var outside));
        Assert.Equal(address, outside.ToString());
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("239.1.2.3")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("10.0.2.99")]
    [InlineData("10.0.2.255")]
    public void A_guest_never_reaches_special_addresses(string address)
    {
        Assert.False(Policy(allowHost: false).TryTranslate(Ipv4Address.Parse(address), Instant.Zero, out _));
        Assert.False(Policy(allowHost: true).TryTranslate(Ipv4Address.Parse(address), Instant.Zero, out _));
    }

    [Fact]
    public void The_router_is_the_hosts_loopback_if_that_is_allowed()
    {
        Assert.False(Policy(allowHost: false).TryTranslate(Ipv4Address.Parse("10.0.2.2"), Instant.Zero, out _));
        Assert.True(Policy(allowHost: true).TryTranslate(Ipv4Address.Parse("10.0.2.2"), Instant.Zero, out var outside));
        Assert.Equal(Ipv4Address.Loopback, outside);
    }

    [Fact]
    public void The_hosts_own_addresses_are_reached_only_if_that_is_allowed()
    {
        Assert.False(Policy(allowHost: false).TryTranslate(HostsOwn, Instant.Zero, out _));
        Assert.True(Policy(allowHost: true).TryTranslate(HostsOwn, Instant.Zero, out var outside));
        Assert.Equal(HostsOwn, outside);
    }

    [Fact]
    public void An_address_that_the_host_gets_later_is_noticed()
    {
        var own = new HashSet<uint>();
        var policy = new HostPolicy(new GatewayOptions(), () => own);
        Assert.True(policy.TryTranslate(HostsOwn, Instant.Zero, out _));
        own = [HostsOwn.Value];
        Assert.False(policy.TryTranslate(HostsOwn, Instant.Zero + TimeSpan.FromSeconds(11), out _));
    }

    [Fact]
    public void Ipv6_destinations_are_refused_for_now() =>
        Assert.False(Policy(allowHost: true).TryTranslate(new Ipv6Address(0x2001_0db8_0000_0000, 1), Instant.Zero, out _));

    private static HostPolicy Policy(bool allowHost) => new(new GatewayOptions { AllowHost = allowHost }, () => new HashSet<uint> { HostsOwn.Value });
}
