using System.Numerics;

namespace Morgana.Cli.Running;

/// <summary>Limits that .NET's collector can live with.</summary>
internal static class HeapLimit
{
    /// <summary>The largest limit up to <paramref name="octets"/> that is 1, 1.25, 1.5 or 1.75 times a power of two.</summary>
    /// <remarks>
    /// .NET 9's collector writes outside of its own tables, and crashes when the heap is full, with some limits a little above a power of two:
    /// 18, 33, 34 and 36 MB did, on Linux as on our kernel, while 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96 and 128 MB did not.
    /// </remarks>
    public static long Round(long octets)
    {
        long power = (long)BitOperations.RoundUpToPowerOf2((ulong)octets);
        if (power > octets) power >>= 1;
        return octets / (power / 4) * (power / 4);
    }
}
