namespace DeviceProbe;

/// <summary>What the probe says: both sides of a test know it.</summary>
internal static class Said
{
    /// <summary>A line of a burst: 63 octets that no other line has.</summary>
    public static string Line(int number) => $"{number:d8} ".PadRight(63, (char)('a' + (number % 26)));

    /// <summary>What was told without saying it: FNV-1a.</summary>
    public static string Digest(ReadOnlySpan<byte> octets)
    {
        ulong hash = 0xcbf2_9ce4_8422_2325;
        foreach (byte octet in octets) hash = (hash ^ octet) * 0x0000_0100_0000_01b3;
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }
}
