using System.Buffers.Binary;
using Morgana.Core;
using Morgana.Wire.Ethernet;

namespace Morgana.Wire.Arp;

/// <summary>ARP operations (RFC 826).</summary>
public enum ArpOperation : ushort
{
    /// <summary>Who has the target's protocol address?</summary>
    Request = 1,

    /// <summary>The sender has it.</summary>
    Reply = 2,
}

/// <summary>An ARP packet for IPv4 over Ethernet (RFC 826), the only kind that we speak.</summary>
/// <param name="Operation">Request or reply.</param>
/// <param name="SenderMac">The sender's hardware address.</param>
/// <param name="SenderIp">The sender's address; 0.0.0.0 in a probe (RFC 5227 1.1).</param>
/// <param name="TargetMac">The target's hardware address; without meaning in a request.</param>
/// <param name="TargetIp">The target's address.</param>
public readonly record struct ArpPacket(
    ArpOperation Operation, MacAddress SenderMac, Ipv4Address SenderIp, MacAddress TargetMac, Ipv4Address TargetIp)
{
    /// <summary>Octets on the wire.</summary>
    public const int Size = 28;

    private const ushort EthernetHardware = 1;

    /// <summary>A probe: does anybody use <paramref name="address"/>? (RFC 5227 2.1.1)</summary>
    public static ArpPacket Probe(MacAddress mac, Ipv4Address address) => new(ArpOperation.Request, mac, default, default, address);

    /// <summary>An announcement: <paramref name="address"/> is at <paramref name="mac"/> (RFC 5227 2.3).</summary>
    public static ArpPacket Announcement(MacAddress mac, Ipv4Address address) => new(ArpOperation.Request, mac, address, default, address);

    /// <summary>Whether this is a probe: nobody learns from it.</summary>
    public bool IsProbe => Operation == ArpOperation.Request && SenderIp == default;

    /// <summary>Reads the packet at the front of <paramref name="bytes"/>; what follows is link padding.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out ArpPacket packet)
    {
        packet = default;
        if (bytes.Length < Size) return DropReason.Truncated;
        // RFC 826, packet reception: do I have the hardware type, do I speak the protocol, and are the lengths theirs?
        if (BinaryPrimitives.ReadUInt16BigEndian(bytes) != EthernetHardware
            || BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != EtherType.Ipv4
            || bytes[4] != MacAddress.Size
            || bytes[5] != Ipv4Address.Size)
        {
            return DropReason.BadArp;
        }

        var operation = (ArpOperation)BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        if (operation is not (ArpOperation.Request or ArpOperation.Reply)) return DropReason.BadArp;
        packet = new(operation, MacAddress.Read(bytes[8..]), Ipv4Address.Read(bytes[14..]), MacAddress.Read(bytes[18..]), Ipv4Address.Read(bytes[24..]));
        return DropReason.None;
    }

    /// <summary>Writes the packet to the front of <paramref name="bytes"/>.</summary>
    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, EthernetHardware);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], EtherType.Ipv4);
        bytes[4] = MacAddress.Size;
        bytes[5] = Ipv4Address.Size;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)Operation);
        SenderMac.WriteTo(bytes[8..]);
        SenderIp.WriteTo(bytes[14..]);
        TargetMac.WriteTo(bytes[18..]);
        TargetIp.WriteTo(bytes[24..]);
    }
}
