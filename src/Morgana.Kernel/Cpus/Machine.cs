using System.Runtime;
using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>What only assembly can say: Assembly/Instructions.S, function by function.</summary>
internal static unsafe class Machine
{
    private const MethodImplOptions Assembly = MethodImplOptions.InternalCall;

    [RuntimeImport("*", "out8"), MethodImpl(Assembly)] public static extern void Out8(uint port, uint value);
    [RuntimeImport("*", "in8"), MethodImpl(Assembly)] public static extern uint In8(uint port);
    [RuntimeImport("*", "out16"), MethodImpl(Assembly)] public static extern void Out16(uint port, uint value);
    [RuntimeImport("*", "out_string8"), MethodImpl(Assembly)] public static extern void OutString8(uint port, byte* from, ulong count);
    [RuntimeImport("*", "out32"), MethodImpl(Assembly)] public static extern void Out32(uint port, uint value);
    [RuntimeImport("*", "in32"), MethodImpl(Assembly)] public static extern uint In32(uint port);
    [RuntimeImport("*", "mmio_read8"), MethodImpl(Assembly)] public static extern uint Read8(void* register);
    [RuntimeImport("*", "mmio_write8"), MethodImpl(Assembly)] public static extern void Write8(void* register, uint value);
    [RuntimeImport("*", "mmio_read16"), MethodImpl(Assembly)] public static extern uint Read16(void* register);
    [RuntimeImport("*", "mmio_write16"), MethodImpl(Assembly)] public static extern void Write16(void* register, uint value);
    [RuntimeImport("*", "mmio_read32"), MethodImpl(Assembly)] public static extern uint Read32(void* register);
    [RuntimeImport("*", "mmio_write32"), MethodImpl(Assembly)] public static extern void Write32(void* register, uint value);

    [RuntimeImport("*", "read_msr"), MethodImpl(Assembly)] public static extern ulong ReadMsr(uint register);
    [RuntimeImport("*", "write_msr"), MethodImpl(Assembly)] public static extern void WriteMsr(uint register, ulong value);
    [RuntimeImport("*", "read_cr2"), MethodImpl(Assembly)] public static extern ulong ReadCr2();
    [RuntimeImport("*", "read_cr3"), MethodImpl(Assembly)] public static extern ulong ReadCr3();
    [RuntimeImport("*", "write_cr3"), MethodImpl(Assembly)] public static extern void WriteCr3(ulong value);
    [RuntimeImport("*", "read_cr4"), MethodImpl(Assembly)] public static extern ulong ReadCr4();
    [RuntimeImport("*", "write_cr4"), MethodImpl(Assembly)] public static extern void WriteCr4(ulong value);
    [RuntimeImport("*", "write_xcr0"), MethodImpl(Assembly)] public static extern void WriteXcr0(uint value);
    [RuntimeImport("*", "read_xcr0"), MethodImpl(Assembly)] public static extern uint ReadXcr0();
    [RuntimeImport("*", "use_xsave"), MethodImpl(Assembly)] public static extern void UseXsave();
    [RuntimeImport("*", "invalidate_page"), MethodImpl(Assembly)] public static extern void InvalidatePage(ulong address);
    [RuntimeImport("*", "load_gdt"), MethodImpl(Assembly)] public static extern void LoadGdt(void* pointer, uint taskSelector);
    [RuntimeImport("*", "load_idt"), MethodImpl(Assembly)] public static extern void LoadIdt(void* pointer);
    [RuntimeImport("*", "halt_for_ever"), MethodImpl(Assembly)] public static extern void HaltForEver();
    [RuntimeImport("*", "triple_fault"), MethodImpl(Assembly)] public static extern void TripleFault();
    [RuntimeImport("*", "resume_thread"), MethodImpl(Assembly)] public static extern void Resume(Thread* thread);
    [RuntimeImport("*", "wait_for_interrupt"), MethodImpl(Assembly)] public static extern void WaitForInterrupt();

    [RuntimeImport("*", "cpuid"), MethodImpl(Assembly)] public static extern void CpuId(uint leaf, uint subleaf, uint* registers);
    [RuntimeImport("*", "read_tsc"), MethodImpl(Assembly)] public static extern ulong ReadTsc();
    [RuntimeImport("*", "random_seed64"), MethodImpl(Assembly)] public static extern int RandomSeed64(ulong* value);
    [RuntimeImport("*", "random64"), MethodImpl(Assembly)] public static extern int Random64(ulong* value);
    [RuntimeImport("*", "multiply_shift32"), MethodImpl(Assembly)] public static extern ulong MultiplyShift32(ulong a, ulong b);
    [RuntimeImport("*", "divide128"), MethodImpl(Assembly)] public static extern ulong ShiftDivide32(ulong a, ulong b);

