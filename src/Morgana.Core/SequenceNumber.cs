namespace Morgana.Core;

/// <summary>A point on the TCP sequence ring, ordered by serial-number arithmetic (RFC 1982, RFC 9293 3.4).</summary>
/// <remarks>There is no <see cref="IComparable{T}"/> on purpose: the order is not transitive around the ring, so nobody may sort by it.</remarks>
/// <param name="Value">The number as it stands on the wire, in host order.</param>
public readonly record struct SequenceNumber(uint Value)
{
    /// <summary>The number <paramref name="n"/> octets further round the ring.</summary>
    public static SequenceNumber operator +(SequenceNumber s, int n) => new(unchecked(s.Value + (uint)n));

    /// <summary>The number <paramref name="n"/> octets back round the ring.</summary>
    public static SequenceNumber operator -(SequenceNumber s, int n) => new(unchecked(s.Value - (uint)n));

    /// <summary>The signed distance from <paramref name="b"/> to <paramref name="a"/>; right while they are less than 2^31 apart.</summary>
    public static int operator -(SequenceNumber a, SequenceNumber b) => unchecked((int)(a.Value - b.Value));

    /// <summary>Whether <paramref name="a"/> lies before <paramref name="b"/>.</summary>
    public static bool operator <(SequenceNumber a, SequenceNumber b) => a - b < 0;

    /// <summary>Whether <paramref name="a"/> lies after <paramref name="b"/>.</summary>
    public static bool operator >(SequenceNumber a, SequenceNumber b) => a - b > 0;

    /// <summary>Whether <paramref name="a"/> does not lie after <paramref name="b"/>.</summary>
    public static bool operator <=(SequenceNumber a, SequenceNumber b) => a - b <= 0;

    /// <summary>Whether <paramref name="a"/> does not lie before <paramref name="b"/>.</summary>
    public static bool operator >=(SequenceNumber a, SequenceNumber b) => a - b >= 0;

    /// <summary>Whether the number lies in the half-open range of <paramref name="length"/> octets that begins at <paramref name="start"/>.</summary>
    public bool IsIn(SequenceNumber start, uint length) => unchecked(Value - start.Value) < length;

    /// <summary>The later of two numbers.</summary>
    public static SequenceNumber Max(SequenceNumber a, SequenceNumber b) => a > b ? a : b;

    /// <summary>The earlier of two numbers.</summary>
    public static SequenceNumber Min(SequenceNumber a, SequenceNumber b) => a < b ? a : b;

    /// <summary>The number in decimal, as tools print it.</summary>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
