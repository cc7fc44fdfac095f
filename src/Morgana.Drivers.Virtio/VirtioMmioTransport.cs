namespace Morgana.Drivers.Virtio;

/// <summary>Virtio over registers in memory: virtio 1.2, 4.2.</summary>
internal sealed class VirtioMmioTransport : VirtioTransport
{
    // 4.2.2, "MMIO Device Register Layout"
    private const int MagicValue = 0x00, Version = 0x04, DeviceId = 0x08, DeviceFeatures = 0x10, DeviceFeaturesSel = 0x14, DriverFeatures = 0x20, DriverFeaturesSel = 0x24;
    private const int QueueSel = 0x30, QueueNumMax = 0x34, QueueNum = 0x38, QueueReady = 0x44, QueueNotify = 0x50, InterruptAck = 0x64, StatusRegister = 0x70;
    private const int QueueDesc = 0x80, QueueDriver = 0x90, QueueDevice = 0xa0, Configuration = 0x100;
    private const uint Magic = 0x74726976, ModernVersion = 2;

    // 4.2.2.1: buffers were used; the configuration has changed.
    private const uint AllInterrupts = 3;

    public VirtioMmioTransport(IRegisters registers)
        : base(registers, new(DeviceFeaturesSel, DeviceFeatures, DriverFeaturesSel, DriverFeatures), registers, Configuration)
    {
        if (registers.Read32(MagicValue) != Magic) throw new VirtioException("There is no virtio device at these registers.");
        if (registers.Read32(Version) != ModernVersion)
            throw new VirtioException("The device is a legacy one: QEMU needs -global virtio-mmio.force-legacy=false.");
    }

    public override uint DeviceType => Registers.Read32(DeviceId);

    protected override byte Status
    {
        get => (byte)Registers.Read32(StatusRegister);
        set => Registers.Write32(StatusRegister, value);
    }

    public override int ReadQueueSize(int queue)
    {
        Registers.Write32(QueueSel, (uint)queue);
        return (int)Registers.Read32(QueueNumMax);
    }

    public override void SetQueue(int queue, int size, ulong descriptors, ulong available, ulong used)
    {
        Registers.Write32(QueueSel, (uint)queue);
        Registers.Write32(QueueNum, (uint)size);
        Write64(QueueDesc, descriptors);
        Write64(QueueDriver, available);
        Write64(QueueDevice, used);
        Registers.Write32(QueueReady, 1);
    }

    public override void Notify(int queue) => Registers.Write32(QueueNotify, (uint)queue);

    // Both at once, without asking which it was: whoever is interrupted looks at everything.
    public override void AcknowledgeInterrupt() => Registers.Write32(InterruptAck, AllInterrupts);
}
