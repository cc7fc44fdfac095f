namespace Morgana.Drivers.Virtio;

/// <summary>Virtio over PCI: virtio 1.2, 4.1. The kernel has found the structures in the device's BARs, and has led its interrupts.</summary>
/// <param name="common">4.1.4.3, "Common configuration structure layout".</param>
/// <param name="notify">4.1.4.4.</param>
/// <param name="interruptStatus">4.1.4.5; null where interrupts come as messages, which need no acknowledgement.</param>
/// <param name="configuration">The device's own.</param>
/// <param name="notifyMultiplier">Octets between queues' places in <paramref name="notify"/>.</param>
/// <param name="deviceType">By the PCI device number.</param>
/// <param name="usesMessages">Whether the kernel has set up a message for queues.</param>
internal sealed class VirtioPciTransport(IRegisters common, IRegisters notify, IRegisters interruptStatus, IRegisters configuration, uint notifyMultiplier, uint deviceType, bool usesMessages)
    : VirtioTransport
{
    private const int DeviceFeatureSelect = 0x00, DeviceFeature = 0x04, DriverFeatureSelect = 0x08, DriverFeature = 0x0c, ConfigMsixVector = 0x10, DeviceStatus = 0x14;
    private const int QueueSelect = 0x16, QueueSize = 0x18, QueueMsixVector = 0x1a, QueueEnable = 0x1c, QueueNotifyOff = 0x1e, QueueDesc = 0x20, QueueDriver = 0x28, QueueDevice = 0x30;
    private const ushort NoVector = 0xffff, FirstVector = 0;

    private readonly int[] _notifyOffsets = new int[16];

    public override uint DeviceType => deviceType;

    protected override byte Status
    {
        get => common.Read8(DeviceStatus);
        set => common.Write8(DeviceStatus, value);
    }

    public override int ReadQueueSize(int queue)
    {
        common.Write16(QueueSelect, (ushort)queue);
        return common.Read16(QueueSize);
    }

    public override void SetQueue(int queue, int size, ulong descriptors, ulong available, ulong used)
    {
        common.Write16(ConfigMsixVector, NoVector);
        common.Write16(QueueSelect, (ushort)queue);
        common.Write16(QueueSize, (ushort)size);
        Write64(QueueDesc, descriptors);
        Write64(QueueDriver, available);
        Write64(QueueDevice, used);
        common.Write16(QueueMsixVector, usesMessages ? FirstVector : NoVector);
        _notifyOffsets[queue] = (int)(common.Read16(QueueNotifyOff) * notifyMultiplier);
        common.Write16(QueueEnable, 1);
    }

    public override void Notify(int queue) => notify.Write16(_notifyOffsets[queue], (ushort)queue);

    // Reading the status clears it. With messages it says nothing, and is read for the order that a register read brings.
    public override void AcknowledgeInterrupt() => interruptStatus.Read8(0);

    public override byte ReadConfiguration8(int offset) => configuration.Read8(offset);

    public override ushort ReadConfiguration16(int offset) => configuration.Read16(offset);

    public override uint ReadConfiguration32(int offset) => configuration.Read32(offset);

    protected override ulong ReadFeatures()
    {
        common.Write32(DeviceFeatureSelect, 1);
        ulong high = common.Read32(DeviceFeature);
        common.Write32(DeviceFeatureSelect, 0);
        return (high << 32) | common.Read32(DeviceFeature);
    }

    protected override void WriteFeatures(ulong features)
    {
        common.Write32(DriverFeatureSelect, 1);
        common.Write32(DriverFeature, (uint)(features >> 32));
        common.Write32(DriverFeatureSelect, 0);
        common.Write32(DriverFeature, (uint)features);
    }

    private void Write64(int register, ulong value)
    {
        common.Write32(register, (uint)value);
        common.Write32(register + 4, (uint)(value >> 32));
    }
}
