using System.Globalization;

namespace Morgana.Cli.Arguments;

/// <summary>An amount of memory as people write it: <c>64M</c>, <c>1G</c>, <c>512MiB</c>, or plain octets. The units are powers of 1024.</summary>
public static class MemorySize
{
    /// <summary>What a guest needs at least: its image, stacks, a small heap and a few buffers.</summary>
    public const long Least = 8L << 20;

    /// <summary>Reads a size in octets.</summary>
    /// <returns>False if it is not a number with one of the units, or does not fit.</returns>
    public static bool TryParse(string text, out long octets)
    {
        octets = 0;
        string number = text.Trim();
        int unit = number.AsSpan().IndexOfAnyExceptInRange('0', '9');
        string suffix = unit < 0 ? "" : number[unit..].ToUpperInvariant();
        int shift = suffix switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 10,
            "M" or "MB" or "MIB" => 20,
            "G" or "GB" or "GIB" => 30,
            _ => -1,
        };
        if (shift < 0 || !long.TryParse(unit < 0 ? number : number[..unit], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            || count > long.MaxValue >> shift)
        {
            return false;
        }

        octets = count << shift;
        return true;
    }
}
