using Morgana.Core;
using Morgana.Wire.Arp;
using Morgana.Wire.Ethernet;
using Morgana.Wire.Icmp;
using Morgana.Wire.Ip;
using Morgana.Wire.Udp;

namespace Morgana.Network.Tests;

/// <summary>Frames as a peer would make them, right or wrong.</summary>
internal static class Frames
{
    public static readonly MacAddress PeerMac = MacAddress.Parse("02:00:00:00:99:01");
    public static readonly Ipv4Address Peer = Ipv4Address.From(10, 0, 0, 99);

    public static byte[] Ethernet(MacAddress to, ushort type, ReadOnlySpan<byte> payload, ushort? tag = null, MacAddress? from = null)
    {
        var header = new EthernetHeader(to, from ?? PeerMac, type, tag);
        byte[] frame = new byte[header.Length + payload.Length];
        header.WriteTo(frame);
        payload.CopyTo(frame.AsSpan(header.Length));
        return frame;
    }

    public static byte[] Arp(ArpPacket packet, MacAddress to)
    {
        byte[] bytes = new byte[ArpPacket.Size];
        packet.WriteTo(bytes);
        return Ethernet(to, EtherType.Arp, bytes);
    }

    public static byte[] Ip(Ipv4Header header, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> options = default)
    {
        byte[] packet = new byte[Ipv4Header.Size + options.Length + payload.Length];
        header.WriteTo(packet, payload.Length, options);
        payload.CopyTo(packet.AsSpan(Ipv4Header.Size + options.Length));
        return packet;
    }

    public static byte[] Udp(Ipv4Address from, Ipv4Address to, ushort fromPort, ushort toPort, ReadOnlySpan<byte> payload)
    {
        byte[] datagram = new byte[UdpHeader.Size + payload.Length];
        payload.CopyTo(datagram.AsSpan(UdpHeader.Size));
        ulong sum = InternetChecksum.Sum(payload, InternetChecksum.PseudoHeader(from, to, IpProtocol.Udp, datagram.Length));
        new UdpHeader(fromPort, toPort).WriteTo(datagram, payload.Length, sum);
        return datagram;
    }

    public static byte[] Icmp(IcmpHeader header, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[IcmpHeader.Size + payload.Length];
        payload.CopyTo(message.AsSpan(IcmpHeader.Size));
        header.WriteTo(message, InternetChecksum.Sum(payload));
        return message;
    }
}
