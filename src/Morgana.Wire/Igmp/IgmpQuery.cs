using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Igmp;

/// <summary>A router's query of any version (RFC 3376 4.1), viewed in place.</summary>
public readonly ref struct IgmpQuery
{
    /// <summary>Octets of a version 3 query without sources.</summary>
    public const int Version3Size = 12;

    private readonly ReadOnlySpan<byte> _bytes;

    private IgmpQuery(ReadOnlySpan<byte> bytes, int version)
    {
        _bytes = bytes;
        Version = version;
    }

    /// <summary>The version that the router speaks: 1, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>The group that is asked for; 0.0.0.0 for all.</summary>
    public Ipv4Address Group => Ipv4Address.Read(_bytes[4..]);

    /// <summary>How long an answer may take, in tenths of a second.</summary>
    public int MaximumResponse => Version switch
    {
        1 => 100,       // RFC 3376 7.2.1: version 1 does not say, and means ten seconds.
        2 => _bytes[1],
        _ => Decode(_bytes[1]),
    };

    /// <summary>How often reports are sent, as the router wishes it; 0 where it does not say.</summary>
    public int Robustness => Version < 3 ? 0 : _bytes[8] & 7;

    /// <summary>Seconds between the router's general queries; 0 where it does not say.</summary>
    public int Interval => Version < 3 ? 0 : Decode(_bytes[9]);

    /// <summary>How many sources are asked for.</summary>
    public int SourceCount => Version < 3 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(_bytes[10..]);

    /// <summary>One of the sources that are asked for.</summary>
    public Ipv4Address Source(int index) => Ipv4Address.Read(_bytes[(Version3Size + (index * Ipv4Address.Size))..]);

    /// <summary>Views a query, of a message that <see cref="IgmpMessage"/> has found whole.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out IgmpQuery query)
    {
        query = default;
        // RFC 3376 7.1: the length tells the version, and the time tells 1 from 2; other lengths are ignored.
        switch (bytes.Length)
        {
            case < IgmpMessage.Size:
                return DropReason.Truncated;
            case IgmpMessage.Size:
                query = new(bytes, bytes[1] == 0 ? 1 : 2);
                return DropReason.None;
            case < Version3Size:
                return DropReason.BadLength;
        }

        if (bytes.Length < Version3Size + (BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]) * Ipv4Address.Size)) return DropReason.BadLength;
        query = new(bytes, 3);
        return DropReason.None;
    }

    // RFC 3376 4.1.1, 4.1.7: from 128 on, four bits of mantissa and three of exponent.
    private static int Decode(byte code) => code < 128 ? code : ((code & 0xF) | 0x10) << (((code >> 4) & 7) + 3);
}
