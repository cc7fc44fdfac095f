using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Ethernet;

/// <summary>An Ethernet II header.</summary>
/// <param name="Destination">The station that the frame is for.</param>
/// <param name="Source">The station that sends it.</param>
/// <param name="EtherType">What the frame carries.</param>
/// <param name="Tag">Priority, drop eligibility and VLAN of an 802.1Q tag, or null for none.</param>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, ushort EtherType, ushort? Tag = null)
{
    /// <summary>Octets without a tag.</summary>
    public const int Size = 14;

    /// <summary>Octets with a tag.</summary>
    public const int TaggedSize = 18;

    /// <summary>The shortest frame that a wire carries, without its check sequence; devices pad shorter ones (IEEE 802.3 4.2.3.3).</summary>
    public const int MinimumFrame = 60;

    /// <summary>Octets that <see cref="WriteTo"/> writes.</summary>
    public int Length => Tag is null ? Size : TaggedSize;

    /// <summary>Writes the header to the front of <paramref name="bytes"/>.</summary>
    public void WriteTo(Span<byte> bytes)
    {
        Destination.WriteTo(bytes);
        Source.WriteTo(bytes[6..]);
        if (Tag is { } tag)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes[12..], Ethernet.EtherType.Vlan);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[14..], tag);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[16..], EtherType);
            return;
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes[12..], EtherType);
    }

    /// <summary>Pushes the header in front of what <paramref name="packet"/> holds.</summary>
    public void PushTo(PacketBuffer packet) => WriteTo(packet.Prepend(Length));
}
