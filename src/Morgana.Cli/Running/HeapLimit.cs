using System.Globalization;
using System.Numerics;

namespace Morgana.Cli.Running;

/// <summary>A limit that .NET's collector can live with, and how it is told.</summary>
/// <remarks>
/// With a hard limit .NET 9's collector reserves little more than that. Where its tables for so small a range end in the middle of a page, it writes
/// past what it has committed, and crashes once the heap has grown: on Linux as on our kernel, with 17, 18, 31, 32, 33, 34, 36 and 38 MB of
/// 40 limits tried. With a range of 1 GB, as with the 256 GB that it takes without a limit, none of 30 limits from 6 to 256 MB did, nor
/// larger ones with as much more. The range is addresses alone: 128 KB of memory are all it costs.
/// </remarks>
internal static class HeapLimit
{
    private const long LeastRange = 1L << 30;

    /// <summary>The variables that tell the guest's runtime.</summary>
    public static IEnumerable<string> Environment(long limit)
    {
        long range = Math.Max(LeastRange, (long)BitOperations.RoundUpToPowerOf2((ulong)limit) * 8);
        // Hexadecimal without 0x: with it, .NET ignores the setting silently.
        return [$"DOTNET_GCHeapHardLimit={limit.ToString("x", CultureInfo.InvariantCulture)}", $"DOTNET_GCRegionRange={range.ToString("x", CultureInfo.InvariantCulture)}"];
    }
}
