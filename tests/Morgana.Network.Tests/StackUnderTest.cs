using Morgana.Core;
using Morgana.Protocols.Udp;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;

namespace Morgana.Network.Tests;

/// <summary>One stack, 10.0.0.1/24, whose frames go in and come out by hand.</summary>
internal sealed class StackUnderTest
{
    public static readonly Ipv4Address Own = Ipv4Address.From(10, 0, 0, 1);
    public static readonly MacAddress Mac = MacAddress.Parse("02:00:00:00:00:01");
    private readonly PacketBuffer[] _frames = new PacketBuffer[64];

    public StackUnderTest(Func<InterfaceOptions, InterfaceOptions>? configure = null, NetworkStackOptions? options = null, int poolOctets = 4 << 20)
    {
        Pool = new(MemoryRegion.Pinned(poolOctets));
        Stack = new(options ?? new(), Pool, new byte[32], new TraceRing());
        var interfaceOptions = new InterfaceOptions { Mac = Mac, Addresses = [new(Own, 24)], Gateway = Ipv4Address.From(10, 0, 0, 254) };
        Interface = Stack.AddInterface(configure?.Invoke(interfaceOptions) ?? interfaceOptions, Now);
        Sent();
    }

    public BufferPool Pool { get; }
    public NetworkStack Stack { get; }
    public NetworkInterface Interface { get; }
    public Instant Now { get; set; } = new(1_000_000_000_000);

    public void Inject(byte[] frame)
    {
        Assert.True(Pool.TryRentPacket(PacketBuffer.Headroom, out var packet));
        Assert.True(packet.TryAppend(frame));
        Stack.HandleFrame(Interface, packet, Now);
    }

    public void InjectIp(byte[] packet) => Inject(Frames.Ethernet(Mac, EtherType.Ipv4, packet));

    /// <summary>What the stack has to send now.</summary>
    public List<byte[]> Sent()
    {
        var sent = new List<byte[]>();
        for (int n; (n = Stack.Transmit(Interface, _frames, Now)) > 0;)
        {
            for (int i = 0; i < n; i++)
            {
                byte[] frame = new byte[_frames[i].Length];
                _frames[i].CopyTo(0, frame);
                _frames[i].Release();
                sent.Add(frame);
            }
        }

        return sent;
    }

    public void Advance(TimeSpan time)
    {
        var end = Now + time;
        while (Stack.NextTimeout <= end)
        {
            Now = Instant.Max(Now, Stack.NextTimeout);
            Stack.HandleTimeouts(Now);
            Sent();
        }

        Now = end;
    }

    /// <summary>Makes the peer known, as if it had asked for us.</summary>
    public void LearnPeer()
    {
        Inject(Frames.Arp(new(ArpOperation.Request, Frames.PeerMac, Frames.Peer, default, Own), MacAddress.Broadcast));
        Assert.Single(Sent());
    }

    public UdpEndpoint Bind(ushort port, UdpBindOptions? options = null)
    {
        Assert.Equal(UdpBindError.None, Stack.Udp.TryBind(new(Ipv4Address.Any, port), options ?? UdpBindOptions.Default, out var endpoint));
        return endpoint!;
    }

    public void AssertDropped(DropReason reason, int times = 1)
    {
        Assert.Equal(times, Stack.Drops[reason]);
        Assert.Equal(times, Stack.Drops.Total);
    }

    public static (IcmpHeader Header, byte[] Payload, Ipv4Header Ip) ReadIcmp(byte[] frame)
    {
        Assert.Equal(DropReason.None, EthernetFrame.Parse(frame, out var ethernet));
        Assert.Equal(EtherType.Ipv4, ethernet.EtherType);
        Assert.Equal(DropReason.None, Ipv4Packet.Parse(ethernet.Payload, out var ip));
        Assert.True(ip.IsChecksumRight);
        Assert.Equal(IpProtocol.Icmp, ip.Protocol);
        Assert.Equal(0, InternetChecksum.Of(ip.Payload));
        Assert.Equal(DropReason.None, IcmpPacket.Parse(ip.Payload, out var icmp));
        return (icmp.Header, icmp.Payload.ToArray(), ip.Header);
    }
}