    [RuntimeImport("*", "save_vectors"), MethodImpl(Assembly)] public static extern void SaveVectors(void* area);
    [RuntimeImport("*", "load_vectors"), MethodImpl(Assembly)] public static extern void LoadVectors(void* area);

    [RuntimeImport("*", "exchange32"), MethodImpl(Assembly)] public static extern uint Exchange32(uint* place, uint value);
    [RuntimeImport("*", "load32"), MethodImpl(Assembly)] public static extern uint Load32(uint* place);
    [RuntimeImport("*", "pause"), MethodImpl(Assembly)] public static extern void Pause();
    [RuntimeImport("*", "full_fence"), MethodImpl(Assembly)] public static extern void FullFence();
    [RuntimeImport("*", "current_cpu"), MethodImpl(Assembly)] public static extern Cpu* CurrentCpu();
    [RuntimeImport("*", "read_frame_pointer"), MethodImpl(Assembly)] public static extern ulong ReadFramePointer();

    [RuntimeImport("*", "memmove"), MethodImpl(Assembly)] public static extern void Copy(void* to, void* from, ulong count);
    [RuntimeImport("*", "RhSpanHelpers_MemZero"), MethodImpl(Assembly)] public static extern void Zero(void* to, ulong count);

    [RuntimeImport("*", "copy_user"), MethodImpl(Assembly)] public static extern int CopyUser(void* to, void* from, ulong count);
    [RuntimeImport("*", "zero_user"), MethodImpl(Assembly)] public static extern int ZeroUser(void* to, ulong count);
    [RuntimeImport("*", "load_user_32"), MethodImpl(Assembly)] public static extern int LoadUser32(void* from, uint* to);

    [RuntimeImport("*", "address_of_kernel_start"), MethodImpl(Assembly)] public static extern ulong KernelStart();
    [RuntimeImport("*", "address_of_kernel_end"), MethodImpl(Assembly)] public static extern ulong KernelEnd();
    [RuntimeImport("*", "address_of_text_start"), MethodImpl(Assembly)] public static extern ulong TextStart();
    [RuntimeImport("*", "address_of_text_end"), MethodImpl(Assembly)] public static extern ulong TextEnd();
    [RuntimeImport("*", "address_of_rodata_start"), MethodImpl(Assembly)] public static extern ulong RodataStart();
    [RuntimeImport("*", "address_of_data_start"), MethodImpl(Assembly)] public static extern ulong DataStart();
    [RuntimeImport("*", "address_of_vdso_start"), MethodImpl(Assembly)] public static extern ulong VdsoStart();
    [RuntimeImport("*", "address_of_vdso_end"), MethodImpl(Assembly)] public static extern ulong VdsoEnd();
    [RuntimeImport("*", "address_of_symbols"), MethodImpl(Assembly)] public static extern ulong Symbols();
    [RuntimeImport("*", "address_of_symbols_end"), MethodImpl(Assembly)] public static extern ulong SymbolsEnd();
    [RuntimeImport("*", "address_of_smap_sites"), MethodImpl(Assembly)] public static extern ulong SmapSites();
    [RuntimeImport("*", "address_of_smap_sites_end"), MethodImpl(Assembly)] public static extern ulong SmapSitesEnd();
    [RuntimeImport("*", "address_of_boot_tables"), MethodImpl(Assembly)] public static extern ulong BootTables();
    [RuntimeImport("*", "address_of_trap_stubs"), MethodImpl(Assembly)] public static extern ulong TrapStubs();
    [RuntimeImport("*", "address_of_system_call_entry"), MethodImpl(Assembly)] public static extern ulong SystemCallEntry();
    [RuntimeImport("*", "address_of_trampoline"), MethodImpl(Assembly)] public static extern ulong Trampoline();
    [RuntimeImport("*", "address_of_trampoline_end"), MethodImpl(Assembly)] public static extern ulong TrampolineEnd();
    [RuntimeImport("*", "address_of_starting_processors"), MethodImpl(Assembly)] public static extern ulong StartingProcessors();
    [RuntimeImport("*", "address_of_user_access_start"), MethodImpl(Assembly)] public static extern ulong UserAccessStart();
    [RuntimeImport("*", "address_of_user_access_end"), MethodImpl(Assembly)] public static extern ulong UserAccessEnd();
    [RuntimeImport("*", "address_of_user_access_fixup"), MethodImpl(Assembly)] public static extern ulong UserAccessFixup();
    [RuntimeImport("*", "address_of_image"), MethodImpl(Assembly)] public static extern ulong Image();

}
