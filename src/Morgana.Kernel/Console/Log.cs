using System;

namespace Morgana.Kernel;

/// <summary>The kernel's own lines on the console.</summary>
internal static unsafe class Log
{
    private static bool s_midLine;

    public static void Write(ReadOnlySpan<byte> text) => Write(text.Pointer, (ulong)text.Length);

    public static void Write(byte* text, ulong length)
    {
        Serial.Write(text, length);
        if (length > 0) s_midLine = text[length - 1] != (byte)'\n';
    }

    /// <summary>Begins a line of the kernel's: on a line of its own, whatever the application was about to say.</summary>
    public static void Begin(ReadOnlySpan<byte> text)
    {
        if (s_midLine) Write("\n"u8);
        Write("kernel: "u8);
        Write(text);
    }

    public static void End(ReadOnlySpan<byte> text)
    {
        Write(text);
        Write("\n"u8);
    }

    public static void Line(ReadOnlySpan<byte> text)
    {
        Begin(text);
        Write("\n"u8);
    }

    public static void WriteNull(byte* text)
    {
        ulong length = 0;
        while (text[length] != 0) length++;
        Write(text, length);
    }

    public static void Number(ulong value)
    {
        byte* digits = stackalloc byte[20];
        int count = Text.Decimal(value, digits);
        Write(digits, (ulong)count);
    }

    public static void Hex(ulong value, int digits = 0)
    {
        byte* text = stackalloc byte[16];
        int count = Text.Hexadecimal(value, text, digits);
        Write(text, (ulong)count);
    }

    /// <summary>A size in octets, in words: "64 MB", "612 KB".</summary>
    public static void Size(ulong octets)
    {
        bool mega = octets >= 10 << 20;
        Number(mega ? octets >> 20 : octets >> 10);
        Write(mega ? " MB"u8 : " KB"u8);
    }
}
