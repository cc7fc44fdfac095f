using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Igmp;

/// <summary>Writes a version 3 report (RFC 3376 4.2), record by record.</summary>
public ref struct IgmpReportWriter
{
    /// <summary>Octets before the first record.</summary>
    public const int HeaderSize = 8;

    private const int RecordSize = 8;

    private readonly Span<byte> _bytes;
    private int _records;

    /// <summary>An empty report in <paramref name="bytes"/>, which are as many as it may become.</summary>
    public IgmpReportWriter(Span<byte> bytes)
    {
        _bytes = bytes;
        Length = HeaderSize;
    }

    /// <summary>Octets so far.</summary>
    public int Length { get; private set; }

    /// <summary>Whether there is no record in it.</summary>
    public readonly bool IsEmpty => _records == 0;

    /// <summary>Whether a record with so many sources fits.</summary>
    public readonly bool HasRoom(int sources) => Length + RecordSize + (sources * Ipv4Address.Size) <= _bytes.Length;

    /// <summary>Adds a record. Sources beyond its room are left out (RFC 3376 4.2.16).</summary>
    public void Add(IgmpRecordType type, Ipv4Address group, ReadOnlySpan<Ipv4Address> sources)
    {
        int room = _bytes.Length - Length - RecordSize;
        if (room < 0) return;
        sources = sources[..Math.Min(sources.Length, room / Ipv4Address.Size)];
        var record = _bytes.Slice(Length, RecordSize + (sources.Length * Ipv4Address.Size));
        record[0] = (byte)type;
        record[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(record[2..], (ushort)sources.Length);
        group.WriteTo(record[4..]);
        for (int i = 0; i < sources.Length; i++) sources[i].WriteTo(record[(RecordSize + (i * Ipv4Address.Size))..]);
        Length += record.Length;
        _records++;
    }

    /// <summary>Writes the header with the checksum over all of it.</summary>
    /// <returns>How many octets the report has.</returns>
    public readonly int Finish()
    {
        var report = _bytes[..Length];
        report[..HeaderSize].Clear();
        report[0] = (byte)IgmpType.Version3Report;
        BinaryPrimitives.WriteUInt16BigEndian(report[6..], (ushort)_records);
        BinaryPrimitives.WriteUInt16BigEndian(report[2..], InternetChecksum.Of(report));
        return Length;
    }
}

/// <summary>Walks over the records of a version 3 report, whatever lengths it claims.</summary>
public ref struct IgmpReportReader
{
    private ReadOnlySpan<byte> _rest;
    private int _left;

    private IgmpReportReader(ReadOnlySpan<byte> rest, int records)
    {
        _rest = rest;
        _left = records;
    }

    /// <summary>What the current record says.</summary>
    public IgmpRecordType Type { get; private set; }

    /// <summary>Its group.</summary>
    public Ipv4Address Group { get; private set; }

    /// <summary>Its sources, four octets each.</summary>
    public ReadOnlySpan<byte> Sources { get; private set; }

    /// <summary>Begins before the first record of a message that <see cref="IgmpMessage"/> has found whole.</summary>
    public static DropReason Parse(ReadOnlySpan<byte> bytes, out IgmpReportReader reader)
    {
        reader = default;
        if (bytes.Length < IgmpReportWriter.HeaderSize) return DropReason.Truncated;
        reader = new(bytes[IgmpReportWriter.HeaderSize..], BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]));
        return DropReason.None;
    }

    /// <summary>Steps to the next record. False at the end, and where a record claims more than there is.</summary>
    public bool MoveNext()
    {
        if (_left == 0 || _rest.Length < 8) return false;
        int sources = BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) * Ipv4Address.Size, auxiliary = _rest[1] * 4;
        if (_rest.Length < 8 + sources + auxiliary) return false;
        (Type, Group) = ((IgmpRecordType)_rest[0], Ipv4Address.Read(_rest[4..]));
        Sources = _rest.Slice(8, sources);
        _rest = _rest[(8 + sources + auxiliary)..];
        _left--;
        return true;
    }
}
