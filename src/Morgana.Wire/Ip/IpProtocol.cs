namespace Morgana.Wire.Ip;

/// <summary>What an IP packet carries (IANA protocol numbers). A plain number on the wire, so that unknown ones can be kept.</summary>
public static class IpProtocol
{
    /// <summary>ICMP (RFC 792).</summary>
    public const byte Icmp = 1;

    /// <summary>IGMP (RFC 3376).</summary>
    public const byte Igmp = 2;

    /// <summary>TCP (RFC 9293).</summary>
    public const byte Tcp = 6;

    /// <summary>UDP (RFC 768).</summary>
    public const byte Udp = 17;

    /// <summary>ICMPv6 (RFC 4443).</summary>
    public const byte Icmpv6 = 58;
}
