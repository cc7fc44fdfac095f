using System.Runtime.InteropServices;

namespace Morgana.Cli.Running;

/// <summary>How a terminal treats what is typed and written, as termios(3) has it in glibc for x86-64.</summary>
/// <remarks>Safety of all of its calls: the buffer is as large as glibc's type or larger, lives in this frame, and is kept by none.</remarks>
internal sealed class TerminalSettings
{
    private const int Size = 64;                                            // struct termios has 60 octets.
    private const int InputFlags = 0, OutputFlags = 4, LocalFlags = 12, Characters = 17;
    private const uint BreakInterrupts = 2, MarkParity = 8, Strip = 0x20, MapNewLine = 0x40, IgnoreReturn = 0x80, MapReturn = 0x100, FlowControl = 0x400;
    private const uint ProcessOutput = 1;                                   // OPOST
    private const uint Signals = 1, Lines = 2, Echo = 8, EchoNewLine = 0x40, Extensions = 0x8000;
    private const int Time = 5, Minimum = 6, Suspend = 10;                  // VTIME, VMIN, VSUSP
    private readonly byte[] _octets;

    private TerminalSettings(byte[] octets) => _octets = octets;

    /// <summary>What a terminal has now; null where the descriptor is none.</summary>
    public static unsafe TerminalSettings? Read(int descriptor)
    {
        byte[] octets = new byte[Size];
        fixed (byte* start = octets) return Libc.GetTerminal(descriptor, start) == 0 ? new(octets) : null;
    }

    /// <summary>For the user's own terminal while a guest has one like it: what is typed comes at once and as it is; what is written is treated as ever.</summary>
    public TerminalSettings ToRaw() => With(octets =>
    {
        Clear(octets, InputFlags, BreakInterrupts | MarkParity | Strip | MapNewLine | IgnoreReturn | MapReturn | FlowControl);
        Clear(octets, LocalFlags, Signals | Lines | Echo | EchoNewLine | Extensions);
        (octets[Characters + Minimum], octets[Characters + Time]) = (1, 0);
    });

    /// <summary>For the guest's: what it writes comes to the user's terminal, which treats it; and nobody could wake it once it was suspended.</summary>
    public TerminalSettings ToGuest() => With(octets =>
    {
        Clear(octets, OutputFlags, ProcessOutput);
        octets[Characters + Suspend] = 0;                                   // _POSIX_VDISABLE
    });

    /// <summary>Gives them to a terminal, once all that was written before has gone out.</summary>
    public unsafe void Apply(int descriptor)
    {
        const int drain = 1;                                                // TCSADRAIN
        fixed (byte* start = _octets) _ = Libc.SetTerminal(descriptor, drain, start);
    }

    private TerminalSettings With(Action<byte[]> change)
    {
        byte[] octets = [.. _octets];
        change(octets);
        return new(octets);
    }

    private static void Clear(byte[] octets, int field, uint flags)
    {
        ref uint value = ref MemoryMarshal.Cast<byte, uint>(octets.AsSpan(field))[0];
        value &= ~flags;
    }
}
