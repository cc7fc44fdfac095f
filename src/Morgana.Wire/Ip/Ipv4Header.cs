using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Wire.Ip;

/// <summary>An IPv4 header's fields (RFC 791); options are written apart.</summary>
/// <param name="Source">The sender's address.</param>
/// <param name="Destination">The receiver's address.</param>
/// <param name="Protocol">What the packet carries: see <see cref="IpProtocol"/>.</param>
public readonly record struct Ipv4Header(Ipv4Address Source, Ipv4Address Destination, byte Protocol)
{
    /// <summary>Octets without options.</summary>
    public const int Size = 20;

    /// <summary>Octets with as many options as fit.</summary>
    public const int MaximumSize = 60;

    /// <summary>The time to live that we send with (RFC 1700).</summary>
    public const byte DefaultTimeToLive = 64;

    /// <summary>The DS field and the ECN bits.</summary>
    public byte TrafficClass { get; init; }

    /// <summary>Tells the fragments of one packet from those of another; without meaning in an atomic packet (RFC 6864 4.1).</summary>
    public ushort Identification { get; init; }

    /// <summary>Whether routers may not fragment it.</summary>
    public bool DontFragment { get; init; }

    /// <summary>Whether more fragments follow.</summary>
    public bool MoreFragments { get; init; }

    /// <summary>Where the payload begins within the whole packet's, in octets: a multiple of 8.</summary>
    public int FragmentOffset { get; init; }

    /// <summary>Hops that it may go.</summary>
    public byte TimeToLive { get; init; } = DefaultTimeToLive;

    /// <summary>Writes header and options with the checksum.</summary>
    /// <param name="bytes">Room for both.</param>
    /// <param name="payloadLength">Octets behind them.</param>
    /// <param name="options">A multiple of 4 octets, at most 40.</param>
    public void WriteTo(Span<byte> bytes, int payloadLength, ReadOnlySpan<byte> options = default)
    {
        int length = Size + options.Length;
        uint fragment = ((uint)FragmentOffset >> 3) | (DontFragment ? 0x4000u : 0) | (MoreFragments ? 0x2000u : 0);
        uint first = 0x4000_0000u | ((uint)length << 22) | ((uint)TrafficClass << 16) | (ushort)(length + payloadLength);
        uint second = ((uint)Identification << 16) | fragment;
        uint third = ((uint)TimeToLive << 24) | ((uint)Protocol << 16);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, first);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], second);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], Source.Value);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], Destination.Value);
        if (options.IsEmpty)
        {
            // Most headers: the sum is made of what is at hand, not read back.
            third |= Checksum((ulong)first + second + third + Source.Value + Destination.Value);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], third);
            return;
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], third);
        options.CopyTo(bytes[Size..]);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[10..], InternetChecksum.Of(bytes[..length]));
    }

    /// <summary>Pushes the header in front of what <paramref name="packet"/> holds.</summary>
    public void PushTo(PacketBuffer packet)
    {
        int payload = packet.Length;
        WriteTo(packet.Prepend(Size), payload);
    }

    // Of five words, whose sum cannot overflow 64 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Checksum(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
