using System;

namespace Morgana.Kernel;

/// <summary>Numbers and names as octets.</summary>
internal static unsafe class Text
{
    /// <summary>Writes a number in decimal. <paramref name="to"/> has room for 20 digits.</summary>
    /// <returns>How many digits.</returns>
    public static int Decimal(ulong value, byte* to)
    {
        int count = 1;
        for (ulong rest = value / 10; rest > 0; rest /= 10) count++;
        for (int i = count - 1; i >= 0; i--, value /= 10) to[i] = (byte)('0' + (value % 10));
        return count;
    }

    /// <summary>Writes a number in hexadecimal, with at least <paramref name="digits"/> digits. <paramref name="to"/> has room for 16.</summary>
    public static int Hexadecimal(ulong value, byte* to, int digits = 0)
    {
        int count = 1;
        while (count < 16 && (value >> (count * 4)) != 0) count++;
        if (count < digits) count = digits;
        for (int i = count - 1; i >= 0; i--, value >>= 4)
        {
            int digit = (int)(value & 15);
            to[i] = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        }

        return count;
    }

    /// <summary>Whether a zero-terminated text is exactly <paramref name="literal"/>.</summary>
    public static bool Is(byte* text, ReadOnlySpan<byte> literal) =>
        StartsWith(text, Literal.Pointer(literal), literal.Length) && text[literal.Length] == 0;

    /// <summary>Whether a zero-terminated text begins with <paramref name="literal"/>.</summary>
    public static bool Begins(byte* text, ReadOnlySpan<byte> literal) =>
        StartsWith(text, Literal.Pointer(literal), literal.Length);

    /// <summary>Parses a decimal number with an optional K, M or G behind it, as far as the text is one.</summary>
    /// <returns>How many octets of the text were the number; 0 if it is none.</returns>
    public static int ParseSize(byte* text, out ulong value)
    {
        value = 0;
        int i = 0;
        while (text[i] >= '0' && text[i] <= '9' && i < 18) value = (value * 10) + (ulong)(text[i++] - '0');
        if (i == 0) return 0;
        int shift = text[i] switch { (byte)'K' or (byte)'k' => 10, (byte)'M' or (byte)'m' => 20, (byte)'G' or (byte)'g' => 30, _ => 0 };
        if (shift > 0) i++;
        value <<= shift;
        return i;
    }

    private static bool StartsWith(byte* text, byte* prefix, int length)
    {
        for (int i = 0; i < length; i++)
        {
            if (text[i] == 0 || text[i] != prefix[i]) return false;
        }

        return true;
    }
}
