namespace Morgana.Drivers.Virtio;

/// <summary>How a driver talks to a virtio device (virtio 1.2, chapters 2 and 4): status, features, queues, configuration.</summary>
internal abstract class VirtioTransport
{
    // 2.1, "Device Status Field"
    private const byte Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8, Failed = 128;

    /// <summary>Feature bits of every device (6, "Reserved Feature Bits").</summary>
    public const int IndirectDescriptors = 28, EventIndex = 29, Version1 = 32;

    /// <summary>5: 1 is a network card, 2 a block device, 4 a source of entropy.</summary>
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

    /// <summary>Says that interrupts have been seen. Reading the register also orders all memory accesses around it, on any monitor.</summary>
    public abstract void AcknowledgeInterrupt();

    /// <summary>Reads the device's own configuration (5.x.4).</summary>
    public abstract byte ReadConfiguration8(int offset);

    /// <summary>Reads the device's own configuration.</summary>
    public abstract ushort ReadConfiguration16(int offset);

    /// <summary>Reads the device's own configuration.</summary>
    public abstract uint ReadConfiguration32(int offset);

    protected abstract byte Status { get; set; }

    protected abstract ulong ReadFeatures();

    protected abstract void WriteFeatures(ulong features);

    private VirtioException Fail(string why)
    {
        Status = Failed;
        return new VirtioException(why);
    }
}
