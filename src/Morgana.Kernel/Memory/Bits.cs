namespace Morgana.Kernel;

/// <summary>Bits of a word.</summary>
internal static class Bits
{
    /// <summary>The place of the lowest bit that is set. The value is not zero.</summary>
    public static int Lowest(ulong value)
    {
        int place = 0;
        if ((value & 0xffffffff) == 0) { place += 32; value >>= 32; }
        if ((value & 0xffff) == 0) { place += 16; value >>= 16; }
        if ((value & 0xff) == 0) { place += 8; value >>= 8; }
        if ((value & 0xf) == 0) { place += 4; value >>= 4; }
        if ((value & 3) == 0) { place += 2; value >>= 2; }
        return (value & 1) == 0 ? place + 1 : place;
    }

    /// <summary>The place of the highest bit that is set. The value is not zero.</summary>
    public static int Highest(ulong value)
    {
        int place = 0;
        if (value >> 32 != 0) { place += 32; value >>= 32; }
        if (value >> 16 != 0) { place += 16; value >>= 16; }
        if (value >> 8 != 0) { place += 8; value >>= 8; }
        if (value >> 4 != 0) { place += 4; value >>= 4; }
        if (value >> 2 != 0) { place += 2; value >>= 2; }
        return value >> 1 != 0 ? place + 1 : place;
    }

    public static ulong AlignUp(ulong value, ulong to) => (value + to - 1) & ~(to - 1);

    public static ulong AlignDown(ulong value, ulong to) => value & ~(to - 1);

    public static ulong Min(ulong a, ulong b) => a < b ? a : b;

    public static ulong Max(ulong a, ulong b) => a > b ? a : b;
}
