using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Wire.Ethernet;

/// <summary>An Ethernet II frame with at most one 802.1Q tag, viewed in place; whoever lent the octets still owns them.</summary>
public readonly ref struct EthernetFrame
{
    private readonly ReadOnlySpan<byte> _bytes;

    private EthernetFrame(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The station that the frame is for.</summary>
    public MacAddress Destination
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MacAddress.Read(_bytes);
    }

    /// <summary>The station that sent it.</summary>
    public MacAddress Source
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MacAddress.Read(_bytes[6..]);
    }

    /// <summary>Whether there is an 802.1Q tag.</summary>
    public bool IsTagged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => BinaryPrimitives.ReadUInt16BigEndian(_bytes[12..]) == Ethernet.EtherType.Vlan;
    }

    /// <summary>The tag's priority, drop eligibility and VLAN as they stand on the wire; 0 without a tag.</summary>
    public ushort Tag
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsTagged ? BinaryPrimitives.ReadUInt16BigEndian(_bytes[14..]) : (ushort)0;
    }

    /// <summary>The VLAN, 0 without one: a tag whose VLAN is 0 only carries a priority (IEEE 802.1Q 9.6).</summary>
    public ushort Vlan => (ushort)(Tag & 0xFFF);

    /// <summary>What the frame carries, behind the tag if there is one.</summary>
    public ushort EtherType => BinaryPrimitives.ReadUInt16BigEndian(_bytes[(HeaderLength - 2)..]);

    /// <summary>Octets in front of the payload: 14, or 18 with a tag.</summary>
    public int HeaderLength => IsTagged ? EthernetHeader.TaggedSize : EthernetHeader.Size;

    /// <summary>What follows the header, link padding included.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Views <paramref name="bytes"/>, of which only the header needs to be there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out EthernetFrame frame)
    {
        frame = default;
        if (bytes.Length < EthernetHeader.Size) return DropReason.Truncated;
        bool isTagged = BinaryPrimitives.ReadUInt16BigEndian(bytes[12..]) == Ethernet.EtherType.Vlan;
        if (isTagged && bytes.Length < EthernetHeader.TaggedSize) return DropReason.Truncated;
        frame = new(bytes);
        return DropReason.None;
    }

    /// <summary>The header's meaning.</summary>
    public EthernetHeader Header => new(Destination, Source, EtherType, IsTagged ? Tag : null);
}
