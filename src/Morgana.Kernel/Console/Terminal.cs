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

    /// <summary>Whether the line takes more.</summary>
    public static bool CanWrite => Serial.IsEmpty;

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

    /// <summary>Writes from the application's memory as much as the line takes; nothing of it is lost, however slow whoever reads it is.</summary>
    /// <remarks>While the line takes nothing the thread sleeps, and everybody else goes on: a pager that shows the first page holds up nobody but who writes.</remarks>
    /// <returns>How many octets, or <see cref="Error.Fault"/>.</returns>
    public static ulong Write(Thread* thread, ulong from, ulong count)
    {
        const ulong patience = 1_000_000;                   // nanoseconds; the line does not say when there is room again
        byte* buffer = stackalloc byte[(int)Serial.MostAtOnce];
        for (ulong done = 0; done < count;)
        {
            if (!CanWrite)
            {
                if (done > 0) return done;
                Scheduler.BlockAndRestart(thread, 0, TimeCalls.Add(Clock.Now(), patience));
                // signal(7): a write to a terminal is made again after a handler, and has no deadline of its own.
                thread->Deadline = ulong.MaxValue;
                return 0;
            }

            ulong n = Bits.Min(Serial.Room, count - done);
            if (!UserMemory.CopyIn(buffer, from + done, n)) return done > 0 ? done : Error.Fault;
            Log.Write(buffer, n);
            done += n;
        }

        return count;
    }
}
