namespace Morgana.Core;

/// <summary>One counter for each <see cref="DropReason"/>. The loop's thread counts; others may read slightly old values.</summary>
public sealed class DropCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<DropReason>().Length];

    /// <summary>Counts one drop and hands the reason back, so that a return statement can count.</summary>
    public DropReason Count(DropReason reason)
    {
        unchecked { _counts[(int)reason]++; }
        return reason;
    }

    /// <summary>How many packets were dropped for this reason.</summary>
    public long this[DropReason reason] => Volatile.Read(ref _counts[(int)reason]);

    /// <summary>How many packets were dropped for any reason.</summary>
    public long Total
    {
        get
        {
            long total = 0;
            for (int i = 1; i < _counts.Length; i++) total += Volatile.Read(ref _counts[i]);
            return total;
        }
    }
}
