using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Segments, tasks and gates: what 64-bit mode left of them (Intel SDM 3A, chapters 3, 6 and 8).</summary>
internal static unsafe class Descriptors
{
    public const uint KernelCode = 0x08, KernelData = 0x10, UserData = 0x23, UserCode = 0x2b, Task = 0x30;

    private static Gates s_gates;

    private struct Gates
    {
        public fixed ulong Words[256 * 2];
    }

    private struct Pointer
    {
        public fixed byte Bytes[10];
    }

    private static ulong* Words => (ulong*)Unsafe.AsPointer(ref s_gates);

    /// <summary>Fills the table of gates, once: vector n leads to stub n of Assembly/Entry.S.</summary>
    public static void InitGates()
    {
        ulong* words = Words;
        for (uint vector = 0; vector < 256; vector++)
        {
            ulong handler = Machine.TrapStubs() + (vector * 16);
            // A double fault, a non-maskable interrupt and a machine check come whenever they like: on a stack of their own.
            ulong stack = vector is 2 or 8 or 18 ? 1UL : 0;
            words[vector * 2] = (handler & 0xffff) | ((ulong)KernelCode << 16) | (stack << 32) | (0x8eUL << 40) | (((handler >> 16) & 0xffff) << 48);
            words[(vector * 2) + 1] = handler >> 32;
        }
    }

    /// <summary>Gives this processor its segments, its task and the gates.</summary>
    public static void Load(Cpu* cpu)
    {
        ulong task = (ulong)cpu->TaskState;
        *(ushort*)(cpu->TaskState + 102) = 104;             // no permissions for ports
        cpu->Gdt[0] = 0;
        cpu->Gdt[1] = 0x00af_9a00_0000_ffff;                // kernel code
        cpu->Gdt[2] = 0x00cf_9200_0000_ffff;                // kernel data
        cpu->Gdt[3] = 0;                                    // STAR counts user code from here: 32-bit code, which nobody runs
        cpu->Gdt[4] = 0x00cf_f200_0000_ffff;                // user data
        cpu->Gdt[5] = 0x00af_fa00_0000_ffff;                // user code
        cpu->Gdt[6] = 103 | ((task & 0xff_ffff) << 16) | (0x89UL << 40) | (((task >> 24) & 0xff) << 56);
        cpu->Gdt[7] = task >> 32;

        Pointer pointer;
        Set(pointer.Bytes, (8 * 8) - 1, (ulong)cpu->Gdt);
        Machine.LoadGdt(pointer.Bytes, Task);
        Set(pointer.Bytes, (256 * 16) - 1, (ulong)Words);
        Machine.LoadIdt(pointer.Bytes);
    }

    private static void Set(byte* pointer, ushort limit, ulong address)
    {
        *(ushort*)pointer = limit;
        *(ulong*)(pointer + 2) = address;
    }
}
