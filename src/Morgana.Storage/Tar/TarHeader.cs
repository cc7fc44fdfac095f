using System.Text;

namespace Morgana.Storage;

/// <summary>A header of a tar archive, in one block of 512 octets (POSIX.1-1988 ustar, and GNU's numbers).</summary>
/// <remarks><code>
/// name 0..100 | mode 8 | uid 8 | gid 8 | size 124..136 | mtime 136..148 | checksum 148..156 | type 156 | link 100 | magic 257..263 | … | prefix 345..500
/// </code></remarks>
internal readonly ref struct TarHeader
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _block;

    private TarHeader(ReadOnlySpan<byte> block) => _block = block;

    /// <summary>What kind of entry follows: '0' or NUL a file, '5' a directory, 'x' and 'g' pax records, 'L' GNU's long name.</summary>
    public byte Type => _block[156];

    /// <summary>When it was last changed, in seconds since 1970; 0 if the field makes no sense.</summary>
    public long Modified => TryNumber(_block[136..148], out long value) ? value : 0;

    /// <summary>Octets of content; false if the field is no number, or negative.</summary>
    public bool TryGetSize(out long size) => TryNumber(_block[124..136], out size) && size >= 0;

    /// <summary>The path, prefix included; null if it is no UTF-8.</summary>
    public string? Name
    {
        get
        {
            string? name = Text(_block[..100]);
            // Only ustar has a prefix; GNU's old format has other fields there, and another magic.
            string? prefix = _block[257..263].SequenceEqual("ustar\0"u8) ? Text(_block[345..500]) : "";
            return name is null || prefix is null ? null : prefix.Length > 0 ? $"{prefix}/{name}" : name;
        }
    }

    /// <summary>Whether a block is all zeroes: two such end an archive.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    /// <summary>Reads a header; false if its checksum does not match.</summary>
    public static bool TryParse(ReadOnlySpan<byte> block, out TarHeader header)
    {
        header = new(block);
        if (!TryNumber(block[148..156], out long expected)) return false;
        int sum = 8 * ' ';                              // The checksum's own field counts as blanks.
        for (int i = 0; i < Size; i++)
            if (i is < 148 or >= 156) sum += block[i];
        return sum == expected;
    }

    /// <summary>Text up to a NUL or the field's end; null if it is no UTF-8.</summary>
    public static string? Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        if (end >= 0) field = field[..end];
        try
        {
            return s_strict.GetString(field);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private static bool TryNumber(ReadOnlySpan<byte> field, out long value)
    {
        value = 0;
        if ((field[0] & 0x80) != 0)
        {
            // GNU: the rest is a binary number, which we take if it fits and is not negative.
            value = field[0] & 0x7F;
            foreach (byte octet in field[1..])
            {
                if (value > long.MaxValue >> 8) return false;
                value = (value << 8) | octet;
            }

            return true;
        }

        field = field.Trim(" \0"u8);
        foreach (byte digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3) return false;
            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }
}
