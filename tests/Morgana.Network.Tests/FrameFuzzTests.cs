using Morgana.Core;
using Morgana.Protocols.Udp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using static Morgana.Network.Tests.Frames;
using static Morgana.Network.Tests.StackUnderTest;

namespace Morgana.Network.Tests;

/// <summary>Tests that watch the memory of the whole process run while no others do.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>Any frame at all is survived, and neither memory nor tables grow.</summary>
[Collection("alone")]
public class FrameFuzzTests
{
    [Fact]
    public void Every_frame_is_survived_truncated_at_every_length()
    {
        var stack = new StackUnderTest();
        stack.Bind(2000, new() { QueueDatagrams = 1 });
        foreach (byte[] frame in Corpus())
        {
            for (int length = 0; length < frame.Length; length++)
            {
                stack.Inject(frame[..length]);
                stack.Sent();
            }
        }

        Settle(stack);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Mutated_frames_are_survived(ulong seed)
    {
        var random = new DeterministicRandom(seed);
        var stack = new StackUnderTest(o => o with { AcceptAnyAddress = seed % 2 == 0 });
        stack.Stack.Icmp.TakesRequests = seed % 2 == 0;
        var groups = stack.Stack.CreateMemberships();
        groups.Join(stack.Interface.Groups, Ipv4Address.From(239, 1, 1, 1), stack.Now);
        var endpoint = stack.Bind(2000, new() { QueueDatagrams = 8, AllowBroadcast = true, Groups = groups });
        var corpus = Corpus();
        long before = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] frame = [.. corpus[random.Next(corpus.Count)]];
            for (int n = random.Next(4); n >= 0; n--) frame[random.Next(frame.Length)] = (byte)random.NextUInt64();
            if (random.Chance(0.1)) frame = frame[..random.Next(frame.Length)];
            if (random.Chance(0.7)) MendChecksum(frame);
            stack.Inject(frame);
            stack.Sent();
            while (endpoint.TryReceive(out var payload, out _, out _)) payload.Release();
            while (stack.Stack.Icmp.TryTakeRequest(out var request)) request.Payload.Release();
            if (i % 64 == 0) stack.Advance(TimeSpan.FromMilliseconds(100));
            if (i == 10_000) before = GC.GetTotalMemory(true);
        }

        Assert.True(GC.GetTotalMemory(true) - before < 8 << 20, $"Seed {seed}: memory grew.");
        Assert.True(stack.Interface.Groups.Queries > 100, $"Seed {seed}: only {stack.Interface.Groups.Queries} queries were taken.");
        Settle(stack);
    }

    private static void Settle(StackUnderTest stack)
    {
        while (stack.Stack.Udp.TryTakeReady(out var endpoint))
            while (endpoint.TryReceive(out var payload, out _, out _)) payload.Release();
        stack.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, stack.Pool.InUse);
        Assert.Equal(0, stack.Stack.Reassembler.Count);
        Assert.Equal(0, stack.Interface.Neighbours.Count);
    }

    // So that mutations reach what lies behind the IP header's checksum.
    private static void MendChecksum(byte[] frame)
    {
        if (frame.Length < 34) return;
        var header = frame.AsSpan(14);
        int length = Math.Min((header[0] & 0xF) * 4, header.Length);
        if (length < 20) return;
        header[10] = header[11] = 0;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header[..length]));
    }

    private static List<byte[]> Corpus()
    {
        byte[] datagram = Udp(Peer, Own, 1000, 2000, new byte[40]);
        byte[] tcp = [0x10, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x80, 2, 0x20, 0, 0, 0, 0, 0, 2, 4, 5, 0xB4, 1, 3, 3, 7, 1, 1, 4, 2];
        byte[][] packets =
        [
            Ip(new(Peer, Own, 17), datagram),
            Ip(new(Peer, Ipv4Address.Broadcast, 17), datagram),
            Ip(new(Peer, Own, 17), datagram, [7, 7, 4, 0, 0, 0, 0, 0]),
            Ip(new(Peer, Own, 1), Icmp(IcmpHeader.Echo(IcmpType.EchoRequest, 1, 1), new byte[40])),
            Ip(new(Peer, Own, 1), Icmp(IcmpHeader.Echo(IcmpType.EchoReply, 1, 1), new byte[40])),
            Ip(new(Peer, Own, 1), Icmp(new(IcmpType.Unreachable, 4, 1000), Ip(new(Own, Peer, 6) { DontFragment = true }, tcp))),
            Ip(new(Peer, Own, 1), Icmp(new(IcmpType.Unreachable, 3, 0), Ip(new(Own, Peer, 17), datagram))),
            Ip(new(Peer, Own, 6), tcp),
            Ip(new(Peer, Ipv4Address.From(224, 0, 0, 1), 2) { TimeToLive = 1 }, [0x11, 100, 0xEC, 0x1E, 0, 0, 0, 0, 2, 125, 0, 0], [148, 4, 0, 0]),
            Ip(new(Peer, Ipv4Address.From(239, 1, 1, 1), 17), Udp(Peer, Ipv4Address.From(239, 1, 1, 1), 1000, 2000, new byte[40])),
            Ip(new(Peer, Own, 17) { MoreFragments = true, Identification = 3 }, datagram.AsSpan(0, 24)),
            Ip(new(Peer, Own, 17) { FragmentOffset = 24, Identification = 3 }, datagram.AsSpan(24)),
        ];
        var frames = packets.Select(p => Ethernet(Mac, EtherType.Ipv4, p)).ToList();
        frames.Add(Ethernet(Mac, EtherType.Ipv4, packets[0], tag: 0));
        frames.Add(Arp(new(ArpOperation.Request, PeerMac, Peer, default, Own), MacAddress.Broadcast));
        frames.Add(Arp(new(ArpOperation.Reply, PeerMac, Peer, Mac, Own), Mac));
        byte[] ipv6 = new byte[60];
        new Ipv6Header(new(1, 2), new(3, 4), 17).WriteTo(ipv6, 20);
        frames.Add(Ethernet(Mac, EtherType.Ipv6, ipv6));
        return frames;
    }
}
