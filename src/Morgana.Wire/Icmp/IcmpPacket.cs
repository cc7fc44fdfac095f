using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Icmp;

/// <summary>ICMPv4 message types (RFC 792). A plain number on the wire, so that unknown ones can be kept.</summary>
public enum IcmpType : byte
{
    /// <summary>Echo reply.</summary>
    EchoReply = 0,

    /// <summary>Destination unreachable.</summary>
    Unreachable = 3,

    /// <summary>Source quench: deprecated (RFC 6633).</summary>
    SourceQuench = 4,

    /// <summary>Redirect.</summary>
    Redirect = 5,

    /// <summary>Echo request.</summary>
    EchoRequest = 8,

    /// <summary>Time exceeded.</summary>
    TimeExceeded = 11,

    /// <summary>Parameter problem.</summary>
    ParameterProblem = 12,
}

/// <summary>Codes of <see cref="IcmpType.Unreachable"/> (RFC 792, RFC 1122 3.2.2.1) and <see cref="IcmpType.TimeExceeded"/>.</summary>
public static class IcmpCode
{
    /// <summary>No route to the network.</summary>
    public const byte NetworkUnreachable = 0;

    /// <summary>The host does not answer.</summary>
    public const byte HostUnreachable = 1;

    /// <summary>The host does not speak the protocol.</summary>
    public const byte ProtocolUnreachable = 2;

    /// <summary>Nobody listens at the port.</summary>
    public const byte PortUnreachable = 3;

    /// <summary>Too big for a link, and it must not be fragmented (RFC 1191).</summary>
    public const byte FragmentationNeeded = 4;

    /// <summary>A filter forbids it (RFC 1812 5.2.7.1).</summary>
    public const byte AdministrativelyProhibited = 13;

    /// <summary>The time to live ran out on the way.</summary>
    public const byte TimeToLiveExceeded = 0;

    /// <summary>Fragments were missing for too long.</summary>
    public const byte ReassemblyTimeExceeded = 1;
}

/// <summary>An ICMPv4 message (RFC 792), viewed in place; whoever lent the octets still owns them.</summary>
public readonly ref struct IcmpPacket
{
    private readonly ReadOnlySpan<byte> _bytes;

    private IcmpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What the message says.</summary>
    public IcmpType Type => (IcmpType)_bytes[0];

    /// <summary>Why, within the type.</summary>
    public byte Code => _bytes[1];

    /// <summary>The checksum as it stands there.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>The word behind the checksum, whose meaning depends on the type.</summary>
    public uint Rest => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);

    /// <summary>Of an echo: who asked.</summary>
    public ushort Identifier => (ushort)(Rest >> 16);

    /// <summary>Of an echo: which of the questions.</summary>
    public ushort Sequence => (ushort)Rest;

    /// <summary>Of <see cref="IcmpCode.FragmentationNeeded"/>: the next hop's MTU, or 0 from old routers (RFC 1191 4).</summary>
    public ushort NextHopMtu => (ushort)Rest;

    /// <summary>An echo's data, or the front of the packet that an error is about.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[IcmpHeader.Size..];

    /// <summary>Whether the type is one of RFC 1122 3.2.2's error messages.</summary>
    public bool IsError => IsErrorType(Type);

    /// <summary>The header's meaning.</summary>
    public IcmpHeader Header => new(Type, Code, Rest);

    /// <summary>Views <paramref name="bytes"/>, of which only the header needs to be there. The checksum is the caller's to verify.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out IcmpPacket packet)
    {
        packet = default;
        if (bytes.Length < IcmpHeader.Size) return DropReason.Truncated;
        packet = new(bytes);
        return DropReason.None;
    }

    /// <summary>Whether <paramref name="type"/> is one of RFC 1122 3.2.2's error messages.</summary>
    public static bool IsErrorType(IcmpType type) => type is
        IcmpType.Unreachable or IcmpType.SourceQuench or IcmpType.Redirect or IcmpType.TimeExceeded or IcmpType.ParameterProblem;
}

/// <summary>An ICMPv4 header's fields.</summary>
/// <param name="Type">What the message says.</param>
/// <param name="Code">Why, within the type.</param>
/// <param name="Rest">The word behind the checksum.</param>
public readonly record struct IcmpHeader(IcmpType Type, byte Code, uint Rest)
{
    /// <summary>Octets on the wire.</summary>
    public const int Size = 8;

    /// <summary>An echo's header.</summary>
    public static IcmpHeader Echo(IcmpType type, ushort identifier, ushort sequence) => new(type, 0, ((uint)identifier << 16) | sequence);

    /// <summary>Writes the header with a checksum over it and the payload.</summary>
    /// <param name="bytes">Room for the header.</param>
    /// <param name="payloadSum">The payload's partial sum (<see cref="InternetChecksum.Sum"/>).</param>
    public void WriteTo(Span<byte> bytes, ulong payloadSum)
    {
        bytes = bytes[..Size];
        bytes[0] = (byte)Type;
        bytes[1] = Code;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], Rest);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], InternetChecksum.Finish(InternetChecksum.Sum(bytes, payloadSum)));
    }

    /// <summary>Pushes the header in front of what <paramref name="packet"/> holds.</summary>
    public void PushTo(PacketBuffer packet)
    {
        ulong sum = packet.Sum();
        WriteTo(packet.Prepend(Size), sum);
    }
}
