using System.Buffers.Binary;
using Morgana.Core;

namespace Morgana.Wire.Tcp;

/// <summary>The fields of a TCP header that have a meaning (RFC 9293 3.1), without options.</summary>
/// <param name="SourcePort">The sender's port.</param>
/// <param name="DestinationPort">The receiver's port.</param>
/// <param name="Sequence">SEG.SEQ.</param>
/// <param name="Acknowledgment">SEG.ACK; 0 without <see cref="TcpFlags.Ack"/>.</param>
/// <param name="Flags">The control bits.</param>
/// <param name="Window">The window field as it stands on the wire: already scaled down.</param>
public readonly record struct TcpHeader(
    ushort SourcePort, ushort DestinationPort, SequenceNumber Sequence, SequenceNumber Acknowledgment, TcpFlags Flags, ushort Window)
{
    /// <summary>Octets without options.</summary>
    public const int Size = 20;

    /// <summary>Octets with as many options as the data offset can say.</summary>
    public const int MaxSize = 60;

    /// <summary>Where the checksum stands.</summary>
    public const int ChecksumOffset = 16;

    /// <summary>Writes the header in front of options that <paramref name="header"/> already holds; checksum and urgent pointer become zero.</summary>
    /// <param name="header">All of the header: 20 to 60 octets, a multiple of four.</param>
    public void WriteTo(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, ((uint)SourcePort << 16) | DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], Acknowledgment.Value);
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], ((uint)header.Length << 26) | ((uint)Flags << 16) | Window);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], 0);
    }

    /// <summary>Completes a written header with the checksum.</summary>
    /// <param name="header">The header with its checksum field zero.</param>
    /// <param name="sum">The partial sum of pseudo-header and payload (RFC 9293 3.1).</param>
    public static void WriteChecksum(Span<byte> header, ulong sum) =>
        BinaryPrimitives.WriteUInt16BigEndian(header[ChecksumOffset..], InternetChecksum.Finish(InternetChecksum.Sum(header, sum)));
}
