using Microsoft.Net.Http.Headers;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>One range of a representation that can be served: not empty, and inside it.</summary>
internal readonly record struct ByteRange(int Offset, int Length);

/// <summary>Range requests (RFC 9110 14.2).</summary>
internal static class ByteRanges
{
    /// <summary>More than these are ignored: many small ranges cost the server more than the whole file (RFC 9110 17.15).</summary>
    private const int Limit = 16;

    /// <summary>What is to be served of <paramref name="length"/> octets.</summary>
    /// <param name="range">The Range field's parsed value; null where it is absent or makes no sense.</param>
    /// <param name="length">The representation's length.</param>
    /// <param name="ranges">The ranges that can be satisfied, in the order asked for.</param>
    /// <returns>False: answer 416. True without ranges: ignore the field and send everything.</returns>
    public static bool TrySelect(RangeHeaderValue? range, int length, out IReadOnlyList<ByteRange> ranges)
    {
        ranges = [];
        if (range is null || !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)) return true;
        if (range.Ranges.Count is 0 or > Limit) return true;
        var selected = new List<ByteRange>();
        long total = 0;
        foreach (var item in range.Ranges)
        {
            if (Resolve(item, length) is not { } resolved) continue;
            selected.Add(resolved);
            total += resolved.Length;
        }

        if (selected.Count == 0) return false;
        // Overlapping ranges that add up to more than the file: whoever asks that wants to be expensive.
        if (total <= length) ranges = selected;
        return true;
    }

    private static ByteRange? Resolve(RangeItemHeaderValue item, int length)
    {
        if (item.From is { } from)
        {
            if (from >= length) return null;
            long last = Math.Min(item.To ?? long.MaxValue, length - 1);
            return new((int)from, (int)(last - from + 1));
        }

        // The last octets of the file. A suffix of zero cannot be satisfied.
        long suffix = Math.Min(item.To ?? 0, length);
        return suffix == 0 ? null : new((int)(length - suffix), (int)suffix);
    }
}
