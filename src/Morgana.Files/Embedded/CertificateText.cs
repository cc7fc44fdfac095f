using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Morgana.Files;

/// <summary>A bundle of certificates as the text that OpenSSL reads (RFC 7468), of certificates that lie one after the other as they are signed: a quarter shorter.</summary>
/// <remarks>
/// The text is made when somebody first reads it, and stays. Safety: the certificates are the image's own memory, which is there as long as the
/// process is; the text is an array that does not move, and that this object keeps.
/// </remarks>
internal sealed unsafe class CertificateText : MemoryManager<byte>
{
    private const int OctetsInLine = 48, CharactersInLine = 64;
    private readonly byte* _start;
    private readonly int _length, _textLength;
    private byte[]? _text;

    private CertificateText(byte* start, int length, int textLength)
    {
        _start = start;
        (_length, _textLength) = (length, textLength);
    }

    private static ReadOnlySpan<byte> Begin => "-----BEGIN CERTIFICATE-----\n"u8;

    private static ReadOnlySpan<byte> End => "-----END CERTIFICATE-----\n"u8;

    /// <inheritdoc/>
    public override Memory<byte> Memory => CreateMemory(_textLength);

    /// <summary>The text of certificates.</summary>
    /// <returns>False if they are none, such as a text already.</returns>
    public static bool TryCreate(byte* start, int length, out ReadOnlyMemory<byte> text)
    {
        text = default;
        long textLength = 0;
        for (var rest = new ReadOnlySpan<byte>(start, length); !rest.IsEmpty;)
        {
            if (!TryMeasure(rest, out int certificate)) return false;
            int characters = (certificate + 2) / 3 * 4;
            textLength += Begin.Length + characters + ((characters + CharactersInLine - 1) / CharactersInLine) + End.Length;
            rest = rest[certificate..];
        }

        if (textLength > Array.MaxLength) return false;
        text = new CertificateText(start, length, (int)textLength).Memory;
        return true;
    }

    public override Span<byte> GetSpan() => Text();

    public override MemoryHandle Pin(int elementIndex = 0) => new(Unsafe.AsPointer(ref Text()[elementIndex]), default, this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    // X.690 8.1.3: a sequence whose length stands in one octet, or in as many behind it as that says.
    private static bool TryMeasure(ReadOnlySpan<byte> from, out int length)
    {
        length = 0;
        if (from.Length < 2 || from[0] != 0x30) return false;
        int octets = from[1] & 0x7F, header = 2;
        long content = octets;
        if (from[1] >= 0x80)
        {
            header += octets;
            if (octets is < 1 or > 3 || from.Length < header) return false;
            content = 0;
            foreach (byte octet in from[2..header]) content = (content << 8) | octet;
        }

        if (content > from.Length - header) return false;
        length = header + (int)content;
        return true;
    }

    private byte[] Text()
    {
        if (_text is { } made) return made;
        byte[] text = GC.AllocateUninitializedArray<byte>(_textLength, pinned: true);
        var to = text.AsSpan();
        for (var rest = new ReadOnlySpan<byte>(_start, _length); !rest.IsEmpty;)
        {
            _ = TryMeasure(rest, out int certificate);
            Put(Begin, ref to);
            for (var left = rest[..certificate]; !left.IsEmpty;)
            {
                var line = left[..Math.Min(left.Length, OctetsInLine)];
                Base64.EncodeToUtf8(line, to, out _, out int written);
                to[written] = (byte)'\n';
                to = to[(written + 1)..];
                left = left[line.Length..];
            }

            Put(End, ref to);
            rest = rest[certificate..];
        }

        // Whoever was first has made the same.
        return Interlocked.CompareExchange(ref _text, text, null) ?? text;
    }

    private static void Put(ReadOnlySpan<byte> line, ref Span<byte> to)
    {
        line.CopyTo(to);
        to = to[line.Length..];
    }
}
