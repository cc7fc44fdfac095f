using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>What came in by the line and was not read yet, and what some octets of it mean: as on a terminal (termios(3), "Special characters").</summary>
internal unsafe struct TerminalInput
{
    public const int Size = 4096;

    private const byte Interrupt = 3, EndOfFile = 4, LiteralNext = 0x16, Quit = 0x1c;      // VINTR, VEOF, VLNEXT, VQUIT

    private fixed byte _octets[Size];
    private int _start;
    private bool _isLiteral;

    /// <summary>Octets that wait to be read.</summary>
    public int Length;

    /// <summary>Nothing more will come.</summary>
    public bool IsEnded;

    public bool HasRoom => Length < Size;

    public bool CanRead => Length > 0 || IsEnded;

    /// <summary>Octets that wait in one piece from <see cref="First"/> on.</summary>
    public int FirstLength => Length < Size - _start ? Length : Size - _start;

    /// <summary>The first of them. The struct does not move.</summary>
    public byte* First => (byte*)Unsafe.AsPointer(ref _octets[0]) + _start;

    /// <summary>Takes an octet from the line, where there is room. Behind Ctrl-V it is content whatever it is.</summary>
    /// <returns>What it says to the process: a signal, or 0.</returns>
    public int Accept(byte octet)
    {
        if (!_isLiteral)
        {
            switch (octet)
            {
                case LiteralNext: _isLiteral = true; return 0;
                case Interrupt: return 2;               // SIGINT
                case Quit: return 15;                   // SIGTERM: by it a runner asks for a tidy end
                case EndOfFile: IsEnded = true; return 0;
            }
        }

        _isLiteral = false;
        if (IsEnded || !HasRoom) return 0;
        _octets[(_start + Length) % Size] = octet;
        Length++;
        return 0;
    }

    /// <summary>The first octets were read.</summary>
    public void Take(int count)
    {
        _start = (_start + count) % Size;
        Length -= count;
    }
}
