using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Morgana.Composition;

/// <summary>An amount of memory or storage as people write it: <c>64M</c>, <c>1GiB</c>, or plain octets. The units are powers of 1024.</summary>
/// <param name="Octets">In octets.</param>
public readonly record struct ByteSize(long Octets) : IParsable<ByteSize>
{
    private const string Units = "KMGTP";

    /// <summary>Parses it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ByteSize Parse(string s, IFormatProvider? provider = null) => TryParse(s, provider, out var size) ? size : throw new FormatException($"'{s}' is no size such as 64M.");

    /// <summary>Parses it; false if it is none, or does not fit in 63 bits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result)
    {
        result = default;
        ReadOnlySpan<char> text = s;
        int unit = text.IndexOfAnyExceptInRange('0', '9');
        var suffix = unit < 0 ? default : text[unit..];
        int shift = 0;
        if (suffix.Length > 0 && suffix is not ("B" or "b"))
        {
            int power = Units.IndexOf(char.ToUpperInvariant(suffix[0]), StringComparison.Ordinal);
            if (power < 0 || !(suffix.Length == 1 || suffix[1..] is "B" or "b" or "iB" or "ib")) return false;
            shift = 10 * (power + 1);
        }

        if (!long.TryParse(unit < 0 ? text : text[..unit], NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count > long.MaxValue >> shift) return false;
        result = new(count << shift);
        return true;
    }

    /// <summary>With the largest unit that loses nothing.</summary>
    public override string ToString()
    {
        int power = 0;
        for (; power < Units.Length && Octets != 0 && (Octets & ((1L << (10 * (power + 1))) - 1)) == 0; power++)
        {
        }

        return (Octets >> (10 * power)).ToString(CultureInfo.InvariantCulture) + (power == 0 ? "" : Units[power - 1].ToString());
    }
}
