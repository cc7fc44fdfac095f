namespace Morgana.Core;

/// <summary>A point on the loop's monotonic time line, in nanoseconds. Its origin has no meaning: only differences do.</summary>
/// <remarks>Below <c>Morgana.Sockets</c> nobody reads a clock; an <see cref="Instant"/> comes in as an argument, so that every machine runs on virtual time.</remarks>
/// <param name="Nanoseconds">Nanoseconds since the time line's origin. 292 years fit.</param>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>The origin of the time line.</summary>
    public static Instant Zero => default;

    /// <summary>Later than every instant that can be reached: "no deadline".</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>The instant that lies <paramref name="span"/> after the origin.</summary>
    public static Instant FromOrigin(TimeSpan span) => new(span.Ticks * 100);

    /// <summary>The instant <paramref name="span"/> later. <see cref="Never"/> stays never, and what lies beyond the time line's end is never too.</summary>
    public static Instant operator +(Instant instant, TimeSpan span)
    {
        if (instant == Never || span.Ticks >= long.MaxValue / 100) return Never;
        long later = unchecked(instant.Nanoseconds + (span.Ticks * 100));
        return span.Ticks > 0 && later < instant.Nanoseconds ? Never : new(later);
    }

    /// <summary>The instant <paramref name="span"/> earlier.</summary>
    public static Instant operator -(Instant instant, TimeSpan span) => new(unchecked(instant.Nanoseconds - (span.Ticks * 100)));

    /// <summary>The time from <paramref name="earlier"/> to <paramref name="later"/>, truncated to 100 ns.</summary>
    public static TimeSpan operator -(Instant later, Instant earlier) => new(unchecked(later.Nanoseconds - earlier.Nanoseconds) / 100);

    /// <summary>Whether <paramref name="a"/> comes before <paramref name="b"/>.</summary>
    public static bool operator <(Instant a, Instant b) => a.Nanoseconds < b.Nanoseconds;

    /// <summary>Whether <paramref name="a"/> comes after <paramref name="b"/>.</summary>
    public static bool operator >(Instant a, Instant b) => a.Nanoseconds > b.Nanoseconds;

    /// <summary>Whether <paramref name="a"/> does not come after <paramref name="b"/>.</summary>
    public static bool operator <=(Instant a, Instant b) => a.Nanoseconds <= b.Nanoseconds;

    /// <summary>Whether <paramref name="a"/> does not come before <paramref name="b"/>.</summary>
    public static bool operator >=(Instant a, Instant b) => a.Nanoseconds >= b.Nanoseconds;

    /// <summary>The earlier of two instants.</summary>
    public static Instant Min(Instant a, Instant b) => a < b ? a : b;

    /// <summary>The later of two instants.</summary>
    public static Instant Max(Instant a, Instant b) => a > b ? a : b;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>The instant as seconds since the origin, with microseconds.</summary>
    public override string ToString() =>
        this == Never ? "never" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Nanoseconds / 1_000_000_000.0:F6}s");
}
