using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>An <c>iovec</c>.</summary>
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Count;
}

/// <summary>What a call sends from or receives into: one span, or several pieces; with addresses.</summary>
/// <remarks>Safety: the pieces are the caller's memory, which it keeps in place until its call returns; a message lives within that call.</remarks>
internal unsafe ref struct Message
{
    private readonly Span<byte> _single;
    private readonly ReadOnlySpan<IoVector> _pieces;

    private Message(Span<byte> single) => _single = single;

    private Message(ReadOnlySpan<IoVector> pieces) => _pieces = pieces;

    /// <summary>Where it goes, if the caller says so.</summary>
    public IpEndpoint? To { get; set; }

    /// <summary>The same for sockets of Unix's domain.</summary>
    public UnixAddress? ToName { get; set; }

    /// <summary>Who sent what was received, if the protocol tells.</summary>
    public IpEndpoint? From { get; set; }

    /// <summary>The same for sockets of Unix's domain.</summary>
    public UnixAddress? FromName { get; set; }

    /// <summary>Where what was received was sent to, if the protocol tells.</summary>
    public IpEndpoint? Destination { get; set; }

    /// <summary>The number of the link that it came by; -1 from the host itself.</summary>
    public int Link { get; set; }

    /// <summary>Octets received.</summary>
    public int Count { get; set; }

    /// <summary>Whether there were more in the datagram.</summary>
    public bool IsTruncated { get; set; }

    public static Message ToReceive(Span<byte> single) => new(single);

    public static Message ToSend(ReadOnlySpan<byte> single) =>
        new(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(single), single.Length));

    public static Message Of(ReadOnlySpan<IoVector> pieces) => new(pieces);

    /// <summary>Writes who sent what was received, as far as it fits.</summary>
    /// <returns>How long the address is; 0 if there is none.</returns>
    public readonly int WriteFrom(Span<byte> address) =>
        From is { } from ? SocketAddress.Write(from, address) : FromName is { } name ? UnixAddress.Write(name, address) : 0;

    /// <summary>Octets in all pieces.</summary>
    public readonly long Length
    {
        get
        {
            long length = _single.Length;
            foreach (var piece in _pieces) length += (long)piece.Count;
            return length;
        }
    }

    /// <summary>How many pieces there are.</summary>
    public readonly int PieceCount => _pieces.IsEmpty ? 1 : _pieces.Length;

    /// <summary>One piece.</summary>
    public readonly Span<byte> Piece(int index) =>
        _pieces.IsEmpty ? _single : new(_pieces[index].Base, (int)Math.Min(_pieces[index].Count, int.MaxValue));

    /// <summary>Copies a datagram into the pieces, as far as it fits, and counts.</summary>
    public void Fill(ReadOnlySpan<byte> datagram)
    {
        var rest = datagram;
        for (int i = 0; i < PieceCount && !rest.IsEmpty; i++)
        {
            var piece = Piece(i);
            int n = Math.Min(piece.Length, rest.Length);
            rest[..n].CopyTo(piece);
            rest = rest[n..];
        }

        Count = datagram.Length - rest.Length;
        IsTruncated = !rest.IsEmpty;
    }

    /// <summary>The octets of all pieces, one after the other.</summary>
    public readonly byte[] ToArray()
    {
        byte[] octets = new byte[Length];
        int length = 0;
        for (int i = 0; i < PieceCount; i++)
        {
            Piece(i).CopyTo(octets.AsSpan(length));
            length += Piece(i).Length;
        }

        return octets;
    }
}
