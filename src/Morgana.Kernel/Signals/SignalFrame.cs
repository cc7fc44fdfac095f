namespace Morgana.Kernel;

/// <summary>What lies on the application's stack while a signal's handler runs: all registers, to be changed by the handler and loaded again by rt_sigreturn(2).</summary>
/// <remarks>
/// Linux's layout: arch/x86/include/uapi/asm/{sigcontext,ucontext}.h. At <c>rsp</c>: return address 8, ucontext 304, siginfo 128; the vector
/// registers above, 64-octet aligned.
/// </remarks>
internal static unsafe class SignalFrame
{
    private const int UContext = 8, Info = 312, Size = 440;
    private const int StackField = 16, MachineContext = 40, MaskField = 296;    // within ucontext
    private const ulong RedZone = 128;
    private const ulong OnStack = 0x0800_0000;
    private const uint Magic1 = 0x4650_5853, Magic2 = 0x4650_5845;
    private const int SoftwareArea = 464, VectorMask = 512, VectorCompact = 520, MxcsrField = 24;

    /// <summary>Flags of the application's own: arithmetic and direction. Everything else is the kernel's to say.</summary>
    private const ulong UserFlags = 0xcd5, AlwaysFlags = 0x202;

    /// <summary>Lays the frame onto the stack and makes the thread go on in the handler. False when the stack cannot be written.</summary>
    public static bool Push(Thread* thread, int signal, SignalAction* action, int code, ulong address, ulong mask)
    {
        bool alternate = (action->Flags & OnStack) != 0 && thread->AlternateStackSize != 0 && !IsOnAlternate(thread, thread->Frame.Rsp);
        ulong top = alternate ? thread->AlternateStack + thread->AlternateStackSize : thread->Frame.Rsp - RedZone;
        ulong vectors = Bits.AlignDown(top - Features.XsaveSize - 4, 64);
        ulong frame = Bits.AlignDown(vectors - Size, 16) - 8;

        if (!PushVectors(thread, vectors)) return false;
        byte* image = stackalloc byte[Size];
        Machine.Zero(image, Size);
        *(ulong*)image = action->Restorer;
        FillContext(thread, image + UContext, vectors, mask, address);
        byte* info = image + Info;
        *(int*)info = signal;
        *(int*)(info + 8) = code;
        // A fault tells its address; tgkill tells the sender, by which the collector's thread knows that it is one of its own.
        if (code == Signals.FromThread) *(int*)(info + 16) = Process.Id;
        else *(ulong*)(info + 16) = address;
        if (!UserMemory.CopyOut(frame, image, Size)) return false;

        Registers* r = &thread->Frame;
        r->Rdi = (ulong)signal;
        r->Rsi = frame + Info;
        r->Rdx = frame + UContext;
        r->Rax = 0;
        r->Rip = action->Handler;
        r->Rsp = frame;
        r->Rflags = AlwaysFlags;
        return r->Rip < AddressSpace.End;
    }

    /// <summary>Loads what the handler left. False when it makes no sense.</summary>
    public static bool Pop(Thread* thread)
    {
        byte* context = stackalloc byte[Info - UContext];
        if (!UserMemory.CopyIn(context, thread->Frame.Rsp, Info - UContext)) return false;
        ulong* m = (ulong*)(context + MachineContext);
        // Nothing here is trusted: an address outside, a segment or a flag of the kernel's must not get into the registers.
        if (m[16] >= AddressSpace.End) return false;
        Registers* r = &thread->Frame;
        r->R8 = m[0]; r->R9 = m[1]; r->R10 = m[2]; r->R11 = m[3]; r->R12 = m[4]; r->R13 = m[5]; r->R14 = m[6]; r->R15 = m[7];
        r->Rdi = m[8]; r->Rsi = m[9]; r->Rbp = m[10]; r->Rbx = m[11]; r->Rdx = m[12]; r->Rax = m[13]; r->Rcx = m[14]; r->Rsp = m[15];
        r->Rip = m[16];
        r->Rflags = (m[17] & UserFlags) | AlwaysFlags;
        r->Cs = Descriptors.UserCode;
        r->Ss = Descriptors.UserData;
        thread->BlockedSignals = *(ulong*)(context + MaskField) & ~Signals.Unblockable;
        return m[23] == 0 || PopVectors(thread, m[23]);
    }

    private static bool IsOnAlternate(Thread* thread, ulong rsp) => rsp - thread->AlternateStack < thread->AlternateStackSize;

    private static void FillContext(Thread* thread, byte* context, ulong vectors, ulong mask, ulong address)
    {
        Registers* r = &thread->Frame;
        *(ulong*)context = Features.HasXsave ? 7UL : 6;     // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
        *(ulong*)(context + StackField) = thread->AlternateStack;
        *(int*)(context + StackField + 8) = thread->AlternateStackSize == 0 ? 2 : IsOnAlternate(thread, r->Rsp) ? 1 : 0;
        *(ulong*)(context + StackField + 16) = thread->AlternateStackSize;
        ulong* m = (ulong*)(context + MachineContext);
        m[0] = r->R8; m[1] = r->R9; m[2] = r->R10; m[3] = r->R11; m[4] = r->R12; m[5] = r->R13; m[6] = r->R14; m[7] = r->R15;
        m[8] = r->Rdi; m[9] = r->Rsi; m[10] = r->Rbp; m[11] = r->Rbx; m[12] = r->Rdx; m[13] = r->Rax; m[14] = r->Rcx; m[15] = r->Rsp;
        m[16] = r->Rip;
        m[17] = r->Rflags;
        m[18] = Descriptors.UserCode | ((ulong)Descriptors.UserData << 48);
        m[19] = r->Vector < 32 ? r->Error : 0;
        m[20] = r->Vector < 32 ? r->Vector : 0;
        m[21] = mask;
        m[22] = r->Vector == Kernel.Vectors.PageFault ? address : 0;
        m[23] = vectors;
        *(ulong*)(context + MaskField) = mask;
    }

    private static bool PushVectors(Thread* thread, ulong to)
    {
        byte* area = thread->Vectors;
        Machine.SaveVectors(area);
        byte* software = area + SoftwareArea;
        Machine.Zero(software, 48);
        if (!Features.HasXsave) return UserMemory.CopyOut(to, area, Features.XsaveSize);
        *(uint*)software = Magic1;
        *(uint*)(software + 4) = Features.XsaveSize + 4;
        *(ulong*)(software + 8) = Features.Xcr0;
        *(uint*)(software + 16) = Features.XsaveSize;
        return UserMemory.CopyOut(to, area, Features.XsaveSize) && UserMemory.Write32(to + Features.XsaveSize, Magic2);
    }

    // XRSTOR faults, in the kernel, on reserved bits: they are cleared. An area without our mark holds x87 and SSE alone.
    private static bool PopVectors(Thread* thread, ulong from)
    {
        const ulong x87AndSse = 3;
        byte* area = thread->Vectors;
        uint magic;
        if (!UserMemory.CopyIn(&magic, from + SoftwareArea, 4)) return false;
        bool isWhole = Features.HasXsave && magic == Magic1;
        if (!UserMemory.CopyIn(area, from, isWhole ? Features.XsaveSize : 512)) return false;
        *(uint*)(area + MxcsrField) &= 0xffff;
        *(ulong*)(area + VectorMask) = isWhole ? *(ulong*)(area + VectorMask) & Features.Xcr0 : x87AndSse;
        Machine.Zero(area + VectorCompact, 56);
        Machine.LoadVectors(area);
        return true;
    }
}
