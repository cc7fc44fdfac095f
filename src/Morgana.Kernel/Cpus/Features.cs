namespace Morgana.Kernel;

/// <summary>What the processor can do, by CPUID, and the switching on of it on each processor.</summary>
internal static unsafe class Features
{
    private const uint Efer = 0xc000_0080, Star = 0xc000_0081, LStar = 0xc000_0082, SfMask = 0xc000_0084, GsBase = 0xc000_0101, KernelGsBase = 0xc000_0102;
    private const ulong UserInstructionPrevention = 1 << 11, OsXsave = 1 << 18, Smep = 1 << 20, Smap = 1 << 21;

    /// <summary>Interrupts, direction, trap, and access checks off: what a system call clears in rflags (TF, IF, DF, NT, AC).</summary>
    private const ulong ClearedFlags = 0x4_4700;

    public static bool HasSmep, HasSmap, HasUmip, HasRdSeed, HasRdRand, HasXsave, IsHypervisor, IsKvm, IsTcg;

    /// <summary>There is XSAVE, and the monitor forgets what is written to XCR0: it is not used.</summary>
    public static bool IsXcr0Lost;

    private static bool s_hasUsedXsave;

    /// <summary>What the application may keep in vector registers: x87, SSE, AVX, and AVX-512 where it is there.</summary>
    public static uint Xcr0;

    /// <summary>Octets that a thread's vector registers take: without XSAVE those of FXSAVE.</summary>
    public static uint XsaveSize;

    public static void Detect()
    {
        uint* r = stackalloc uint[4];
        Machine.CpuId(1, 0, r);
        HasRdRand = Has(r[2], 30);
        HasXsave = Has(r[2], 26);
        IsHypervisor = Has(r[2], 31);
        Machine.CpuId(7, 0, r);
        HasSmep = Has(r[1], 7);
        HasRdSeed = Has(r[1], 18);
        HasSmap = Has(r[1], 20);
        HasUmip = Has(r[2], 2);
        if (IsHypervisor)
        {
            Machine.CpuId(0x4000_0000, 0, r);
            IsKvm = r[1] == 0x4b4d564b && r[2] == 0x564b4d56;       // "KVMKVMKVM"
            IsTcg = r[1] == 0x54474354 && r[2] == 0x43544743;       // "TCGTCGTCGTCG"
        }
    }

    /// <summary>Switches on, on this processor, what was detected.</summary>
    public static void Enable(Cpu* cpu)
    {
        ulong cr4 = Machine.ReadCr4();
        if (HasXsave) cr4 |= OsXsave;
        if (HasSmep) cr4 |= Smep;
        if (HasSmap) cr4 |= Smap;
        if (HasUmip) cr4 |= UserInstructionPrevention;
        Machine.WriteCr4(cr4);

        if (HasXsave) EnableXsave(cr4);
        if (!HasXsave) XsaveSize = 512;

        // System calls come in at one place; user code and data are 16 and 8 above the base in STAR's upper half.
        Machine.WriteMsr(Star, ((ulong)Descriptors.KernelCode << 32) | (0x1bUL << 48));
        Machine.WriteMsr(LStar, Machine.SystemCallEntry());
        Machine.WriteMsr(SfMask, ClearedFlags);
        Machine.WriteMsr(GsBase, (ulong)cpu);
        Machine.WriteMsr(KernelGsBase, 0);
    }

    private static void EnableXsave(ulong cr4)
    {
        uint* r = stackalloc uint[4];
        Machine.CpuId(13, 0, r);
        uint wanted = r[0] & 0xe7;                                  // no MPX, no PKRU: nobody here uses them
        if ((wanted & 0xe0) != 0xe0) wanted &= 7;                   // AVX-512 goes whole or not at all
        Machine.WriteXcr0(wanted);
        // This leaves the guest for the monitor, and comes back with its idea of XCR0. A monitor that was not told of the writing, as KVM is not
        // by the SVM that QEMU emulates, goes on with x87 alone: XSAVE would then lose all vectors, and FXSAVE does not.
        Machine.CpuId(13, 0, r);
        if (Machine.ReadXcr0() != wanted)
        {
            if (s_hasUsedXsave) Panic.Fail("a processor's XCR0 does not keep what is written, and another's does"u8);
            HasXsave = false;
            IsXcr0Lost = true;
            Machine.WriteCr4(cr4 & ~OsXsave);                       // now CPUID says so too, and the application uses no AVX
            return;
        }

        s_hasUsedXsave = true;
        Machine.UseXsave();
        XsaveSize = r[1];
        Xcr0 = wanted;
    }

    private static bool Has(uint register, int bit) => ((register >> bit) & 1) != 0;
}
