using System.Runtime;
using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>The processors, and how the others are started (Intel SDM 3A, 9.4.4: INIT, a while, SIPI).</summary>
internal static unsafe class Processors
{
    private const ulong TrampolinePage = 0x8000;            // Assembly/Boot.S
    private const int StackPages = 4;

    private static Cpu* s_cpus;

    /// <summary>How many there are blocks for.</summary>
    public static int Count;

    /// <summary>How many take part.</summary>
    public static int OnlineCount;

    public static Cpu* At(int index) => s_cpus + index;

    /// <summary>The one that this runs on.</summary>
    public static Cpu* Current() => Machine.CurrentCpu();

    /// <summary>Makes the block of the processor that boots, so that faults have a place to go.</summary>
    public static Cpu* InitFirst()
    {
        s_cpus = (Cpu*)KernelMemory.Reserve((ulong)(Cpu.Most * sizeof(Cpu)));
        Create(0, 0);
        Descriptors.Load(s_cpus);
        Features.Enable(s_cpus);
        s_cpus->IsOnline = true;
        OnlineCount = 1;
        return s_cpus;
    }

    /// <summary>Starts up to <paramref name="most"/> processors in all, and waits until they have come.</summary>
    public static void StartOthers(int most)
    {
        s_cpus->ApicId = LocalApic.ReadId();
        int wanted = Acpi.ProcessorCount < most ? Acpi.ProcessorCount : most;
        if (wanted <= 1) return;

        Machine.Copy(Physical.Pointer(TrampolinePage), (void*)Machine.Trampoline(), Machine.TrampolineEnd() - Machine.Trampoline());
        ulong* blocks = (ulong*)KernelMemory.Reserve(Cpu.Most * 8);
        int waiting = 0;
        for (int i = 0; i < Acpi.ProcessorCount && Count < wanted; i++)
        {
            uint id = Acpi.ProcessorApicId(i);
            if (id == s_cpus->ApicId) continue;
            Create(Count, id);
            blocks[waiting++] = (ulong)At(Count - 1);
        }

        *(ulong*)Machine.StartingProcessors() = (ulong)blocks;
        for (int i = 1; i < Count; i++) LocalApic.SendInit(s_cpus[i].ApicId);
        Clock.Wait(1_000_000);
        for (int i = 1; i < Count; i++) LocalApic.SendStartup(s_cpus[i].ApicId, TrampolinePage);
        // A second for each: under an overloaded host a virtual processor may be late, not absent.
        for (int i = 1; i < Count; i++)
        {
            for (int n = 0; n < 1000 && !HasCome(At(i)); n++) Clock.Wait(1_000_000);
            if (!HasCome(At(i))) Panic.Fail("a processor did not start"u8);
        }

        OnlineCount = Count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool HasCome(Cpu* cpu) => cpu->IsOnline;

    /// <summary>Where another processor comes from Assembly/Boot.S, each with the next block. It goes on with whatever thread there is for it.</summary>
    [RuntimeExport("processor_main")]
    private static Thread* Main(Cpu* cpu)
    {
        Descriptors.Load(cpu);
        Features.Enable(cpu);
        LocalApic.Enable();
        // The block came by ticket, the number is the processor's own.
        cpu->ApicId = LocalApic.ReadId();
        cpu->IsOnline = true;
        BigLock.Enter(cpu);
        Machine.WriteCr3(Machine.ReadCr3());            // what was mapped while starting is gone
        Thread* next = Scheduler.Choose(cpu);
        BigLock.Leave();
        return next;
    }

    private static void Create(int index, uint apicId)
    {
        Cpu* cpu = s_cpus + index;
        // Faults are served by means of it, so that it must not be one itself.
        if ((ulong)index * (ulong)sizeof(Cpu) % Pages.Size == 0) KernelMemory.HandleFault((ulong)cpu);
        cpu->Self = cpu;
        cpu->Index = index;
        cpu->ApicId = apicId;
        cpu->ArmedFor = ulong.MaxValue;
        cpu->StackTop = KernelMemory.CreateStack(StackPages);
        cpu->SetFaultStack(KernelMemory.CreateStack(1));
        Count = index + 1;
    }
}
