using System.Buffers.Binary;
using System.Text;
using Morgana.Core;

namespace Morgana.Wire.Pcapng;

/// <summary>Writes the blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, with times in nanoseconds.</summary>
/// <remarks>Each method writes one whole block and returns its length, or 0 when <c>destination</c> has no room for it.</remarks>
public static class PcapngBlock
{
    /// <summary>The block type of a section header, a palindrome.</summary>
    public const uint SectionHeader = 0x0A0D_0D0A;
    /// <summary>The block type of an interface description.</summary>
    public const uint InterfaceDescription = 1;
    /// <summary>The block type of an enhanced packet.</summary>
    public const uint EnhancedPacket = 6;
    /// <summary>The link type of Ethernet.</summary>
    public const ushort LinkTypeEthernet = 1;

    internal const uint ByteOrderMagic = 0x1A2B_3C4D;
    internal const ushort OptionEnd = 0, OptionComment = 1, OptionInterfaceName = 2, OptionTimeResolution = 9, OptionFlags = 2;
    private const int PacketFixed = 28;

    /// <summary>A section header: the beginning of a file.</summary>
    public static int WriteSectionHeader(Span<byte> destination, string? comment = null)
    {
        int length = 28 + OptionsLength(comment);
        if (destination.Length < length) return 0;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], ByteOrderMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], -1);     // The section's length is not known.
        int at = 24;
        WriteText(destination, ref at, OptionComment, comment);
        if (at > 24) WriteEnd(destination, ref at);
        return Close(destination, SectionHeader, at);
    }

    /// <summary>The description of an interface. Packets name interfaces by their order in the section, from 0.</summary>
    public static int WriteInterface(Span<byte> destination, string name, int snapLength = 0)
    {
        int length = 20 + OptionsLength(name) + 8;
        if (destination.Length < length) return 0;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], LinkTypeEthernet);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], (uint)snapLength);
        int at = 16;
        WriteText(destination, ref at, OptionInterfaceName, name);
        WriteOptionHeader(destination, ref at, OptionTimeResolution, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], 9);     // Ten to the power of minus nine, and three octets of padding.
        at += 4;
        WriteEnd(destination, ref at);
        return Close(destination, InterfaceDescription, at);
    }

    /// <summary>Octets that a packet's block takes.</summary>
    public static int PacketLength(int captured, string? comment = null) => PacketFixed + Pad(captured) + 8 + OptionsLength(comment) + 4;

    /// <summary>A packet.</summary>
    /// <param name="destination">Where the block goes.</param>
    /// <param name="interfaceId">Which interface saw it.</param>
    /// <param name="nanoseconds">When, since 1970.</param>
    /// <param name="isInbound">Whether it came in or went out.</param>
    /// <param name="packet">The packet, which is captured whole.</param>
    /// <param name="comment">What there is to say about it.</param>
    public static int WritePacket(Span<byte> destination, int interfaceId, long nanoseconds, bool isInbound, PacketBuffer packet, string? comment = null)
    {
        if (!BeginPacket(destination, interfaceId, nanoseconds, packet.Length, comment)) return 0;
        packet.CopyTo(0, destination.Slice(PacketFixed, packet.Length));
        return EndPacket(destination, packet.Length, isInbound, comment);
    }

    /// <summary>A packet whose octets lie together.</summary>
    /// <inheritdoc cref="WritePacket(Span{byte}, int, long, bool, PacketBuffer, string?)"/>
    public static int WritePacket(Span<byte> destination, int interfaceId, long nanoseconds, bool isInbound, ReadOnlySpan<byte> packet, string? comment = null)
    {
        if (!BeginPacket(destination, interfaceId, nanoseconds, packet.Length, comment)) return 0;
        packet.CopyTo(destination[PacketFixed..]);
        return EndPacket(destination, packet.Length, isInbound, comment);
    }

    internal static int Pad(int length) => (length + 3) & ~3;

    private static bool BeginPacket(Span<byte> destination, int interfaceId, long nanoseconds, int length, string? comment)
    {
        if (destination.Length < PacketLength(length, comment)) return false;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], (uint)interfaceId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], (uint)(nanoseconds >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], (uint)nanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], (uint)length);
        return true;
    }

    private static int EndPacket(Span<byte> destination, int length, bool isInbound, string? comment)
    {
        int at = PacketFixed + length;
        destination[at..(PacketFixed + Pad(length))].Clear();
        at = PacketFixed + Pad(length);
        WriteOptionHeader(destination, ref at, OptionFlags, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], isInbound ? 1u : 2u);
        at += 4;
        WriteText(destination, ref at, OptionComment, comment);
        if (comment is not null) WriteEnd(destination, ref at);
        return Close(destination, EnhancedPacket, at);
    }

    /// <summary>Octets of one text option with the end of options, or 0 without a text.</summary>
    private static int OptionsLength(string? text) => text is null ? 0 : 4 + Pad(Encoding.UTF8.GetByteCount(text)) + 4;

    private static void WriteText(Span<byte> destination, ref int at, ushort code, string? text)
    {
        if (text is null) return;
        int length = Encoding.UTF8.GetByteCount(text);
        WriteOptionHeader(destination, ref at, code, length);
        destination.Slice(at, Pad(length)).Clear();
        Encoding.UTF8.GetBytes(text, destination[at..]);
        at += Pad(length);
    }

    private static void WriteOptionHeader(Span<byte> destination, ref int at, ushort code, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination[at..], code);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[(at + 2)..], checked((ushort)length));
        at += 4;
    }

    private static void WriteEnd(Span<byte> destination, ref int at) => WriteOptionHeader(destination, ref at, OptionEnd, 0);

    private static int Close(Span<byte> destination, uint type, int at)
    {
        int length = at + 4;
        BinaryPrimitives.WriteUInt32LittleEndian(destination, type);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[at..], (uint)length);
        return length;
    }
}
