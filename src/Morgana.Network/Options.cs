using Morgana.Core;
using Morgana.Protocols.Arp;
using Morgana.Protocols.Icmp;
using Morgana.Protocols.Igmp;
using Morgana.Protocols.Ip;
using Morgana.Protocols.Tcp;
using Morgana.Protocols.Udp;

namespace Morgana.Network;

/// <summary>Limits of one host's stack.</summary>
public sealed record NetworkStackOptions
{
    /// <summary>Of TCP.</summary>
    public TcpStackOptions Tcp { get; init; } = new();

    /// <summary>Of UDP.</summary>
    public UdpStackOptions Udp { get; init; } = new();

    /// <summary>Of ICMP.</summary>
    public IcmpOptions Icmp { get; init; } = new();

    /// <summary>Of every interface's groups, and of each socket's.</summary>
    public IgmpOptions Igmp { get; init; } = new();

    /// <summary>Of every interface's neighbour cache.</summary>
    public ArpOptions Arp { get; init; } = new();

    /// <summary>Of reassembly.</summary>
    public ReassemblyOptions Reassembly { get; init; } = new();

    /// <summary>Frames that wait in each interface for its device.</summary>
    public int OutputQueueLimit { get; init; } = 256;

    /// <summary>Packets of the host to itself that wait.</summary>
    public int LoopbackQueueLimit { get; init; } = 256;

    /// <summary>Routes.</summary>
    public int RouteLimit { get; init; } = 1024;
}

/// <summary>An address of an interface, and how long the prefix of its link is.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">Leading bits that all neighbours share: 0 to 32.</param>
public readonly record struct InterfaceAddress(Ipv4Address Address, int PrefixLength) : ITextValue<InterfaceAddress>
{
    /// <inheritdoc/>
    public static string Expected => "an address and its prefix, such as 10.0.2.15/24";

    /// <summary>The prefix as a mask.</summary>
    public uint Mask => MaskOf(PrefixLength);

    /// <summary>Whether <paramref name="other"/> is on the same link.</summary>
    public bool IsOnLink(Ipv4Address other) => ((other.Value ^ Address.Value) & Mask) == 0;

    /// <summary>The link's directed broadcast (RFC 919); prefixes of 31 and 32 bits have none (RFC 3021).</summary>
    public bool IsDirectedBroadcast(Ipv4Address other) => PrefixLength < 31 && IsOnLink(other) && (other.Value | Mask) == uint.MaxValue;

    /// <summary>The network's own address, an ancient form of broadcast (RFC 1122 3.3.6).</summary>
    public bool IsNetworkAddress(Ipv4Address other) => PrefixLength < 31 && IsOnLink(other) && (other.Value & ~Mask) == 0;

    /// <summary>Parses an address and a prefix length between a slash: <c>10.0.2.15/24</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out InterfaceAddress address)
    {
        address = default;
        int slash = text.IndexOf('/');
        if (slash < 0 || !Ipv4Address.TryParse(text[..slash], out var ip)) return false;
        var digits = text[(slash + 1)..];
        if (digits.Length is < 1 or > 2 || !byte.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out byte length) || length > 32)
            return false;
        address = new(ip, length);
        return true;
    }

    /// <summary>The address and its prefix length between a slash.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");

    internal static uint MaskOf(int length) => length == 0 ? 0 : uint.MaxValue << (32 - length);
}

/// <summary>What an interface is.</summary>
public sealed record InterfaceOptions
{
    /// <summary>Its name, for people.</summary>
    public string Name { get; init; } = "net0";

    /// <summary>Its hardware address.</summary>
    public MacAddress Mac { get; init; }

    /// <summary>The largest IP packet that a frame carries, in octets: 68 to 65,535.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Its addresses; the first is the one it speaks from if nothing else decides.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>The default gateway, or null for none.</summary>
    public Ipv4Address? Gateway { get; init; }

    /// <summary>The VLAN whose frames it takes and sends (IEEE 802.1Q), or null for untagged ones.</summary>
    public ushort? Vlan { get; init; }

    /// <summary>Whether octets cannot be damaged on the link, so that transport checksums need not be verified.</summary>
    public bool IsChecksumTrusted { get; init; }

    /// <summary>For routers: packets for any unicast address are taken in, as if it were ours.</summary>
    public bool AcceptAnyAddress { get; init; }
}
