namespace Morgana.Kernel;

/// <summary>
/// A virtio entropy device (virtio 1.2, 5.4), asked once, before anything else runs: the one device that the kernel itself drives, as the
/// application needs random numbers before it has an instruction that could drive any. Only where the processor has none.
/// </summary>
internal static unsafe class EntropyDevice
{
    /// <summary>5: the device's type.</summary>
    public const uint Type = 4;

    private const uint Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8, Version1 = 1;         // 2.1; bit 32 of the features
    private const uint DeviceWrites = 2;                                                                // 2.7.5
    private const int Size = 2, AvailableAt = 64, UsedAt = 128, BufferAt = 256;

    // 4.2.2, and 4.1.4.3: where each register lies.
    private const uint MmioFeatureSelect = 0x24, MmioFeatures = 0x20, MmioQueueSelect = 0x30, MmioQueueSize = 0x38, MmioReady = 0x44, MmioNotify = 0x50, MmioStatus = 0x70;
    private const uint PciFeatureSelect = 0x08, PciFeatures = 0x0c, PciStatus = 0x14, PciQueueSelect = 0x16, PciQueueSize = 0x18, PciVector = 0x1a, PciReady = 0x1c, PciNotifyAt = 0x1e;

    // A thousand times what one takes that is there; each look at a register takes its time.
    private const int Patience = 1_000_000;

    /// <summary>Fills memory of the kernel's. False when the device does not, or fills it with what cannot be random.</summary>
    public static bool Fill(UioDevice* device, byte* to, int count)
    {
        ulong frame = PhysicalMemory.TakeZeroed();
        byte* page = (byte*)Physical.Pointer(frame);
        byte* registers = KernelMemory.MapDevice(device->Addresses[0], device->Sizes[0]);
        byte* doorbell = device->IsPci ? KernelMemory.MapDevice(device->Addresses[1], device->Sizes[1]) : registers + MmioNotify;
        bool isFilled = Start(device->IsPci, registers, frame);
        if (device->IsPci) doorbell += ReadNotifyOffset(registers) * device->NotifyMultiplier;
        for (int done = 0, round = 0; isFilled && done < count; round++)
        {
            int got = Ask(device->IsPci, doorbell, page, frame, count - done, round);
            Machine.Copy(to + done, page + BufferAt, (ulong)got);
            done += got;
            isFilled = got > 0;
        }

        // From here on it touches no memory, and is its driver's to begin with.
        SetStatus(device->IsPci, registers, 0);
        for (int i = 0; i < Patience && Status(device->IsPci, registers) != 0; i++) Machine.Pause();
        Machine.Zero(page, Pages.Size);
        PhysicalMemory.Frames->Return(frame);
        return isFilled && Differ(to, count);
    }

    // 3.1.1, with nothing agreed on but version 1.
    private static bool Start(bool isPci, byte* registers, ulong frame)
    {
        SetStatus(isPci, registers, 0);
        for (int i = 0; i < Patience && Status(isPci, registers) != 0; i++) Machine.Pause();
        SetStatus(isPci, registers, Acknowledge | Driver);
        for (uint half = 0; half < 2; half++)
        {
            Machine.Write32(registers + (isPci ? PciFeatureSelect : MmioFeatureSelect), half);
            Machine.Write32(registers + (isPci ? PciFeatures : MmioFeatures), half == 1 ? Version1 : 0);
        }

        SetStatus(isPci, registers, Acknowledge | Driver | FeaturesOk);
        if ((Status(isPci, registers) & FeaturesOk) == 0) return false;
        if (isPci)
        {
            Machine.Write16(registers + PciQueueSelect, 0);
            if (Machine.Read16(registers + PciQueueSize) < Size) return false;
            Machine.Write16(registers + PciQueueSize, Size);
            Machine.Write16(registers + PciVector, 0xffff);
            SetAddresses(registers, frame, 0x20, 8);
            Machine.Write16(registers + PciReady, 1);
        }
        else
        {
            Machine.Write32(registers + MmioQueueSelect, 0);
            if (Machine.Read32(registers + 0x34) < Size) return false;
            Machine.Write32(registers + MmioQueueSize, Size);
            SetAddresses(registers, frame, 0x80, 16);
            Machine.Write32(registers + MmioReady, 1);
        }

        SetStatus(isPci, registers, Acknowledge | Driver | FeaturesOk | DriverOk);
        return true;
    }

    private static void SetAddresses(byte* registers, ulong frame, uint first, uint stride)
    {
        for (uint i = 0; i < 3; i++)
        {
            ulong address = frame + (i == 0 ? 0 : i == 1 ? AvailableAt : (ulong)UsedAt);
            Machine.Write32(registers + first + (i * stride), (uint)address);
            Machine.Write32(registers + first + (i * stride) + 4, (uint)(address >> 32));
        }
    }

    // One buffer, always in descriptor 0: the round is the ring's index. 0 octets when nothing comes, or more than was asked for.
    private static int Ask(bool isPci, byte* doorbell, byte* page, ulong frame, int count, int round)
    {
        *(ulong*)page = frame + BufferAt;
        *(uint*)(page + 8) = (uint)count;
        *(uint*)(page + 12) = DeviceWrites;
        Machine.Write16(page + AvailableAt + 4 + ((round & (Size - 1)) * 2), 0);
        Machine.FullFence();
        Machine.Write16(page + AvailableAt + 2, (uint)(round + 1) & 0xffff);
        Machine.FullFence();
        if (isPci) Machine.Write16(doorbell, 0);
        else Machine.Write32(doorbell, 0);
        for (int i = 0; Machine.Read16(page + UsedAt + 2) != ((uint)(round + 1) & 0xffff); i++)
        {
            if (i == Patience) return 0;
            Pit.Read();
        }

        uint written = Machine.Read32(page + UsedAt + 4 + ((round & (Size - 1)) * 8) + 4);
        return written <= (uint)count ? (int)written : 0;
    }

    private static uint ReadNotifyOffset(byte* registers)
    {
        Machine.Write16(registers + PciQueueSelect, 0);
        return Machine.Read16(registers + PciNotifyAt);
    }

    private static uint Status(bool isPci, byte* registers) => isPci ? Machine.Read8(registers + PciStatus) : Machine.Read32(registers + MmioStatus);

    private static void SetStatus(bool isPci, byte* registers, uint value)
    {
        if (isPci) Machine.Write8(registers + PciStatus, value);
        else Machine.Write32(registers + MmioStatus, value);
    }

    // A source that is stuck gives the same again and again (NIST SP 800-90B, 4.4.1).
    private static bool Differ(byte* octets, int count)
    {
        for (int i = 1; i < count; i++)
        {
            if (octets[i] != octets[0]) return true;
        }

        return false;
    }
}
