using System;
using System.Diagnostics.CodeAnalysis;

namespace Morgana.Kernel;

/// <summary>The end of the kernel by a bug of its own: cause, registers and the way there, then a status that nothing else has.</summary>
internal static unsafe class Panic
{
    private static bool s_panicking;

    /// <summary>Something that cannot be has been seen.</summary>
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> cause)
    {
        Begin();
        Log.End(cause);
        BackTrace.Write(Machine.ReadFramePointer());
        Power.Off(Power.Panicked);
    }

    /// <summary>An exception in the kernel itself.</summary>
    public static void Trap(Registers* frame)
    {
        Begin();
        Log.Write(Name(frame->Vector));
        if (frame->Vector is Vectors.PageFault or Vectors.DoubleFault)
        {
            ulong address = Machine.ReadCr2();
            if (KernelMemory.IsStackGuard(address)) Log.Write(", the kernel's stack is used up"u8);
            Log.Write(", address "u8);
            Log.Hex(address);
        }

        Log.Write(", error "u8);
        Log.Hex(frame->Error);
        Log.End(""u8);
        WriteRegisters(frame);
        Log.Write("  "u8);
        BackTrace.WritePlace(frame->Rip);
        Log.Write("\n"u8);
        BackTrace.WriteCaller(frame->Rsp);
        BackTrace.Write(frame->Rbp);
        Power.Off(Power.Panicked);
    }

    /// <summary>Shows what a bug looks like, for who has never seen one and for tests: the option <c>panic</c>.</summary>
    public static void Try() => Machine.Read32((void*)0xffff_d800_dead_0000);

    private static void Begin()
    {
        // A panic within a panic: say no more.
        if (s_panicking) Power.Off(Power.Panicked);
        s_panicking = true;
        Log.Begin("PANIC: "u8);
    }

    private static void WriteRegisters(Registers* r)
    {
        Write("rip"u8, r->Rip); Write("cs "u8, r->Cs); Write("flg"u8, r->Rflags); Write("rsp"u8, r->Rsp); Log.Write("\n"u8);
        Write("rax"u8, r->Rax); Write("rbx"u8, r->Rbx); Write("rcx"u8, r->Rcx); Write("rdx"u8, r->Rdx); Log.Write("\n"u8);
        Write("rsi"u8, r->Rsi); Write("rdi"u8, r->Rdi); Write("rbp"u8, r->Rbp); Write("r8 "u8, r->R8); Log.Write("\n"u8);
        Write("r9 "u8, r->R9); Write("r10"u8, r->R10); Write("r11"u8, r->R11); Write("r12"u8, r->R12); Log.Write("\n"u8);
        Write("r13"u8, r->R13); Write("r14"u8, r->R14); Write("r15"u8, r->R15); Write("cr3"u8, Machine.ReadCr3()); Log.Write("\n"u8);
    }

    private static void Write(ReadOnlySpan<byte> name, ulong value)
    {
        Log.Write("  "u8);
        Log.Write(name);
        Log.Write(" "u8);
        Log.Hex(value, 16);
    }

    private static ReadOnlySpan<byte> Name(ulong vector) => vector switch
    {
        0 => "division by zero in the kernel"u8,
        2 => "non-maskable interrupt"u8,
        6 => "invalid instruction in the kernel"u8,
        8 => "double fault"u8,
        13 => "general protection fault in the kernel"u8,
        14 => "page fault in the kernel"u8,
        18 => "machine check"u8,
        _ => "exception in the kernel"u8,
    };
}
