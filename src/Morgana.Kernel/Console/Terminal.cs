namespace Morgana.Kernel;

/// <summary>The console as the application sees it: what it writes goes to the serial line; Ctrl-C and Ctrl-\ there are signals, as on a terminal.</summary>
internal static unsafe class Terminal
{
    private const byte ControlC = 3, ControlBackslash = 0x1c;

    public static void Init()
    {
        Serial.EnableInput();
        uint line = Acpi.IsaLine(Serial.Line, out ushort flags);
        IoApic.Route(line, Vectors.Serial, Processors.At(0)->ApicId, (flags & 0xc) == 0xc, (flags & 3) == 3);
    }

    /// <summary>The line has something to say. Ctrl-C interrupts; Ctrl-\, by which a runner asks for a tidy end, is SIGTERM. The rest is dropped: nobody reads.</summary>
    public static void HandleInterrupt()
    {
        while (Serial.TryRead(out byte octet))
        {
            if (octet == ControlC) Signals.SendToProcess(Signals.Interrupt);
            if (octet == ControlBackslash) Signals.SendToProcess(Signals.Terminate);
        }
    }

    /// <summary>Writes from the application's memory.</summary>
    /// <returns>How many octets, or <see cref="Error.Fault"/>.</returns>
    public static ulong Write(ulong from, ulong count)
    {
        const ulong most = 256;
        byte* buffer = stackalloc byte[(int)most];
        for (ulong done = 0; done < count;)
        {
            ulong n = Bits.Min(most, count - done);
            if (!UserMemory.CopyIn(buffer, from + done, n)) return done > 0 ? done : Error.Fault;
            Log.Write(buffer, n);
            done += n;
        }

        return count;
    }
}
