using System.Globalization;

namespace Morgana.Core;

/// <summary>An amount of memory or storage.</summary>
/// <param name="Octets">How many octets.</param>
public readonly record struct ByteSize(long Octets) : ITextValue<ByteSize>
{
    private const string Units = "KMGT";

    /// <inheritdoc/>
    public static string Expected => "a size, such as 64M, 32MiB or 1048576 (K, M, G and T count in steps of 1024)";

    /// <summary>Parses a whole number with an optional unit: K, M, G or T, which may end with "iB". "MB" is refused, since it means two things.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ByteSize size)
    {
        size = default;
        int digits = text.IndexOfAnyExceptInRange('0', '9');
        var unit = digits < 0 ? default : text[digits..];
        if (digits >= 0) text = text[..digits];
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return false;
        if (unit.Length is 2 or > 3) return false;
        if (unit.Length == 3 && !unit[1..].Equals("ib", StringComparison.OrdinalIgnoreCase)) return false;
        int shift = unit.IsEmpty ? 0 : 10 * (Units.IndexOf(char.ToUpperInvariant(unit[0])) + 1);
        if ((!unit.IsEmpty && shift == 0) || number > long.MaxValue >> shift) return false;
        size = new(number << shift);
        return true;
    }

    /// <summary>Parses like <see cref="TryParse(ReadOnlySpan{char}, out ByteSize)"/>.</summary>
    /// <exception cref="FormatException">It is no size.</exception>
    public static ByteSize Parse(string text) => TextValue.Parse<ByteSize>(text);

    /// <summary>The size in the largest unit that divides it.</summary>
    public override string ToString()
    {
        int steps = Octets == 0 ? 0 : Math.Min(Units.Length, (int)(long.TrailingZeroCount(Octets) / 10));
        return steps == 0
            ? Octets.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Octets >> (10 * steps)}{Units[steps - 1]}iB");
    }
}
