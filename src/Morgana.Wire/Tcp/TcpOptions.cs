using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Wire.Tcp;

/// <summary>A range of octets that were received out of order (RFC 2018 3).</summary>
/// <param name="Start">The first octet's number.</param>
/// <param name="End">The number behind the last octet.</param>
public readonly record struct SackBlock(SequenceNumber Start, SequenceNumber End);

/// <summary>Up to four SACK blocks: as many as fit into a header.</summary>
[InlineArray(4)]
public struct SackBlocks
{
    private SackBlock _first;
}

/// <summary>The TCP options that have a meaning here. Unknown ones are skipped, as RFC 9293 3.1 asks (MUST-6).</summary>
public struct TcpOptions
{
    /// <summary>The most octets that options can take.</summary>
    public const int MaxLength = TcpHeader.MaxSize - TcpHeader.Size;

    /// <summary>What timestamps take with their padding.</summary>
    public const int TimestampsLength = 12;

    /// <summary>The peer's maximum segment size, or 0 if it is not there.</summary>
    public ushort MaximumSegmentSize;

    /// <summary>Whether the window scale option is there.</summary>
    public bool HasWindowScale;

    /// <summary>The window's shift count, not yet limited to 14.</summary>
    public byte WindowScale;

    /// <summary>Whether SACK is permitted.</summary>
    public bool SackPermitted;

    /// <summary>Whether timestamps are there.</summary>
    public bool HasTimestamps;

    /// <summary>TSval.</summary>
    public uint TimestampValue;

    /// <summary>TSecr.</summary>
    public uint TimestampEcho;

    /// <summary>SACK blocks that are there, 0 to 4.</summary>
    public int SackCount;

    /// <summary>The SACK blocks.</summary>
    public SackBlocks Sacks;

    /// <summary>Reads the options. What is malformed, and everything behind it, is ignored.</summary>
    /// <returns>False if an option's length was impossible.</returns>
    public static bool Parse(ReadOnlySpan<byte> options, out TcpOptions result)
    {
        Unsafe.SkipInit(out result);
        result.MaximumSegmentSize = 0;
        result.HasWindowScale = result.SackPermitted = false;
        result.WindowScale = 0;
        result.SackCount = 0;
        // The layout that RFC 7323 appendix A recommends, in nearly every segment of a connection with timestamps.
        if (options.Length == TimestampsLength && BinaryPrimitives.ReadUInt32BigEndian(options) == 0x0101_080A)
        {
            result.HasTimestamps = true;
            result.TimestampValue = BinaryPrimitives.ReadUInt32BigEndian(options[4..]);
            result.TimestampEcho = BinaryPrimitives.ReadUInt32BigEndian(options[8..]);
            return true;
        }

        result.HasTimestamps = false;
        result.TimestampValue = result.TimestampEcho = 0;
        if (options.IsEmpty) return true;
        var reader = new TcpOptionReader(options);
        while (reader.MoveNext()) result.Take(reader.Kind, reader.Data);
        return !reader.IsMalformed;
    }

    /// <summary>Writes the options that are set, padded to a multiple of four octets.</summary>
    /// <param name="bytes">At least <see cref="MaxLength"/> octets.</param>
    /// <returns>Octets written. SACK blocks for which there is no room are left out.</returns>
    public readonly int WriteTo(Span<byte> bytes)
    {
        int n = 0;
        if (MaximumSegmentSize != 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x0204_0000u | MaximumSegmentSize);
            n = 4;
        }

        if (HasWindowScale)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[n..], 0x0103_0300u | WindowScale);
            n += 4;
        }

        if (SackPermitted)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[n..], 0x0101_0402u);
            n += 4;
        }

        if (HasTimestamps)
        {
            WriteTimestamps(bytes[n..], TimestampValue, TimestampEcho);
            n += TimestampsLength;
        }

        int blocks = Math.Min(SackCount, (MaxLength - n - 4) / 8);
        if (blocks <= 0) return n;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[n..], 0x0101_0500u | (uint)(2 + (8 * blocks)));
        n += 4;
        for (int i = 0; i < blocks; i++, n += 8)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[n..], Sacks[i].Start.Value);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(n + 4)..], Sacks[i].End.Value);
        }

        return n;
    }

    /// <summary>Writes the timestamps option alone, in the twelve octets of RFC 7323 appendix A.</summary>
    public static void WriteTimestamps(Span<byte> bytes, uint value, uint echo)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x0101_080A);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], value);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], echo);
    }

    private void Take(TcpOptionKind kind, ReadOnlySpan<byte> data)
    {
        // An option whose length is not the one of its kind is as good as unknown.
        switch (kind)
        {
            case TcpOptionKind.MaximumSegmentSize when data.Length == 2:
                MaximumSegmentSize = BinaryPrimitives.ReadUInt16BigEndian(data);
                break;
            case TcpOptionKind.WindowScale when data.Length == 1:
                HasWindowScale = true;
                WindowScale = data[0];
                break;
            case TcpOptionKind.SackPermitted when data.Length == 0:
                SackPermitted = true;
                break;
            case TcpOptionKind.Timestamps when data.Length == 8:
                HasTimestamps = true;
                TimestampValue = BinaryPrimitives.ReadUInt32BigEndian(data);
                TimestampEcho = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
                break;
            case TcpOptionKind.Sack when data.Length is > 0 and <= 32 && data.Length % 8 == 0:
                for (SackCount = 0; SackCount < data.Length / 8; SackCount++)
                {
                    var block = data[(8 * SackCount)..];
                    Sacks[SackCount] = new(new(BinaryPrimitives.ReadUInt32BigEndian(block)), new(BinaryPrimitives.ReadUInt32BigEndian(block[4..])));
                }

                break;
        }
    }
}
