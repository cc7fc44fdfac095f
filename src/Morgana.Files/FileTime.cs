namespace Morgana.Files;

/// <summary>A file's time: seconds since 1970, which may be negative, and nanoseconds after that second.</summary>
/// <remarks>Not one number of nanoseconds: the first day of <see cref="DateTime"/>, which programs do set, would not fit.</remarks>
/// <param name="Seconds">Since the epoch, without leap seconds.</param>
/// <param name="Nanoseconds">0 to 999,999,999.</param>
public readonly record struct FileTime(long Seconds, int Nanoseconds) : IComparable<FileTime>
{
    /// <summary>The same moment; ticks are 100 ns.</summary>
    public static FileTime From(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTime.UnixEpoch.Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0 ? new(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100) : new(seconds, (int)rest * 100);
    }

    /// <inheritdoc/>
    public int CompareTo(FileTime other) => Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);
}
