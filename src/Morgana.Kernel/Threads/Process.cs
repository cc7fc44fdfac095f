using System;

namespace Morgana.Kernel;

/// <summary>The application as a whole: there is one, and the machine ends with it.</summary>
internal static unsafe class Process
{
    /// <summary>Its number. It is the first there is, as on Linux.</summary>
    public const int Id = 1;

    /// <summary>The application has said that it is done: exit_group(2).</summary>
    public static void End(int status)
    {
        SystemCallTable.ReportMissing();
        if (status != 0) OutOfMemory.ReportRefusals();
        Power.Off(status);
    }

    /// <summary>A signal that nobody handles ends the application, with the status that a shell would show.</summary>
    public static void EndBySignal(Thread* thread, int signal, ulong address)
    {
        Log.Begin("the application was ended by signal "u8);
        Log.Number((ulong)signal);
        Log.Write(Name(signal));
        Log.Write(" in thread "u8);
        Log.Number((ulong)thread->Id);
        Log.Write(" at "u8);
        Log.Hex(thread->Frame.Rip);
        if (signal is Signals.SegmentationViolation or Signals.Bus)
        {
            Log.Write(", address "u8);
            Log.Hex(address);
        }

        Log.End(""u8);
        End(128 + signal);
    }

    private static ReadOnlySpan<byte> Name(int signal) => signal switch
    {
        Signals.Interrupt => " (SIGINT)"u8,
        Signals.IllegalInstruction => " (SIGILL)"u8,
        Signals.Trap => " (SIGTRAP)"u8,
        Signals.Abort => " (SIGABRT)"u8,
        Signals.Bus => " (SIGBUS)"u8,
        Signals.FloatingPoint => " (SIGFPE)"u8,
        Signals.Kill => " (SIGKILL)"u8,
        Signals.SegmentationViolation => " (SIGSEGV)"u8,
        Signals.Terminate => " (SIGTERM)"u8,
        _ => ""u8,
    };
}
