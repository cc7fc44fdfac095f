using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Wire.Ip;

/// <summary>An IPv4 packet (RFC 791), viewed in place; whoever lent the octets still owns them.</summary>
public readonly ref struct Ipv4Packet
{
    private readonly ReadOnlySpan<byte> _bytes; // The whole header at least; of the payload, as much as was lent.

    private Ipv4Packet(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Octets of the header with its options: 20 to 60.</summary>
    public int HeaderLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_bytes[0] & 0xF) << 2;
    }

    /// <summary>The DS field and the ECN bits (RFC 2474, RFC 3168).</summary>
    public byte TrafficClass => _bytes[1];

    /// <summary>Octets of header and payload, as the header says.</summary>
    public int TotalLength => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>Tells the fragments of one packet from those of another (RFC 6864).</summary>
    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_bytes[4..]);

    /// <summary>Whether routers may not fragment it.</summary>
    public bool DontFragment => (_bytes[6] & 0x40) != 0;

    /// <summary>Whether more fragments follow.</summary>
    public bool MoreFragments => (_bytes[6] & 0x20) != 0;

    /// <summary>Where the fragment's payload begins within the whole one, in octets.</summary>
    public int FragmentOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]) & 0x1FFF) << 3;
    }

    /// <summary>Whether this is a part of a packet and not a whole one.</summary>
    public bool IsFragment
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]) & 0x3FFF) != 0;
    }

    /// <summary>Hops that it may still go.</summary>
    public byte TimeToLive => _bytes[8];

    /// <summary>What the packet carries: see <see cref="IpProtocol"/>.</summary>
    public byte Protocol => _bytes[9];

    /// <summary>The header's checksum as it stands there.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[10..]);

    /// <summary>Whether the header's checksum is right.</summary>
    public bool IsChecksumRight => InternetChecksum.Of(_bytes[..HeaderLength]) == 0;

    /// <summary>The sender's address.</summary>
    public Ipv4Address Source => Ipv4Address.Read(_bytes[12..]);

    /// <summary>The receiver's address.</summary>
    public Ipv4Address Destination => Ipv4Address.Read(_bytes[16..]);

    /// <summary>The options as they stand, padding included.</summary>
    public ReadOnlySpan<byte> Options => _bytes[Ipv4Header.Size..HeaderLength];

    /// <summary>As much of the payload as was lent: all of it unless it lies in several blocks, or stands in an ICMP error.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Views a packet of which <paramref name="bytes"/> are the first octets, and <paramref name="available"/> all that came.</summary>
    /// <param name="bytes">The packet's front. If the header is longer, the answer is <see cref="DropReason.Truncated"/>.</param>
    /// <param name="available">Octets that came in all, link padding included.</param>
    /// <param name="packet">The view.</param>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, int available, out Ipv4Packet packet)
    {
        var reason = ParseQuoted(bytes, out packet);
        if (reason != DropReason.None) return reason;
        int total = packet.TotalLength;
        if (total >= packet.HeaderLength && total <= available)
        {
            if (bytes.Length > total) packet = new(bytes[..total]); // Octets beyond the total length are link padding.
            return DropReason.None;
        }

        packet = default;
        return DropReason.BadLength;
    }

    /// <summary>Views a whole packet with whatever padding follows it.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out Ipv4Packet packet) => Parse(bytes, bytes.Length, out packet);

    /// <summary>Views the front of a packet as an ICMP error quotes it: the header is whole, the payload need not be.</summary>
    public static DropReason ParseQuoted(ReadOnlySpan<byte> bytes, out Ipv4Packet packet)
    {
        packet = default;
        if (bytes.Length < Ipv4Header.Size) return DropReason.Truncated;
        if (bytes[0] >> 4 != 4) return DropReason.BadVersion;
        int header = (bytes[0] & 0xF) << 2;
        if (header < Ipv4Header.Size) return DropReason.BadLength;
        if (header > bytes.Length) return DropReason.Truncated;
        packet = new(bytes);
        return DropReason.None;
    }

    /// <summary>The header's meaning, without options.</summary>
    public Ipv4Header Header => new(Source, Destination, Protocol)
    {
        TrafficClass = TrafficClass,
        Identification = Identification,
        DontFragment = DontFragment,
        MoreFragments = MoreFragments,
        FragmentOffset = FragmentOffset,
        TimeToLive = TimeToLive,
    };
}
