using System.Runtime.CompilerServices;
using System.Runtime;

namespace Morgana.Kernel;

/// <summary>The kernel's beginning, room by room.</summary>
internal static unsafe class Boot
{
    private static CommandLine s_commandLine;
    private static byte* s_entropy;

    private static CommandLine* CommandLine => (CommandLine*)Unsafe.AsPointer(ref s_commandLine);

    /// <summary>Called by Assembly/Boot.S on the processor that the monitor started.</summary>
    [RuntimeExport("kernel_main")]
    private static void Main(ulong startInfo)
    {
        Serial.Init();
        if (!StartInfo.Read(startInfo)) Panic.Fail("the monitor has handed over no PVH start info with a memory map"u8);
        if (!CommandLine->Parse(StartInfo.CommandLine)) Panic.Fail("the command line has too many words"u8);
        Features.Detect();

        KernelMemory.Init();
        PhysicalMemory.Init();
        Descriptors.InitGates();
        Cpu* cpu = Processors.InitFirst();
        BigLock.Enter(cpu);
        StartMachine();
        StartSystem();

        Application.Start(CommandLine);
        Clock.Calibrate();
        if (CommandLine->Find("verbose"u8) != null) Describe();
        if (CommandLine->Find("panic"u8) != null) Panic.Try();
        Thread* first = Scheduler.Choose(cpu);
        BigLock.Leave();
        Machine.Resume(first);
    }

    private static void StartMachine()
    {
        Acpi.Read(StartInfo.Rsdp);
        // Legacy controllers are silenced while what they asked for last can still be taken back: behind a local APIC that does not listen to
        // them any more it would stay asked for, and come to the application as an exception that it never made.
        Machine.Out8(0x21, 0xff);
        Machine.Out8(0xa1, 0xff);
        LocalApic.Map(Acpi.LocalApicAddress);
        LocalApic.Enable();
        Clock.Start();
    }

    private static void StartSystem()
    {
        ThreadTable.Init();
        Scheduler.Init();
        Timers.Init();
        AddressSpace.Init();
        DescriptorTable.Init();
        SystemCallTable.Init();
        Processors.StartOthers(WantedProcessors());
        Protect.Init();
        Uio.Init(CommandLine);
        s_entropy = Entropy.Init();
        if (s_entropy == null) Application.Refuse("nothing here gives random numbers: the processor has neither RDSEED nor RDRAND, and there is no virtio-rng device that works"u8);
        Terminal.Init(DescriptorTable.Find(0), CommandLine->Find("input=2"u8) != null);
        if (CommandLine->Find("secrets"u8) != null) OpenSecrets();
    }

    // Descriptor 3, as for a process: the application reads it and closes it, and then nobody has it any more.
    private static void OpenSecrets()
    {
        File* secrets = MonitorFile.Read("opt/morgana/secrets"u8);
        if (secrets == null) Application.Refuse("there are no secrets where the monitor should have them: -fw_cfg name=opt/morgana/secrets,file=..."u8);
        DescriptorTable.Open(secrets, 3);
    }

    private static int WantedProcessors()
    {
        byte* text = CommandLine->Find("cpus="u8);
        return text != null && Text.ParseSize(text, out ulong wanted) > 0 && wanted is > 0 and <= Cpu.Most ? (int)wanted : Cpu.Most;
    }

    private static void Describe()
    {
        Log.Begin(""u8);
        Log.Size(PhysicalMemory.Installed);
        Log.Write(" of memory, "u8);
        Log.Size(PhysicalMemory.Frames->FreeCount * Pages.Size);
        Log.Write(" free; processors "u8);
        Log.Number((ulong)Processors.OnlineCount);
        Log.Write("; application after "u8);
        Log.Number(Clock.Now() / 1000);
        Log.Write(" us; random numbers from "u8);
        Log.WriteNull(s_entropy);
        Log.Write("; time by "u8);
        Log.Write(Clock.IsTold ? "the monitor's clock"u8 : "the interval timer"u8);
        Log.End(""u8);
        if (Features.IsXcr0Lost) Log.Line("the monitor forgets XCR0 (QEMU's emulated SVM does): no AVX here"u8);
    }
}
