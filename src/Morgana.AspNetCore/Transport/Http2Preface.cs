using System.Buffers;

namespace Morgana.AspNetCore;

/// <summary>How much of HTTP/2's preface a connection has sent.</summary>
internal enum PrefaceMatch
{
    /// <summary>Something else.</summary>
    None,

    /// <summary>Its beginning, or nothing yet.</summary>
    Prefix,

    /// <summary>Enough to be sure.</summary>
    Whole,
}

/// <summary>The connection preface of HTTP/2 (RFC 9113 3.4).</summary>
internal static class Http2Preface
{
    /// <summary>The request line of the preface: no HTTP/1.1 request can be this.</summary>
    private static ReadOnlySpan<byte> Line => "PRI * HTTP/2.0\r\n"u8;

    public static PrefaceMatch Compare(ReadOnlySequence<byte> received)
    {
        Span<byte> copy = stackalloc byte[Line.Length];
        int length = (int)Math.Min(received.Length, Line.Length);
        var start = copy[..length];
        received.Slice(0, length).CopyTo(start);
        if (!Line.StartsWith(start)) return PrefaceMatch.None;
        return length == Line.Length ? PrefaceMatch.Whole : PrefaceMatch.Prefix;
    }
}
