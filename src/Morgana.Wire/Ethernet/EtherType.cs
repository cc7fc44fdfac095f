namespace Morgana.Wire.Ethernet;

/// <summary>What an Ethernet frame carries (IEEE 802 Numbers). A plain number on the wire, so that unknown ones can be kept.</summary>
public static class EtherType
{
    /// <summary>IPv4 (RFC 894).</summary>
    public const ushort Ipv4 = 0x0800;

    /// <summary>ARP (RFC 826).</summary>
    public const ushort Arp = 0x0806;

    /// <summary>An IEEE 802.1Q tag.</summary>
    public const ushort Vlan = 0x8100;

    /// <summary>IPv6 (RFC 2464).</summary>
    public const ushort Ipv6 = 0x86DD;
}
