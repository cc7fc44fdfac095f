namespace Morgana.Kernel;

/// <summary>Each processor's own interrupt controller and timer (Intel SDM 3A, chapter 11), by its registers in memory.</summary>
internal static unsafe class LocalApic
{
    private const uint Id = 0x20, TaskPriority = 0x80, Eoi = 0xb0, SpuriousVector = 0xf0, CommandLow = 0x300, CommandHigh = 0x310;
    private const uint TimerEntry = 0x320, Lint0 = 0x350, Lint1 = 0x360, InitialCount = 0x380, CurrentCount = 0x390, DivideBy = 0x3e0;
    private const uint Masked = 1 << 16, Enabled = 1 << 8, DeliveryPending = 1 << 12, DivideBy1 = 0xb;
    private const uint Init = 0x4500, Startup = 0x4600;

    private static byte* s_registers;

    /// <summary>Finds the registers. All processors see their own at the same place.</summary>
    public static void Map(ulong physical) => s_registers = KernelMemory.MapDevice(physical, 4096);

    /// <summary>Switches it on, on this processor, with the timer silent.</summary>
    public static void Enable()
    {
        // First of all: while it is off, every entry is masked, and writing says nothing else (Intel SDM 3A, 11.4.7.2). Not every firmware has switched it on.
        Write(SpuriousVector, Enabled | Vectors.Spurious);
        Write(TaskPriority, 0);
        Write(Lint0, Masked);
        Write(Lint1, Masked);
        Write(DivideBy, DivideBy1);
        Write(TimerEntry, Vectors.Timer);
        Write(InitialCount, 0);
        // Once more: an emulated one looks only now whether what was asked for before is asked for still.
        Write(SpuriousVector, Enabled | Vectors.Spurious);
    }

    public static uint ReadId() => Read(Id) >> 24;

    public static void EndOfInterrupt() => Write(Eoi, 0);

    /// <summary>Lets the timer run down from a count; 0 stops it.</summary>
    public static void SetTimer(uint count) => Write(InitialCount, count);

    public static uint TimerCount() => Read(CurrentCount);

    public static void Send(uint apicId, uint vector) => Command(apicId, vector);

    /// <summary>Wakes a processor up from reset.</summary>
    public static void SendInit(uint apicId) => Command(apicId, Init);

    /// <summary>Lets a processor begin at a page below 1 MB.</summary>
    public static void SendStartup(uint apicId, ulong page) => Command(apicId, Startup | (uint)(page >> 12));

    private static void Command(uint apicId, uint command)
    {
        while ((Read(CommandLow) & DeliveryPending) != 0) Machine.Pause();
        Write(CommandHigh, apicId << 24);
        Write(CommandLow, command);
    }

    private static uint Read(uint register) => Machine.Read32(s_registers + register);

    private static void Write(uint register, uint value) => Machine.Write32(s_registers + register, value);
}
