namespace Morgana.Kernel;

/// <summary>A thread's registers as Assembly/Entry.S and the processor push them.</summary>
internal struct Registers
{
    public ulong R15, R14, R13, R12, R11, R10, R9, R8, Rbp, Rdi, Rsi, Rdx, Rcx, Rbx, Rax;

    /// <summary>Which way it came: an interrupt's vector, or <see cref="Vectors.SystemCall"/>.</summary>
    public ulong Vector;

    /// <summary>The exception's error code, or the system call's number.</summary>
    public ulong Error;

    public ulong Rip, Cs, Rflags, Rsp, Ss;
}
