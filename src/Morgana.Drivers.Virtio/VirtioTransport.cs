using System.Runtime.Intrinsics.X86;

namespace Morgana.Drivers.Virtio;

/// <summary>How a driver talks to a virtio device (virtio 1.2, chapters 2 and 4): status, features, queues, configuration.</summary>
/// <param name="registers">Those of every virtio device.</param>
/// <param name="features">Where the features are among them.</param>
/// <param name="configuration">The device's own registers.</param>
/// <param name="configurationStart">Where these begin.</param>
internal abstract class VirtioTransport(IRegisters registers, FeatureRegisters features, IRegisters configuration, int configurationStart)
{
    // 2.1, "Device Status Field"
    private const byte Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8, Failed = 128;

    /// <summary>Feature bits of every device (6, "Reserved Feature Bits").</summary>
    public const int IndirectDescriptors = 28, EventIndex = 29, Version1 = 32;

    /// <summary>Whether this machine's monitor loses memory barriers: QEMU's emulation of one processor, before 8.1. Reading a register orders everything there too.</summary>
    public static bool LosesBarriers { get; } = IsEmulated() && Environment.ProcessorCount == 1;

    /// <summary>5: 1 is a network card, 2 a block device, 3 a console, 4 a source of entropy.</summary>
    public abstract uint DeviceType { get; }

    /// <summary>Resets the device and settles what both sides can do: 3.1.1, steps 1 to 6.</summary>
    /// <param name="wanted">What the driver has a use for; <see cref="Version1"/> is implied.</param>
    /// <returns>What of it the device offers.</returns>
    public ulong Begin(ulong wanted)
    {
        Status = 0;
        // 4.1.4.3.2: a device by PCI takes its time, and reads zero when it is done.
        for (int i = 0; Status != 0 && i < 100_000; i++) Thread.SpinWait(10);
        Status = Acknowledge;
        Status = Acknowledge | Driver;
        ulong offered = ReadFeatures();
        if ((offered >> Version1 & 1) == 0) throw Fail("The device speaks only the legacy protocol of before virtio 1.0.");
        ulong agreed = (wanted | (1UL << Version1)) & offered;
        WriteFeatures(agreed);
        Status = Acknowledge | Driver | FeaturesOk;
        if ((Status & FeaturesOk) == 0) throw Fail("The device does not agree to a part of what it offered.");
        return agreed;
    }

    /// <summary>The queues are there: the device may begin. 3.1.1, step 8.</summary>
    public void Start() => Status = Acknowledge | Driver | FeaturesOk | DriverOk;

    /// <summary>The driver gives the device up: it stops touching memory.</summary>
    public void Reset() => Status = 0;

    /// <summary>How many descriptors a queue may have, or 0 where there is no such queue.</summary>
    public abstract int ReadQueueSize(int queue);

    /// <summary>Tells the device where a queue lies, by addresses of the device's.</summary>
    public abstract void SetQueue(int queue, int size, ulong descriptors, ulong available, ulong used);

    /// <summary>Tells the device to look into a queue.</summary>
    public abstract void Notify(int queue);

    /// <summary>Says that an interrupt which came has been seen, so that the next one comes. Each register that this touches is a way out of the machine.</summary>
    public abstract void AcknowledgeInterrupt();

    /// <summary>Orders all memory accesses around it, the device's included, on any monitor.</summary>
    public void Order()
    {
        if (LosesBarriers) _ = Status;
        Interlocked.MemoryBarrier();
    }

    /// <summary>Reads the device's own configuration (5.x.4).</summary>
    public byte ReadConfiguration8(int offset) => configuration.Read8(configurationStart + offset);

    /// <summary>Reads the device's own configuration.</summary>
    public ushort ReadConfiguration16(int offset) => configuration.Read16(configurationStart + offset);

    /// <summary>Reads the device's own configuration.</summary>
    public uint ReadConfiguration32(int offset) => configuration.Read32(configurationStart + offset);

    protected IRegisters Registers => registers;

    protected abstract byte Status { get; set; }

    protected void Write64(int register, ulong value)
    {
        registers.Write32(register, (uint)value);
        registers.Write32(register + 4, (uint)(value >> 32));
    }

    private ulong ReadFeatures()
    {
        registers.Write32(features.DeviceSelect, 1);
        ulong high = registers.Read32(features.Device);
        registers.Write32(features.DeviceSelect, 0);
        return (high << 32) | registers.Read32(features.Device);
    }

    private void WriteFeatures(ulong agreed)
    {
        registers.Write32(features.DriverSelect, 1);
        registers.Write32(features.Driver, (uint)(agreed >> 32));
        registers.Write32(features.DriverSelect, 0);
        registers.Write32(features.Driver, (uint)agreed);
    }

    private VirtioException Fail(string why)
    {
        Status = Failed;
        return new VirtioException(why);
    }

    // "TCGTCGTCGTCG" in the leaf where hypervisors name themselves.
    private static bool IsEmulated()
    {
        if (!X86Base.IsSupported || (X86Base.CpuId(1, 0).Ecx >> 31 & 1) == 0) return false;
        var (_, ebx, ecx, _) = X86Base.CpuId(0x4000_0000, 0);
        return ebx == 0x5447_4354 && ecx == 0x4354_4743;
    }
}

/// <summary>Registers by which both sides say what they can do, 32 bits at a time.</summary>
/// <param name="DeviceSelect">Which half the device shows.</param>
/// <param name="Device">What it offers.</param>
/// <param name="DriverSelect">Which half the driver writes.</param>
/// <param name="Driver">What it accepts.</param>
internal readonly record struct FeatureRegisters(int DeviceSelect, int Device, int DriverSelect, int Driver);
