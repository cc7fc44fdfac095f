using System.Runtime.InteropServices;

namespace Morgana.Sandbox;

/// <summary>Gives up system calls, for all threads of this process and for good.</summary>
public static unsafe class SystemCallSeal
{
    private const nint SetNoNewPrivileges = 38, SetModeFilter = 1, SynchronizeThreads = 1;

    /// <summary>Leaves only what <paramref name="rules"/> allow, on every thread there is and will be.</summary>
    /// <exception cref="SandboxException">The kernel refuses, or a thread has a filter of its own already.</exception>
    public static void Apply(IReadOnlyList<SystemCallRule> rules)
    {
        BpfInstruction[] program = SeccompFilter.Compile(rules);
        // prctl(2): without it only a privileged process may install a filter.
        if (Libc.Call(Libc.Prctl, SetNoNewPrivileges, 1, 0, 0, 0) != 0) throw Refused("prctl(PR_SET_NO_NEW_PRIVS)");
        fixed (BpfInstruction* instructions = program)
        {
            var filter = new FilterProgram { Length = (ushort)program.Length, Instructions = instructions };
            nint result = Libc.Call(Libc.Seccomp, SetModeFilter, SynchronizeThreads, (nint)(&filter), 0, 0);
            // seccomp(2), SECCOMP_FILTER_FLAG_TSYNC: a thread's number is the one that could not be brought along.
            if (result > 0) throw new SandboxException($"seccomp: thread {result} has a filter of its own");
            if (result < 0) throw Refused("seccomp");
        }
    }

    private static SandboxException Refused(string call) => new($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public BpfInstruction* Instructions;
    }
}
