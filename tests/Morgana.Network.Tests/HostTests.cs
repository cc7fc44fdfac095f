using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Tcp;
using Morgana.Protocols.Udp;
using Morgana.Testing;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>Whole hosts that talk to each other, to themselves, and to routers.</summary>
public class HostTests
{
    private static readonly byte[] Payload = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];

    [Fact]
    public void Ping_is_answered_with_its_data()
    {
        using var network = new VirtualNetwork();
        var (a, b) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        a.Stack.Icmp.SendEcho(b.Address, 7, 9, new byte[3000], network.Now);
        EchoReply reply = default;
        network.RunUntil(() => a.Stack.Icmp.TryTakeReply(out reply), TimeSpan.FromSeconds(1));
        Assert.Equal((b.Address, (ushort)7, (ushort)9, 3000), (reply.From, reply.Identifier, reply.Sequence, reply.PayloadLength));
        Assert.Equal(0, network.BuffersInUse);
    }

    [Theory, InlineData(0.00), InlineData(0.01), InlineData(0.10)]
    public void Transfer_completes_whatever_the_loss(double loss)
    {
        using var network = new VirtualNetwork(seed: 42) { Link = new() { Delay = TimeSpan.FromMilliseconds(10), Loss = loss } };
        var (client, server) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        var received = server.Listen(80);
        var stream = client.Connect("10.0.0.2", 80);
        stream.Write(Payload);
        network.RunUntil(() => received.ByteCount == Payload.Length, TimeSpan.FromMinutes(10));
        Assert.Equal(Payload, received.ToArray());
        stream.Abort();
        network.RunUntilIdle();
        Assert.Equal(0, network.BuffersInUse);
    }

    [Theory, InlineData("10.0.0.1"), InlineData("127.0.0.1")]
    public void A_host_talks_to_itself(string address)
    {
        using var network = new VirtualNetwork();
        var host = network.AddHost("10.0.0.1");
        var received = host.Listen(80);
        var stream = host.Connect(address, 80);
        stream.Write(Payload);
        network.RunUntil(() => received.ByteCount == Payload.Length, TimeSpan.FromSeconds(10));
        Assert.Equal(Payload, received.ToArray());
        stream.Abort();
        network.RunUntilIdle();
        Assert.Equal(0, network.BuffersInUse);
        Assert.Equal(2, host.Interface.FramesOut); // The announcements of its address, nothing else.
    }

    [Fact]
    public void A_closed_port_refuses_the_connection()
    {
        using var network = new VirtualNetwork();
        var (client, _) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        var stream = client.Connect("10.0.0.2", 81);
        network.RunUntil(() => (stream.Events & TcpEvents.Refused) != 0, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_narrow_link_on_the_path_is_learnt_from_icmp()
    {
        using var network = new VirtualNetwork();
        var (client, server) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        // A router in between that carries 1,000 octets and says so (RFC 1191).
        int refused = 0;
        network.Filter = (from, frame) =>
        {
            if (from != client || frame.Length <= 14 + 1000) return true;
            refused++;
            var packet = frame.AsSpan(14);
            byte[] error = Icmp(new(IcmpType.Unreachable, IcmpCode.FragmentationNeeded, 1000), packet[..28]);
            client.Inject(Ethernet(client.Interface.Mac, EtherType.Ipv4, Ip(new(Ipv4Address.From(10, 0, 0, 254), client.Address.Ipv4, 1), error)));
            return false;
        };
        var received = server.Listen(80);
        var stream = client.Connect("10.0.0.2", 80);
        stream.Write(Payload);
        network.RunUntil(() => received.ByteCount == Payload.Length, TimeSpan.FromMinutes(1));
        Assert.Equal(Payload, received.ToArray());
        Assert.InRange(refused, 1, 20);
        Assert.True(client.Stack.TrySelectSource(server.Address, out _, out int mtu));
        Assert.Equal(1000, mtu);
    }

    [Theory]
    [InlineData(6, 0, 1400, 1000, 1000)]        // The segment is in flight.
    [InlineData(6, 0, 1400, 68, 576)]           // It is, and yet no path is narrower than this.
    [InlineData(6, 0, 1400, 0, 1006)]           // An old router, which does not say how much it takes.
    [InlineData(6, 1, 1400, 1000, 1500)]        // Not sent yet: whoever says this guesses.
    [InlineData(6, -1, 1400, 1000, 1500)]       // Acknowledged long ago.
    [InlineData(6, 0, 900, 1000, 1500)]         // It would have fitted.
    [InlineData(17, 0, 1400, 1000, 1500)]       // Datagrams may be fragmented: no router complains about them.
    [InlineData(1, 0, 1400, 1000, 1500)]
    public void A_path_becomes_narrower_only_by_an_error_about_what_is_in_flight(byte protocol, int sequenceOffset, int quotedLength, int claimed, int expected)
    {
        var stack = new StackUnderTest();
        stack.LearnPeer();
        Assert.Equal(TcpConnectError.None, stack.Stack.Tcp.TryConnect(new(Own, 4000), new(Peer, 80), 1500, TcpConnectionOptions.Default, stack.Now, out _));
        byte[] syn = Assert.Single(stack.Sent()).AsSpan(14, 28).ToArray();
        syn[9] = protocol;
        BinaryPrimitives.WriteUInt16BigEndian(syn.AsSpan(2), (ushort)quotedLength);
        BinaryPrimitives.WriteUInt32BigEndian(syn.AsSpan(24), unchecked(BinaryPrimitives.ReadUInt32BigEndian(syn.AsSpan(24)) + (uint)sequenceOffset));
        stack.InjectIp(Ip(new(Peer, Own, 1), Icmp(new(IcmpType.Unreachable, IcmpCode.FragmentationNeeded, (uint)claimed), syn)));
        stack.Stack.TrySelectSource(Peer, out _, out int mtu);
        Assert.Equal(expected, mtu);
        Assert.Equal(expected == 1500 ? 1 : 0, stack.Stack.Drops[DropReason.UnmatchedError]);
        stack.Now += TimeSpan.FromMinutes(11);
        stack.Stack.TrySelectSource(Peer, out _, out mtu);
        Assert.InRange(mtu, expected, 1500);
        stack.Stack.HandleTimeouts(stack.Now);
        stack.Stack.TrySelectSource(Peer, out _, out mtu);
        Assert.Equal(1500, mtu);
    }

    [Fact]
    public void A_sender_of_datagrams_hears_that_nobody_listens()
    {
        using var network = new VirtualNetwork();
        var (a, b) = (network.AddHost("10.0.0.1"), network.AddHost("10.0.0.2"));
        a.Stack.Udp.TryBind(new(Ipv4Address.Any, 0), new(), out var endpoint);
        endpoint!.Send([1, 2, 3], new(b.Address, 9), network.Now);
        UdpPathError error = default;
        network.RunUntil(() => endpoint.TryTakeError(out error), TimeSpan.FromSeconds(1));
        Assert.Equal(new(PathErrorKind.PortUnreachable, new(b.Address, 9), 0), error);
        Assert.True(a.Stack.Udp.TryTakeReady(out var ready));
        Assert.Same(endpoint, ready);
    }

    [Fact]
    public void A_sender_of_datagrams_hears_that_the_neighbour_is_gone()
    {
        using var network = new VirtualNetwork();
        var a = network.AddHost("10.0.0.1");
        a.Stack.Udp.TryBind(new(Ipv4Address.Any, 0), new(), out var endpoint);
        endpoint!.Send([1, 2, 3], new(Ipv4Address.From(10, 0, 0, 77), 9), network.Now);
        UdpPathError error = default;
        network.RunUntil(() => endpoint.TryTakeError(out error), TimeSpan.FromSeconds(10));
        Assert.Equal(PathErrorKind.HostUnreachable, error.Kind);
    }

    [Fact]
    public void A_router_takes_datagrams_and_pings_for_every_address_and_answers_in_their_name()
    {
        using var network = new VirtualNetwork();
        var guest = network.AddHost("10.0.0.15", configure: o => o with { Gateway = Ipv4Address.From(10, 0, 0, 2) });
        var router = network.AddHost("10.0.0.2", configure: o => o with { AcceptAnyAddress = true });
        router.Stack.Icmp.TakesRequests = true;
        router.Stack.Udp.TryBind(default, new() { AnyAddressAnyPort = true }, out var relay);
        guest.Stack.Udp.TryBind(new(Ipv4Address.Any, 5000), new(), out var endpoint);
        IpAddress far = Ipv4Address.From(192, 0, 2, 53);
        endpoint!.Send("question"u8, new(far, 53), network.Now);
        network.RunUntil(() => relay!.QueuedDatagrams == 1, TimeSpan.FromSeconds(1));
        relay!.TryReceive(out var question, out var from, out var to);
        question!.Release();
        Assert.Equal((guest.Address, far, (ushort)53), (from.Address, to.Address, to.Port));
        Assert.Equal(DropReason.None, relay.Send("answer"u8, from, to, network.Now));
        network.RunUntil(() => endpoint.QueuedDatagrams == 1, TimeSpan.FromSeconds(1));
        endpoint.TryReceive(out var answer, out var answeredFrom, out _);
        answer!.Release();
        Assert.Equal(new IpEndpoint(far, 53), answeredFrom);

        guest.Stack.Icmp.SendEcho(far, 1, 2, "data"u8, network.Now);
        EchoRequest request = default;
        network.RunUntil(() => router.Stack.Icmp.TryTakeRequest(out request), TimeSpan.FromSeconds(1));
        router.Stack.Icmp.SendEchoReply(request.To, request.From, request.Identifier, request.Sequence, request.Payload.Span, network.Now);
        request.Payload.Release();
        EchoReply reply = default;
        network.RunUntil(() => guest.Stack.Icmp.TryTakeReply(out reply), TimeSpan.FromSeconds(1));
        Assert.Equal(far, reply.From);
        Assert.Equal(0, network.BuffersInUse);
    }

    [Fact]
    public void The_longest_prefix_decides_and_several_interfaces_are_served()
    {
        var stack = new StackUnderTest();
        var second = stack.Stack.AddInterface(new() { Name = "net1", Mac = new(0x0200_0000_0055), Addresses = [new(Ipv4Address.From(172, 16, 0, 1), 16), new(Ipv4Address.From(172, 17, 0, 1), 16)] }, stack.Now);
        Assert.True(stack.Stack.Routes.TryAdd(new(Ipv4Address.From(8, 8, 0, 0), 16, Ipv4Address.From(172, 17, 0, 9), second)));
        Assert.True(stack.Stack.TrySelectSource(Ipv4Address.From(8, 8, 8, 8), out var source, out _));
        Assert.Equal((IpAddress)Ipv4Address.From(172, 17, 0, 1), source);
        Assert.True(stack.Stack.TrySelectSource(Ipv4Address.From(9, 9, 9, 9), out source, out _));
        Assert.Equal((IpAddress)Own, source);
        Assert.True(stack.Stack.Routes.TryFind(Ipv4Address.From(9, 9, 9, 9), out _, out var hop));
        Assert.Equal(Ipv4Address.From(10, 0, 0, 254), hop);
    }

    [Fact]
    public void A_segment_costs_no_allocation_in_steady_state()
    {
        var (a, b) = (new StackUnderTest(), new StackUnderTest(o => o with { Mac = PeerMac, Addresses = [new(Peer, 24)] }));
        Assert.Equal(TcpListenError.None, b.Stack.Tcp.TryListen(new(Ipv4Address.Any, 80), new(), out var listener));
        Assert.Equal(TcpConnectError.None, a.Stack.Tcp.TryConnect(new(Own, 0), new(Peer, 80), 1500, TcpConnectionOptions.Default, a.Now, out var client));
        var frames = new PacketBuffer[64];
        for (int i = 0; i < 10; i++) Exchange(a, b, frames);
        Assert.True(listener!.TryAccept(out var server));
        byte[] data = new byte[32 * 1024];
        long received = 0;
        for (int i = 0; i < 3000; i++) Round();
        long before = GC.GetAllocatedBytesForCurrentThread(), octets = received;
        for (int i = 0; i < 2000; i++) Round();
        Assert.True(received - octets > 10_000_000, $"Only {received - octets} octets went across.");
        // The runtime counts a quantum of 8 KB too many now and then; an object for each round would be 48 KB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16384);

        void Round()
        {
            client!.Write(data, a.Now);
            Exchange(a, b, frames);
            for (int n; (n = server!.Read(data, b.Now)) > 0;) received += n;
            Exchange(a, b, frames);
            a.Now = b.Now += TimeSpan.FromMilliseconds(1);
            a.Stack.HandleTimeouts(a.Now);
            b.Stack.HandleTimeouts(b.Now);
        }
    }

    private static void Exchange(StackUnderTest a, StackUnderTest b, PacketBuffer[] frames)
    {
        Carry(a, b, frames);
        Carry(b, a, frames);
    }

    private static void Carry(StackUnderTest from, StackUnderTest to, PacketBuffer[] frames)
    {
        for (int n; (n = from.Stack.Transmit(from.Interface, frames, from.Now)) > 0;)
        {
            foreach (var frame in frames.AsSpan(0, n))
            {
                Assert.True(to.Pool.TryRentPacket(0, out var copy));
                Assert.True(copy.TryAppend(frame.Span));
                frame.Release();
                to.Stack.HandleFrame(to.Interface, copy, to.Now);
            }
        }
    }
}
