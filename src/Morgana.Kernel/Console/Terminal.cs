using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>The console as the application sees it: what it writes goes to the serial line, what it reads comes from there, and Ctrl-C and Ctrl-\ are signals.</summary>
internal static unsafe class Terminal
{
    // For each '+' on the debug console a runner may send so many octets: none comes before the line is ready, and what is said to stop the
    // guest never stands behind what nobody reads.
    private const ulong Credit = 1024, CreditAtOnce = 2 * Credit;

    private static TerminalInput s_input;
    private static File* s_console;
    private static ulong s_read;

    /// <summary>Whether a read would not wait.</summary>
    public static bool CanRead => Input->CanRead;

    private static TerminalInput* Input => (TerminalInput*)Unsafe.AsPointer(ref s_input);

    /// <param name="console">The file by which the application knows it.</param>
    /// <param name="second">Whether input comes by the second serial line.</param>
    public static void Init(File* console, bool second)
    {
        s_console = console;
        Serial.EnableInput(second);
        uint line = Acpi.IsaLine(Serial.Line, out ushort flags);
        IoApic.Route(line, Vectors.Serial, Processors.At(0)->ApicId, (flags & 0xc) == 0xc, (flags & 3) == 3);
        Grant(CreditAtOnce);
    }

    /// <summary>The line has something to say. What there is no room for stays in it, and holds the other side up.</summary>
    public static void HandleInterrupt()
    {
        bool could = CanRead;
        while (Input->HasRoom && Serial.TryRead(out byte octet))
        {
            int signal = Input->Accept(octet);
            if (signal != 0) Signals.SendToProcess(signal);
        }

        if (CanRead && !could) Polling.Changed(s_console);
    }

    /// <summary>Reads to the application's memory: what there is, or 0 octets when nothing more will come.</summary>
    public static ulong Read(Thread* thread, ulong to, ulong count)
    {
        if (!CanRead) return Polling.WaitFor(thread, s_console);
        ulong done = 0;
        while (done < count && Input->Length > 0)
        {
            ulong n = Bits.Min(count - done, (ulong)Input->FirstLength);
            if (!UserMemory.CopyOut(to + done, Input->First, n)) return done > 0 ? done : Error.Fault;
            Input->Take((int)n);
            done += n;
        }

        Grant(done);
        HandleInterrupt();
        return done;
    }

    private static void Grant(ulong octets)
    {
        for (s_read += octets; s_read >= Credit; s_read -= Credit) Machine.Out8(Power.DebugConsole, (byte)'+');
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
