namespace Morgana.Kernel;

/// <summary>Devices by virtio 1.2, 4.1: found in PCI's configuration space, which only the kernel reaches. Their interrupts are messages (MSI-X).</summary>
/// <remarks>The maps of such a device are its structures: common configuration, notifications, interrupt status, and its own configuration.</remarks>
internal static unsafe class VirtioPci
{
    private const uint VirtioVendor = 0x1af4, FirstModern = 0x1040, LastModern = 0x107f;
    private const uint VendorCapability = 9, MsixCapability = 0x11;
    private const uint BusMaster = 4, MemorySpace = 2, NoLine = 1 << 10, HasCapabilities = 1 << 4;
    private const uint Common = 1, Notify = 2, OwnConfiguration = 4;

    public static void Probe()
    {
        // One bus: monitors put all of their virtio devices on the first.
        for (uint device = 0; device < 32; device++)
        {
            uint function = PciConfiguration.Function(0, device, 0);
            uint id = PciConfiguration.Read32(function, 0);
            uint type = id >> 16;
            if ((id & 0xffff) == VirtioVendor && type is >= FirstModern and <= LastModern) Add(function, type - FirstModern);
        }
    }

    private static void Add(uint function, uint type)
    {
        if (((PciConfiguration.Read32(function, 4) >> 16) & HasCapabilities) == 0) return;
        UioDevice* device = Uio.Add(type);
        if (device == null) return;
        device->IsPci = true;
        PciConfiguration.PlaceMemory(function);
        PciConfiguration.Write32(function, 4, BusMaster | MemorySpace | NoLine);
        uint at = PciConfiguration.Read8(function, 0x34);
        for (int i = 0; i < 48 && at >= 0x40; i++, at = PciConfiguration.Read8(function, at + 1))
        {
            uint kind = PciConfiguration.Read8(function, at);
            if (kind == VendorCapability) AddStructure(device, function, at);
            if (kind == MsixCapability) RouteMessages(device, function, at);
        }
    }

    // virtio_pci_cap of 4.1.4: type at 3, BAR at 4, offset at 8, length at 12, and behind a notification's the multiplier at 16.
    private static void AddStructure(UioDevice* device, uint function, uint at)
    {
        uint type = PciConfiguration.Read8(function, at + 3), bar = PciConfiguration.Read8(function, at + 4);
        if (type is < Common or > OwnConfiguration || bar > 5) return;
        uint map = type - Common;
        ulong start = PciConfiguration.BaseAddress(function, bar);
        if (start == 0 || device->Sizes[map] != 0) return;
        device->Addresses[map] = start + PciConfiguration.Read32(function, at + 8);
        device->Sizes[map] = PciConfiguration.Read32(function, at + 12);
        if (type == Notify) device->NotifyMultiplier = PciConfiguration.Read32(function, at + 16);
    }

    // PCI Local Bus 3.0, 6.8.2: the table's first entry leads to our vector, on a processor's local APIC; the others stay closed.
    private static void RouteMessages(UioDevice* device, uint function, uint at)
    {
        const uint enable = 1u << 31;
        uint table = PciConfiguration.Read32(function, at + 4);
        ulong start = PciConfiguration.BaseAddress(function, table & 7);
        if (start == 0) return;
        byte* entry = KernelMemory.MapDevice(start + (table & ~7u), 16);
        Machine.Write32(entry, 0xfee0_0000 | (Uio.ProcessorFor(device)->ApicId << 12));
        Machine.Write32(entry + 4, 0);
        Machine.Write32(entry + 8, device->Vector);
        Machine.Write32(entry + 12, 0);
        PciConfiguration.Write32(function, at, PciConfiguration.Read32(function, at) | enable);
        device->HasMessages = true;
    }
}
