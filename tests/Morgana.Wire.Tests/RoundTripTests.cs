using Morgana.Core;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using Morgana.Wire.Udp;

namespace Morgana.Wire.Tests;

/// <summary>For each format: parse after write is the identity, and every truncation is refused.</summary>
public class RoundTripTests
{
    private static readonly Ipv4Address A = Ipv4Address.From(10, 0, 2, 15);
    private static readonly Ipv4Address B = Ipv4Address.From(192, 0, 2, 1);

    public static TheoryData<ulong> Seeds => [1, 2, 3, 4, 5, 6, 7, 8];

    [Theory, MemberData(nameof(Seeds))]
    public void Ethernet(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        ushort? tag = seed % 2 == 0 ? (ushort)r.Next(65536) : null;
        var header = new EthernetHeader(new(r.NextUInt64() >> 16), new(r.NextUInt64() >> 16), EtherType.Ipv4, tag);
        byte[] bytes = new byte[header.Length];
        header.WriteTo(bytes);
        Assert.Equal(DropReason.None, EthernetFrame.Parse(bytes, out var frame));
        Assert.Equal(header, frame.Header);
        for (int n = 0; n < bytes.Length; n++) Assert.Equal(DropReason.Truncated, EthernetFrame.Parse(bytes.AsSpan(0, n), out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Arp(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        var packet = new ArpPacket((ArpOperation)r.Next(1, 3), new(r.NextUInt64() >> 16), new((uint)r.NextUInt64()), new(r.NextUInt64() >> 16), new((uint)r.NextUInt64()));
        byte[] bytes = new byte[ArpPacket.Size];
        packet.WriteTo(bytes);
        Assert.Equal(DropReason.None, ArpPacket.Parse(bytes, out var parsed));
        Assert.Equal(packet, parsed);
        for (int n = 0; n < bytes.Length; n++) Assert.Equal(DropReason.Truncated, ArpPacket.Parse(bytes.AsSpan(0, n), out _));
        // Another hardware or protocol type, or length of either, or operation.
        for (int at = 0; at < 8; at++)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= 0x55;
            Assert.Equal(DropReason.BadArp, ArpPacket.Parse(changed, out _));
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Ipv4(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        var header = new Ipv4Header(new((uint)r.NextUInt64()), new((uint)r.NextUInt64()), (byte)r.Next(256))
        {
            TrafficClass = (byte)r.Next(256),
            Identification = (ushort)r.Next(65536),
            DontFragment = r.Chance(0.5),
            MoreFragments = r.Chance(0.5),
            FragmentOffset = r.Next(8192) * 8,
            TimeToLive = (byte)r.Next(256),
        };
        byte[] options = new byte[r.Next(11) * 4];
        options.AsSpan().Fill(Ipv4OptionKind.NoOperation);
        byte[] bytes = new byte[Ipv4Header.Size + options.Length + 33];
        header.WriteTo(bytes, 33, options);
        Assert.Equal(DropReason.None, Ipv4Packet.Parse(bytes, out var packet));
        Assert.Equal(header, packet.Header);
        Assert.True(packet.IsChecksumRight);
        Assert.Equal(options, packet.Options.ToArray());
        Assert.Equal((33, bytes.Length), (packet.Payload.Length, packet.TotalLength));
        for (int n = 0; n < bytes.Length; n++) Assert.NotEqual(DropReason.None, Ipv4Packet.Parse(bytes.AsSpan(0, n), out _));
        for (int bit = 0; bit < packet.HeaderLength * 8; bit++)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(Ipv4Packet.Parse(changed, out var damaged) != DropReason.None || !damaged.IsChecksumRight);
        }
    }

    [Fact]
    public void Link_padding_is_not_payload()
    {
        byte[] bytes = new byte[46];
        new Ipv4Header(A, B, 17).WriteTo(bytes, 5);
        Assert.Equal(DropReason.None, Ipv4Packet.Parse(bytes, out var packet));
        Assert.Equal(5, packet.Payload.Length);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Ipv6(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        var header = new Ipv6Header(new(r.NextUInt64(), r.NextUInt64()), new(r.NextUInt64(), r.NextUInt64()), 58)
        {
            TrafficClass = (byte)r.Next(256),
            FlowLabel = (uint)r.Next(1 << 20),
            HopLimit = (byte)r.Next(256),
        };
        byte[] bytes = new byte[Ipv6Packet.HeaderSize + 9];
        header.WriteTo(bytes, 9);
        Assert.Equal(DropReason.None, Ipv6Packet.Parse(bytes, bytes.Length, out var packet));
        var read = new Ipv6Header(packet.Source, packet.Destination, packet.NextHeader)
        {
            TrafficClass = packet.TrafficClass,
            FlowLabel = packet.FlowLabel,
            HopLimit = packet.HopLimit,
        };
        Assert.Equal(header, read);
        for (int n = 0; n < bytes.Length; n++) Assert.NotEqual(DropReason.None, Ipv6Packet.Parse(bytes.AsSpan(0, n), n, out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Icmp(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        var header = new IcmpHeader((IcmpType)r.Next(256), (byte)r.Next(256), (uint)r.NextUInt64());
        byte[] bytes = new byte[IcmpHeader.Size + r.Next(100)];
        r.Fill(bytes);
        header.WriteTo(bytes, InternetChecksum.Sum(bytes.AsSpan(IcmpHeader.Size)));
        Assert.Equal(DropReason.None, IcmpPacket.Parse(bytes, out var packet));
        Assert.Equal(header, packet.Header);
        Assert.Equal(0, InternetChecksum.Of(bytes));
        for (int n = 0; n < IcmpHeader.Size; n++) Assert.Equal(DropReason.Truncated, IcmpPacket.Parse(bytes.AsSpan(0, n), out _));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Udp(ulong seed)
    {
        var r = new DeterministicRandom(seed);
        var header = new UdpHeader((ushort)r.Next(65536), (ushort)r.Next(65536));
        byte[] bytes = new byte[UdpHeader.Size + r.Next(1, 100)];
        r.Fill(bytes);
        ulong pseudo = InternetChecksum.PseudoHeader(A, B, IpProtocol.Udp, bytes.Length);
        header.WriteTo(bytes, bytes.Length - UdpHeader.Size, InternetChecksum.Sum(bytes.AsSpan(UdpHeader.Size), pseudo));
        Assert.Equal(DropReason.None, UdpDatagram.Parse(bytes, out var datagram));
        Assert.Equal(header, datagram.Header);
        Assert.Equal(0, InternetChecksum.Finish(InternetChecksum.Sum(bytes, pseudo)));
        for (int n = 0; n < bytes.Length; n++) Assert.NotEqual(DropReason.None, UdpDatagram.Parse(bytes.AsSpan(0, n), out _));
    }

    [Fact]
    public void A_udp_checksum_of_zero_is_sent_as_all_ones()
    {
        // Found by search: a payload word which makes the sum all ones.
        byte[] bytes = new byte[10];
        ulong pseudo = InternetChecksum.PseudoHeader(A, B, IpProtocol.Udp, bytes.Length);
        new UdpHeader(1, 2).WriteTo(bytes, 2, InternetChecksum.Sum([0, 0], pseudo));
        bytes.AsSpan(6, 2).CopyTo(bytes.AsSpan(8)); // The checksum itself as payload makes the next sum all ones.
        new UdpHeader(1, 2).WriteTo(bytes, 2, InternetChecksum.Sum(bytes.AsSpan(8), pseudo));
        Assert.Equal([0xFF, 0xFF], bytes[6..8]);
    }
}
