namespace Morgana.Kernel;

/// <summary>Dates of the Gregorian calendar.</summary>
internal static class Calendar
{
    /// <summary>Seconds since the beginning of 1970, UTC.</summary>
    public static ulong Seconds(uint year, uint month, uint day, uint hour, uint minute, uint second)
    {
        // Years begin in March here, so that the leap day comes last.
        ulong y = month <= 2 ? year - 1 : year;
        ulong m = month <= 2 ? month + 9 : month - 3;
        ulong days = (365 * y) + (y / 4) - (y / 100) + (y / 400) + (((153 * m) + 2) / 5) + day - 1 - 719_468;
        return (days * 86_400) + (hour * 3600) + (minute * 60) + second;
    }
}
