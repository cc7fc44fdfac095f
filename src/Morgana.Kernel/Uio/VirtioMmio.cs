namespace Morgana.Kernel;

/// <summary>Devices by virtio 1.2, 4.2, at the places where QEMU's microvm has them. The driver does all the rest.</summary>
internal static unsafe class VirtioMmio
{
    private const ulong First = 0xfeb0_0000, Stride = 512;
    private const int Slots = 32;
    private const uint MagicValue = 0x7472_6976, DeviceId = 8;

    // With ACPI microvm has a second IO-APIC and uses its lines; without, the first one's from 5 on.
    private const uint LinesWithSecond = 24, LinesWithFirst = 5;

    public static void Probe()
    {
        byte* registers = KernelMemory.MapDevice(First, Slots * Stride);
        // The monitor fills the slots from the last: seen from there, devices come in the order of its command line.
        for (int slot = Slots - 1; slot >= 0; slot--)
        {
            byte* place = registers + ((ulong)slot * Stride);
            if (Machine.Read32(place) != MagicValue) continue;
            uint type = Machine.Read32(place + DeviceId);
            if (type == 0) continue;
            UioDevice* device = Uio.Add(type);
            if (device == null) return;
            device->Addresses[0] = First + ((ulong)slot * Stride);
            device->Sizes[0] = Stride;
            uint line = (IoApic.Has(LinesWithSecond) ? LinesWithSecond : LinesWithFirst) + (uint)slot;
            Uio.Route(device, line, level: false, activeLow: false);
        }
    }
}
