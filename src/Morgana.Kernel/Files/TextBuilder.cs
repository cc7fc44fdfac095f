using System;

namespace Morgana.Kernel;

/// <summary>Text that grows in a place of fixed size, and is cut there.</summary>
internal unsafe ref struct TextBuilder
{
    private readonly byte* _to;
    private readonly int _room;

    public int Length;

    public TextBuilder(byte* to, int room)
    {
        _to = to;
        _room = room;
        Length = 0;
    }

    public void Add(ReadOnlySpan<byte> text) => Add(Literal.Pointer(text), text.Length);

    public void AddHex(ulong value, int digits = 0)
    {
        byte* buffer = stackalloc byte[16];
        Add(buffer, Text.Hexadecimal(value, buffer, digits));
    }

    public void AddNumber(ulong value)
    {
        byte* buffer = stackalloc byte[20];
        Add(buffer, Text.Decimal(value, buffer));
    }

    private void Add(byte* text, int count)
    {
        for (int i = 0; i < count && Length < _room; i++) _to[Length++] = text[i];
    }
}
