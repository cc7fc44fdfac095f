using System.Buffers.Binary;

namespace Morgana.Wire.Pcapng;

/// <summary>What <see cref="PcapngReader.TryRead"/> found.</summary>
public enum PcapngError
{
    /// <summary>A packet was read, or the end was reached.</summary>
    None = 0,
    /// <summary>The octets do not begin with a section header.</summary>
    NotPcapng,
    /// <summary>The octets end within a block.</summary>
    Truncated,
    /// <summary>A length contradicts another, or what there is.</summary>
    BadLength,
    /// <summary>A packet names an interface that was not described.</summary>
    UnknownInterface,
}

/// <summary>A packet in a capture.</summary>
/// <param name="InterfaceId">The interface's place in its section.</param>
/// <param name="Nanoseconds">When, since 1970.</param>
/// <param name="OriginalLength">Octets on the wire; more than <paramref name="Data"/> has if the capture cut it.</param>
/// <param name="Data">The captured octets.</param>
public readonly record struct CapturedPacket(int InterfaceId, long Nanoseconds, int OriginalLength, ReadOnlyMemory<byte> Data);

/// <summary>Reads the packets of a pcapng capture in memory, of either octet order. Blocks of other kinds are passed over.</summary>
public sealed class PcapngReader(ReadOnlyMemory<byte> capture)
{
    private const int MaxInterfaces = 1024;
    private readonly List<long> _unitsPerSecond = [];
    private int _position;
    private bool _bigEndian;

    /// <summary>Why reading ended early; <see cref="PcapngError.None"/> at a proper end.</summary>
    public PcapngError Error { get; private set; }

    /// <summary>The next packet. False at the end, or at an error.</summary>
    public bool TryRead(out CapturedPacket packet)
    {
        packet = default;
        while (Error == PcapngError.None && _position < capture.Length)
        {
            var rest = capture.Span[_position..];
            if (rest.Length < 12) return Fail(PcapngError.Truncated);
            // A section header reads the same in both orders; it then says which one its section has.
            bool isSection = BinaryPrimitives.ReadUInt32LittleEndian(rest) == PcapngBlock.SectionHeader;
            if (isSection && !TryBeginSection(rest)) return Fail(PcapngError.NotPcapng);
            if (!isSection && _position == 0) return Fail(PcapngError.NotPcapng);
            uint length = Read32(rest[4..]);
            if (length < 12 || (length & 3) != 0) return Fail(PcapngError.BadLength);
            if (length > rest.Length) return Fail(PcapngError.Truncated);
            if (Read32(rest[((int)length - 4)..]) != length) return Fail(PcapngError.BadLength);
            int start = _position + 8;
            _position += (int)length;
            var body = rest[8..((int)length - 4)];
            uint type = Read32(rest);
            if (type == PcapngBlock.InterfaceDescription && !TryAddInterface(body)) return Fail(PcapngError.BadLength);
            if (type != PcapngBlock.EnhancedPacket) continue;
            return TryReadPacket(body, start, out packet);
        }

        return false;
    }

    private bool TryBeginSection(ReadOnlySpan<byte> block)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        _bigEndian = magic == BinaryPrimitives.ReverseEndianness(PcapngBlock.ByteOrderMagic);
        _unitsPerSecond.Clear();
        return _bigEndian || magic == PcapngBlock.ByteOrderMagic;
    }

    private bool TryAddInterface(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8 || _unitsPerSecond.Count == MaxInterfaces) return false;
        long units = 1_000_000;         // Without the option, times are in microseconds.
        for (var options = body[8..]; options.Length >= 4;)
        {
            int code = Read16(options), length = Read16(options[2..]);
            if (code == PcapngBlock.OptionEnd) break;
            if (PcapngBlock.Pad(length) > options.Length - 4) return false;
            if (code == PcapngBlock.OptionTimeResolution && length == 1 && !TryGetUnits(options[4], out units)) return false;
            options = options[(4 + PcapngBlock.Pad(length))..];
        }

        _unitsPerSecond.Add(units);
        return true;
    }

    /// <summary>A power of ten, or of two with the high bit set.</summary>
    private static bool TryGetUnits(byte resolution, out long units)
    {
        units = 1;
        if ((resolution & 0x80) != 0)
        {
            if ((resolution & 0x7F) > 62) return false;
            units = 1L << (resolution & 0x7F);
            return true;
        }

        if (resolution > 18) return false;
        for (int i = 0; i < resolution; i++) units *= 10;
        return true;
    }

    private bool TryReadPacket(ReadOnlySpan<byte> body, int start, out CapturedPacket packet)
    {
        packet = default;
        if (body.Length < 20) return Fail(PcapngError.BadLength);
        uint id = Read32(body), captured = Read32(body[12..]), original = Read32(body[16..]);
        if (captured > body.Length - 20 || original > int.MaxValue) return Fail(PcapngError.BadLength);
        if (id >= _unitsPerSecond.Count) return Fail(PcapngError.UnknownInterface);
        ulong time = ((ulong)Read32(body[4..]) << 32) | Read32(body[8..]);
        long nanoseconds = unchecked((long)((UInt128)time * 1_000_000_000 / (ulong)_unitsPerSecond[(int)id]));
        packet = new((int)id, nanoseconds, (int)original, capture.Slice(start + 20, (int)captured));
        return true;
    }

    private bool Fail(PcapngError error)
    {
        Error = error;
        return false;
    }

    private uint Read32(ReadOnlySpan<byte> bytes) => _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private int Read16(ReadOnlySpan<byte> bytes) => _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
