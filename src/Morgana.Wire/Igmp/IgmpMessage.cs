using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Igmp;

/// <summary>The types of IGMP messages (RFC 1112, RFC 2236, RFC 3376 4).</summary>
public enum IgmpType : byte
{
    /// <summary>A router asks who is a member.</summary>
    Query = 0x11,

    /// <summary>A member of a group, version 1.</summary>
    Version1Report = 0x12,

    /// <summary>A member of a group, version 2.</summary>
    Version2Report = 0x16,

    /// <summary>Somebody leaves a group, version 2.</summary>
    Leave = 0x17,

    /// <summary>Groups with their sources, version 3.</summary>
    Version3Report = 0x22,
}

/// <summary>What a record of a report says (RFC 3376 4.2.12).</summary>
public enum IgmpRecordType : byte
{
    /// <summary>These sources alone are taken.</summary>
    ModeIsInclude = 1,

    /// <summary>All sources but these are taken.</summary>
    ModeIsExclude = 2,

    /// <summary>From now on these alone.</summary>
    ChangeToInclude = 3,

    /// <summary>From now on all but these.</summary>
    ChangeToExclude = 4,

    /// <summary>These as well.</summary>
    AllowNewSources = 5,

    /// <summary>These no more.</summary>
    BlockOldSources = 6,
}

/// <summary>The addresses that IGMP speaks to.</summary>
public static class IgmpAddress
{
    /// <summary>Every host (RFC 1112 4): nobody joins or leaves it.</summary>
    public static Ipv4Address AllSystems => new(0xE000_0001);

    /// <summary>Every router (RFC 2236 3).</summary>
    public static Ipv4Address AllRouters => new(0xE000_0002);

    /// <summary>Every router that speaks version 3 (RFC 3376 4.2.14).</summary>
    public static Ipv4Address Version3Routers => new(0xE000_0016);
}

/// <summary>The octets that all IGMP messages begin with: type, a time, checksum, and a group in all but version 3 reports.</summary>
public readonly ref struct IgmpMessage
{
    /// <summary>Octets of messages of versions 1 and 2.</summary>
    public const int Size = 8;

    private readonly ReadOnlySpan<byte> _bytes;

    private IgmpMessage(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>What it is.</summary>
    public IgmpType Type => (IgmpType)_bytes[0];

    /// <summary>The group it is about; 0.0.0.0 for all. Without meaning in version 3 reports.</summary>
    public Ipv4Address Group => Ipv4Address.Read(_bytes[4..]);

    /// <summary>All of its octets.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Views a message, whose checksum is verified.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out IgmpMessage message)
    {
        message = default;
        if (bytes.Length < Size) return DropReason.Truncated;
        // RFC 3376 4.1.2: over the whole payload.
        if (InternetChecksum.Of(bytes) != 0) return DropReason.BadChecksum;
        message = new(bytes);
        return DropReason.None;
    }

    /// <summary>Writes a message of version 1 or 2, with its checksum.</summary>
    public static void Write(Span<byte> bytes, IgmpType type, Ipv4Address group)
    {
        bytes = bytes[..Size];
        bytes.Clear();
        bytes[0] = (byte)type;
        group.WriteTo(bytes[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], InternetChecksum.Of(bytes));
    }
}
