namespace Morgana.Drivers.Virtio;

/// <summary>Virtio over PCI: virtio 1.2, 4.1. The kernel has found the structures in the device's BARs, and has led its interrupts.</summary>
/// <param name="common">4.1.4.3, "Common configuration structure layout".</param>
/// <param name="notify">4.1.4.4.</param>
/// <param name="interruptStatus">4.1.4.5.</param>
/// <param name="configuration">The device's own.</param>
/// <param name="notifyMultiplier">Octets between queues' places in <paramref name="notify"/>.</param>
/// <param name="deviceType">By the PCI device number.</param>
/// <param name="usesMessages">Whether the kernel has set up a message for queues.</param>
internal sealed class VirtioPciTransport(IRegisters common, IRegisters notify, IRegisters interruptStatus, IRegisters configuration, uint notifyMultiplier, uint deviceType, bool usesMessages)
    : VirtioTransport(common, new(DeviceFeatureSelect, DeviceFeature, DriverFeatureSelect, DriverFeature), configuration, configurationStart: 0)
{
    private const int DeviceFeatureSelect = 0x00, DeviceFeature = 0x04, DriverFeatureSelect = 0x08, DriverFeature = 0x0c, ConfigMsixVector = 0x10, DeviceStatus = 0x14;
    private const int QueueSelect = 0x16, QueueSize = 0x18, QueueMsixVector = 0x1a, QueueEnable = 0x1c, QueueNotifyOff = 0x1e, QueueDesc = 0x20, QueueDriver = 0x28, QueueDevice = 0x30;
    private const ushort NoVector = 0xffff, FirstVector = 0;

    private readonly int[] _notifyOffsets = new int[16];

    public override uint DeviceType => deviceType;

    protected override byte Status
    {
        get => Registers.Read8(DeviceStatus);
        set => Registers.Write8(DeviceStatus, value);
    }

    public override int ReadQueueSize(int queue)
    {
        Registers.Write16(QueueSelect, (ushort)queue);
        return Registers.Read16(QueueSize);
    }

    public override void SetQueue(int queue, int size, ulong descriptors, ulong available, ulong used)
    {
        Registers.Write16(ConfigMsixVector, NoVector);
        Registers.Write16(QueueSelect, (ushort)queue);
        Registers.Write16(QueueSize, (ushort)size);
        Write64(QueueDesc, descriptors);
        Write64(QueueDriver, available);
        Write64(QueueDevice, used);
        Registers.Write16(QueueMsixVector, usesMessages ? FirstVector : NoVector);
        _notifyOffsets[queue] = (int)(Registers.Read16(QueueNotifyOff) * notifyMultiplier);
        Registers.Write16(QueueEnable, 1);
    }

    public override void Notify(int queue) => notify.Write16(_notifyOffsets[queue], (ushort)queue);

    // 4.1.5.4: a message needs no acknowledgement, and the status says nothing of it. A line's is acknowledged by being read.
    public override void AcknowledgeInterrupt()
    {
        if (!usesMessages) interruptStatus.Read8(0);
    }
}
