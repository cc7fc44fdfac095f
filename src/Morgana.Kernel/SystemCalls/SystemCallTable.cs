using System;
using System.Runtime;

namespace Morgana.Kernel;

/// <summary>Which calls are served, by Linux's numbers for x86-64. One method each: it answers what the man page says.</summary>
internal static unsafe class SystemCallTable
{
    public const int Count = 462;

    private static Table s_table;
    private static ulong s_missingCalls;
    private static bool s_reported;

    private struct Table
    {
        public fixed ulong Methods[Count];
        public fixed ulong Missing[(Count + 63) / 64];
    }

    public static void Init() => ServedCalls.Register();

    /// <summary>Serves a call with a method that takes the thread and up to six arguments: fewer are left in their registers.</summary>
    public static void Serve(int number, void* method) => s_table.Methods[number] = (ulong)method;

    /// <summary>From Assembly/Entry.S: the registers are in the current thread's block, the number is where exceptions have an error code.</summary>
    [RuntimeExport("handle_system_call")]
    private static Thread* Handle(Cpu* cpu)
    {
        BigLock.Enter(cpu);
        Thread* thread = cpu->Current;
        ulong number = thread->Frame.Error;
        ulong result = number < Count && s_table.Methods[number] != 0 ? Call(thread, s_table.Methods[number]) : Miss(number);
        // A call that blocks to be made again has no result yet, and one that woke to its end has it already.
        if (thread->State != ThreadState.Blocked || !thread->IsRestarting) thread->Frame.Rax = result;
        if (thread->State != ThreadState.Blocked) thread->IsRestarting = false;
        Thread* next = Scheduler.Choose(cpu);
        BigLock.Leave();
        return next;
    }

    /// <summary>At the end, says which calls were missing, if any were made more than once.</summary>
    public static void ReportMissing()
    {
        if (s_missingCalls == 0 || s_reported) return;
        s_reported = true;
        Log.Begin("calls that are not served were made "u8);
        Log.Number(s_missingCalls);
        Log.End(" times"u8);
    }

    private static ulong Call(Thread* thread, ulong method)
    {
        Registers* r = &thread->Frame;
        var call = (delegate*<Thread*, ulong, ulong, ulong, ulong, ulong, ulong, ulong>)method;
        return call(thread, r->Rdi, r->Rsi, r->Rdx, r->R10, r->R8, r->R9);
    }

    // Counted, and named once in the log.
    private static ulong Miss(ulong number)
    {
        s_missingCalls++;
        if (number >= Count) return Error.NotImplemented;
        ulong bit = 1UL << (int)(number & 63);
        if ((s_table.Missing[number / 64] & bit) != 0) return Error.NotImplemented;
        s_table.Missing[number / 64] |= bit;
        Log.Begin("system call "u8);
        Log.Number(number);
        Log.End(" is not served"u8);
        return Error.NotImplemented;
    }
}
