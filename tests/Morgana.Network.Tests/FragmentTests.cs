using Morgana.Core;
using Morgana.Testing;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

public class FragmentTests
{
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))];
    private static readonly byte[] Datagram = Udp(Peer, Own, 1000, 2000, Payload);

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Fragments_in_any_order_make_the_datagram(ulong seed)
    {
        var stack = new StackUnderTest();
        var endpoint = stack.Bind(2000);
        var random = new DeterministicRandom(seed);
        foreach (var (offset, length) in Cut(Datagram.Length, 1480).OrderBy(_ => random.NextUInt64()).ToList()) stack.InjectIp(Fragment(offset, length));
        Assert.True(endpoint.TryReceive(out var payload, out var from, out _));
        byte[] received = new byte[payload.Length];
        payload.CopyTo(0, received);
        payload.Release();
        Assert.Equal(Payload, received);
        Assert.Equal(new IpEndpoint(Peer, 1000), from);
        Assert.Equal(0, stack.Stack.Reassembler.Count);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void A_fragment_that_comes_twice_does_no_harm()
    {
        var stack = new StackUnderTest();
        var endpoint = stack.Bind(2000);
        var cuts = Cut(Datagram.Length, 1480);
        foreach (var (offset, length) in cuts.Take(2).Concat(cuts)) stack.InjectIp(Fragment(offset, length));
        stack.AssertDropped(DropReason.Duplicate, 2);
        Assert.Equal(1, endpoint.QueuedDatagrams);
    }

    [Theory, InlineData(0, 24), InlineData(8, 8), InlineData(1472, 16), InlineData(1000, 800)]
    public void Teardrop_drops_the_whole_datagram(int offset, int length)
    {
        var stack = new StackUnderTest();
        var endpoint = stack.Bind(2000);
        stack.InjectIp(Fragment(0, 1480));
        stack.InjectIp(Fragment(offset, length));
        Assert.Equal(0, stack.Pool.InUse);
        // What still comes of it is refused too (RFC 5722 4).
        foreach (var (o, l) in Cut(Datagram.Length, 1480)) stack.InjectIp(Fragment(o, l));
        Assert.Equal(0, endpoint.QueuedDatagrams);
        stack.AssertDropped(DropReason.FragmentOverlap, 5);
        stack.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(0, stack.Stack.Reassembler.Count);
    }

    [Fact]
    public void The_ping_of_death_is_dropped()
    {
        var stack = new StackUnderTest();
        stack.InjectIp(Ip(new(Peer, Own, 1) { FragmentOffset = 65528 }, new byte[100]));
        stack.AssertDropped(DropReason.BadFragment);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void Empty_and_misaligned_fragments_are_dropped()
    {
        var stack = new StackUnderTest();
        stack.InjectIp(Ip(new(Peer, Own, 17) { MoreFragments = true }, []));
        stack.InjectIp(Ip(new(Peer, Own, 17) { MoreFragments = true }, new byte[9]));
        stack.AssertDropped(DropReason.BadFragment, 2);
        Assert.Equal(0, stack.Stack.Reassembler.Count);
    }

    [Fact]
    public void Fragments_beyond_the_last_one_drop_the_datagram()
    {
        var stack = new StackUnderTest();
        stack.InjectIp(Ip(new(Peer, Own, 17) { FragmentOffset = 800 }, new byte[100]));
        stack.InjectIp(Ip(new(Peer, Own, 17) { FragmentOffset = 1600, MoreFragments = true }, new byte[80]));
        stack.AssertDropped(DropReason.BadFragment);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void After_30_seconds_the_sender_hears_of_it_if_the_first_fragment_came()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        stack.InjectIp(Fragment(0, 1480));
        stack.Now += TimeSpan.FromSeconds(30);
        stack.Stack.HandleTimeouts(stack.Now);
        var (header, payload, _) = ReadIcmp(stack.Sent().Single(f => f[13] == 0));
        Assert.Equal((IcmpType.TimeExceeded, IcmpCode.ReassemblyTimeExceeded), (header.Type, header.Code));
        Assert.Equal(548, payload.Length);
        stack.AssertDropped(DropReason.ReassemblyTimeout);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void Without_the_first_fragment_nobody_hears_of_it()
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        stack.InjectIp(Fragment(1480, 1480));
        stack.Now += TimeSpan.FromSeconds(30);
        stack.Stack.HandleTimeouts(stack.Now);
        Assert.DoesNotContain(stack.Sent(), f => f[13] == 0);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void A_flood_of_fragments_stays_within_its_limits()
    {
        var stack = new StackUnderTest();
        for (int i = 0; i < 20_000; i++)
        {
            var source = new Ipv4Address(0x0A00_0064u + (uint)(i % 100));
            stack.InjectIp(Ip(new(source, Own, 17) { MoreFragments = true, Identification = (ushort)i, FragmentOffset = 8 * (i % 50) }, new byte[8]));
            Assert.True(stack.Stack.Reassembler.Count <= 64);
            Assert.True(stack.Stack.Reassembler.Octets <= 1 << 20);
        }

        Assert.True(stack.Stack.Drops[DropReason.ReassemblyLimit] > 19_000);
        stack.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, stack.Stack.Reassembler.Count);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void One_sender_cannot_push_out_the_others()
    {
        var stack = new StackUnderTest();
        stack.InjectIp(Ip(new(Peer, Own, 17) { MoreFragments = true }, new byte[8]));
        for (int i = 0; i < 1000; i++) stack.InjectIp(Ip(new(Ipv4Address.From(10, 0, 0, 66), Own, 17) { MoreFragments = true, Identification = (ushort)i }, new byte[8]));
        Assert.Equal(17, stack.Stack.Reassembler.Count);
    }

    [Fact]
    public void Many_tiny_fragments_of_one_datagram_hit_its_limit()
    {
        var stack = new StackUnderTest();
        for (int i = 0; i < 200; i++) stack.InjectIp(Fragment(8 * i, 8));
        Assert.True(stack.Stack.Drops[DropReason.ReassemblyLimit] >= 1);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Theory, InlineData(1500), InlineData(576), InlineData(68)]
    public void The_longest_datagram_goes_across_in_fragments(int mtu)
    {
        using var network = new VirtualNetwork();
        var options = new NetworkStackOptions { OutputQueueLimit = 2048, Reassembly = new() { FragmentsPerPacket = 2048, OctetsPerPacket = 4 << 20, Octets = 4 << 20 } };
        var (a, b) = (network.AddHost("10.0.0.1", mtu, options: options, poolOctets: 16 << 20), network.AddHost("10.0.0.2", mtu, options: options, poolOctets: 16 << 20));
        byte[] payload = new byte[65507];
        new DeterministicRandom(5).Fill(payload);
        b.Stack.Udp.TryBind(new(Ipv4Address.Any, 9), new(), out var to);
        a.Stack.Udp.TryBind(new(Ipv4Address.Any, 0), new(), out var from);
        from!.Send([1], new(b.Address, 9), network.Now); // Finds the neighbour, where only a few packets may wait.
        network.RunUntil(() => to!.QueuedDatagrams == 1, TimeSpan.FromSeconds(1));
        Assert.Equal(DropReason.None, from.Send(payload, new(b.Address, 9), network.Now));
        network.RunUntil(() => to!.QueuedDatagrams == 2, TimeSpan.FromSeconds(5));
        to!.TryReceive(out var first, out _, out _);
        first!.Release();
        to.TryReceive(out var second, out _, out _);
        byte[] received = new byte[second!.Length];
        second.CopyTo(0, received);
        second.Release();
        Assert.Equal(payload, received);
        Assert.Equal(0, network.BuffersInUse);
    }

    private static byte[] Fragment(int offset, int length) => Ip(
        new(Peer, Own, 17) { Identification = 77, FragmentOffset = offset, MoreFragments = offset + length < Datagram.Length }, Datagram.AsSpan(offset, length));

    private static List<(int Offset, int Length)> Cut(int total, int step)
    {
        var cuts = new List<(int, int)>();
        for (int offset = 0; offset < total; offset += step) cuts.Add((offset, Math.Min(step, total - offset)));
        return cuts;
    }
}
