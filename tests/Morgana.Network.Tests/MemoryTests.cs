using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>In a small guest, whatever waits must leave the memory that packets on their way need. A ping shows that it did.</summary>
public class MemoryTests
{
    private const int SmallPool = 1 << 20;

    [Fact]
    public void Sockets_that_nobody_reads_do_not_take_the_whole_pool()
    {
        var stack = new StackUnderTest(poolOctets: SmallPool);
        stack.LearnPeer();
        for (ushort port = 1000; port < 1016; port++) stack.Bind(port);
        for (int i = 0; i < 16 * 200; i++) stack.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, (ushort)(1000 + (i % 16)), [1])));
        Assert.InRange(stack.Stack.Udp.QueuedOctets, 1, SmallPool / 4);
        Assert.True(stack.Stack.Drops[DropReason.SocketQueueFull] > 0);
        AssertAnswersPing(stack);
    }

    [Fact]
    public void Fragments_that_wait_do_not_take_the_whole_pool()
    {
        var stack = new StackUnderTest(poolOctets: SmallPool);
        stack.LearnPeer();
        for (int i = 0; i < 2000; i++)
        {
            var header = new Ipv4Header(Ipv4Address.From(192, 0, 2, (byte)(1 + (i % 50))), Own, IpProtocol.Udp) { Identification = (ushort)(i / 100), MoreFragments = true, FragmentOffset = 8 * (i % 97) };
            stack.InjectIp(Ip(header, new byte[8]));
        }

        Assert.InRange(stack.Stack.Reassembler.Octets, 1, SmallPool / 4);
        Assert.Equal(stack.Stack.Reassembler.Octets, stack.Pool.InUse * PoolBlock.Size);
        AssertAnswersPing(stack);
    }

    [Fact]
    public void Answers_to_forged_senders_on_the_link_do_not_take_the_whole_pool()
    {
        var stack = new StackUnderTest(o => o with { Addresses = [new(Own, 8)] }, poolOctets: SmallPool);
        stack.LearnPeer();
        for (int i = 0; i < 2000; i++) stack.InjectIp(Ip(new(Ipv4Address.From(10, 9, (byte)(i >> 8), (byte)i), Own, IpProtocol.Icmp), Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 1, 1), [])));
        Assert.InRange(stack.Interface.Neighbours.PendingCount, 1, SmallPool / 8 / PoolBlock.Size);
        Assert.True(stack.Stack.Drops[DropReason.NoBuffer] > 0);
        AssertAnswersPing(stack);
        stack.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((0, 0), (stack.Interface.Neighbours.PendingCount, stack.Pool.InUse));
    }

    [Fact]
    public void Where_queues_have_taken_everything_but_the_reserve_one_datagram_at_a_time_still_comes_through()
    {
        var stack = new StackUnderTest(poolOctets: SmallPool);
        stack.LearnPeer();
        var endpoint = stack.Bind(1000);
        var held = new List<PoolBlock>();
        while (stack.Pool.TryRentBlock(out var block)) held.Add(block);
        for (int i = 0; i < 1000; i++) stack.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp), Udp(Peer, Own, 7, 1000, [1])));
        Assert.Equal(1, endpoint.QueuedDatagrams);
        stack.InjectIp(Ip(new(Peer, Own, IpProtocol.Udp) { MoreFragments = true }, new byte[8]));
        Assert.Equal(1, stack.Stack.Drops[DropReason.ReassemblyLimit]);
        stack.Stack.Icmp.SendEcho(Ipv4Address.From(10, 0, 0, 50), 1, 1, [], stack.Now);
        stack.Stack.Icmp.SendEcho(Ipv4Address.From(10, 0, 0, 51), 1, 1, [], stack.Now);
        Assert.Equal(1, stack.Interface.Neighbours.PendingCount);
        Assert.Equal(2, stack.Sent().Count);        // Both are asked for all the same.
        AssertAnswersPing(stack);
        foreach (var block in held) stack.Pool.Return(block);
    }

    private static void AssertAnswersPing(StackUnderTest stack)
    {
        stack.Sent();
        stack.InjectIp(Ip(new(Peer, Own, IpProtocol.Icmp), Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 3, 4), [5])));
        var (header, payload, _) = ReadIcmp(Assert.Single(stack.Sent()));
        Assert.Equal((IcmpType.EchoReply, (byte)5), (header.Type, Assert.Single(payload)));
    }
}
