using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Ip;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;

namespace Morgana.Network.Tests;

/// <summary>Who watches ICMP sees what comes, and what goes wrong with what he sent.</summary>
public class IcmpObserverTests : IIcmpObserver
{
    private static readonly Ipv4Address s_peer = Ipv4Address.From(10, 0, 0, 2), s_router = Ipv4Address.From(10, 0, 0, 254);
    private readonly List<string> _seen = [];

    [Fact]
    public void A_reply_is_seen_and_still_handled()
    {
        var stack = new StackUnderTest();
        stack.Stack.Icmp.Observer = this;
        stack.InjectIp(Ip(new(s_peer, StackUnderTest.Own, IpProtocol.Icmp) { TimeToLive = 9 }, Icmp(IcmpHeader.Echo(IcmpType.EchoReply, 7, 8), "data"u8)));
        Assert.Equal(["10.0.0.2 10.0.0.1 9 EchoReply 12"], _seen);
        Assert.True(stack.Stack.Icmp.TryTakeReply(out var reply));
        Assert.Equal((7, 8), (reply.Identifier, reply.Sequence));
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void A_message_with_a_wrong_checksum_is_not_seen()
    {
        var stack = new StackUnderTest();
        stack.Stack.Icmp.Observer = this;
        byte[] message = Icmp(IcmpHeader.Echo(IcmpType.EchoReply, 7, 8), "data"u8);
        message[^1]++;
        stack.InjectIp(Ip(new(s_peer, StackUnderTest.Own, IpProtocol.Icmp), message));
        Assert.Empty(_seen);
        Assert.Equal(1, stack.Stack.Drops[DropReason.BadChecksum]);
    }

    [Fact]
    public void A_router_that_lets_the_time_to_live_run_out_is_named()
    {
        var stack = new StackUnderTest();
        stack.Stack.Icmp.Observer = this;
        byte[] sent = Ip(new(StackUnderTest.Own, s_peer, IpProtocol.Icmp), Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 7, 8), "data"u8));
        stack.InjectIp(Ip(new(s_router, StackUnderTest.Own, IpProtocol.Icmp), Icmp(new(IcmpType.TimeExceeded, 0, 0), sent[..28])));
        Assert.Equal(["10.0.0.254 10.0.0.1 64 TimeExceeded 36", "TimeExceeded to 10.0.0.2 says 10.0.0.254"], _seen);
    }

    [Fact]
    public void A_message_goes_out_as_it_is_with_the_hops_that_it_may_go()
    {
        var stack = new StackUnderTest();
        byte[] message = Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 7, 8), "data"u8);
        Assert.Equal(DropReason.None, stack.Stack.Icmp.Send(new(StackUnderTest.Own, StackUnderTest.Own, IpProtocol.Icmp) { TimeToLive = 3 }, message, stack.Now));
        stack.Stack.Icmp.Observer = this;
        stack.Stack.HandleTimeouts(stack.Now);
        // To itself: the request, and then the reply.
        stack.Stack.HandleTimeouts(stack.Now);
        Assert.Equal(["10.0.0.1 10.0.0.1 3 EchoRequest 12", "10.0.0.1 10.0.0.1 64 EchoReply 12"], _seen);
        Assert.Equal(0, stack.Pool.InUse);
    }

    [Fact]
    public void A_message_that_is_too_large_is_refused()
    {
        var stack = new StackUnderTest();
        Assert.Equal(DropReason.TooBig, stack.Stack.Icmp.Send(new(StackUnderTest.Own, s_peer, IpProtocol.Icmp), new byte[65_516], stack.Now));
        Assert.Equal(0, stack.Pool.InUse);
    }

    void IIcmpObserver.HandleMessage(IpAddress source, IpAddress destination, byte timeToLive, PacketBuffer message, Instant now)
    {
        Span<byte> type = stackalloc byte[1];
        message.CopyTo(0, type);
        _seen.Add($"{source} {destination} {timeToLive} {(IcmpType)type[0]} {message.Length}");
    }

    void IIcmpObserver.HandleError(in PathError error, Instant now) => _seen.Add($"{error.Kind} to {error.Remote.Address} says {error.Reporter}");
}
