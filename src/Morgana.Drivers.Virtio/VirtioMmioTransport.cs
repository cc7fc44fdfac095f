namespace Morgana.Drivers.Virtio;

/// <summary>Virtio over registers in memory: virtio 1.2, 4.2.</summary>
internal sealed class VirtioMmioTransport : VirtioTransport
{
    // 4.2.2, "MMIO Device Register Layout"
    private const int MagicValue = 0x00, Version = 0x04, DeviceId = 0x08, DeviceFeatures = 0x10, DeviceFeaturesSel = 0x14, DriverFeatures = 0x20, DriverFeaturesSel = 0x24;
    private const int QueueSel = 0x30, QueueNumMax = 0x34, QueueNum = 0x38, QueueReady = 0x44, QueueNotify = 0x50, InterruptStatus = 0x60, InterruptAck = 0x64, StatusRegister = 0x70;
    private const int QueueDesc = 0x80, QueueDriver = 0x90, QueueDevice = 0xa0, Configuration = 0x100;
    private const uint Magic = 0x74726976, ModernVersion = 2;

    private readonly IRegisters _registers;

    public VirtioMmioTransport(IRegisters registers)
    {
        _registers = registers;
        if (registers.Read32(MagicValue) != Magic) throw new VirtioException("There is no virtio device at these registers.");
        if (registers.Read32(Version) != ModernVersion)
            throw new VirtioException("The device is a legacy one: QEMU needs -global virtio-mmio.force-legacy=false.");
    }

    public override uint DeviceType => _registers.Read32(DeviceId);

    protected override byte Status
    {
        get => (byte)_registers.Read32(StatusRegister);
        set => _registers.Write32(StatusRegister, value);
    }

    public override int ReadQueueSize(int queue)
    {
        _registers.Write32(QueueSel, (uint)queue);
        return (int)_registers.Read32(QueueNumMax);
    }

    public override void SetQueue(int queue, int size, ulong descriptors, ulong available, ulong used)
    {
        _registers.Write32(QueueSel, (uint)queue);
        _registers.Write32(QueueNum, (uint)size);
        Write64(QueueDesc, descriptors);
        Write64(QueueDriver, available);
        Write64(QueueDevice, used);
        _registers.Write32(QueueReady, 1);
    }

    public override void Notify(int queue) => _registers.Write32(QueueNotify, (uint)queue);

    public override void AcknowledgeInterrupt()
    {
        uint status = _registers.Read32(InterruptStatus);
        if (status != 0) _registers.Write32(InterruptAck, status);
    }

    public override byte ReadConfiguration8(int offset) => _registers.Read8(Configuration + offset);

    public override ushort ReadConfiguration16(int offset) => _registers.Read16(Configuration + offset);

    public override uint ReadConfiguration32(int offset) => _registers.Read32(Configuration + offset);

    protected override ulong ReadFeatures()
    {
        _registers.Write32(DeviceFeaturesSel, 1);
        ulong high = _registers.Read32(DeviceFeatures);
        _registers.Write32(DeviceFeaturesSel, 0);
        return (high << 32) | _registers.Read32(DeviceFeatures);
    }

    protected override void WriteFeatures(ulong features)
    {
        _registers.Write32(DriverFeaturesSel, 1);
        _registers.Write32(DriverFeatures, (uint)(features >> 32));
        _registers.Write32(DriverFeaturesSel, 0);
        _registers.Write32(DriverFeatures, (uint)features);
    }

    private void Write64(int register, ulong value)
    {
        _registers.Write32(register, (uint)value);
        _registers.Write32(register + 4, (uint)(value >> 32));
    }
}
