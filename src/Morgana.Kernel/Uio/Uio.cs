namespace Morgana.Kernel;

/// <summary>Devices by Linux's contract for drivers outside of the kernel: Documentation/driver-api/uio-howto.rst. The drivers are C# libraries (Morgana.Drivers.Virtio).</summary>
/// <remarks>
/// A file for each device: mmap with offset n pages shows map n, read waits for an interrupt and answers how many there were, write masks
/// (0) or unmasks (1) a line, which only one that says 1 in <c>level</c> has a need for. What is beyond: the last map is memory in one piece whose physical address the driver reads beside its size.
/// </remarks>
internal static unsafe class Uio
{
    private const int Most = 32;
    private const ulong LeastDma = 256 << 10, MostDma = 64 << 20, MostForOthers = 1 << 20;
    private const ulong MostForConsole = 64 << 10, MostForEntropy = 8 << 10;
    private const uint NetworkType = 1, ConsoleType = 3;

    private static UioDevice* s_devices;
    private static int s_count;
    private static ulong s_dmaSize;

    /// <summary>Finds the machine's devices.</summary>
    public static void Init(CommandLine* commandLine)
    {
        s_devices = (UioDevice*)KernelMemory.Reserve((ulong)(Most * sizeof(UioDevice)));
        byte* text = commandLine->Find("dma="u8);
        if (text == null || Text.ParseSize(text, out s_dmaSize) == 0) s_dmaSize = PhysicalMemory.Installed / 8;
        s_dmaSize = Bits.AlignUp(Bits.Min(Bits.Max(s_dmaSize, LeastDma), MostDma), Pages.Size);
        VirtioMmio.Probe();
        VirtioPci.Probe();
    }

    /// <summary>A new device to fill in; null when there are too many.</summary>
    public static UioDevice* Add(uint type)
    {
        if (s_count == Most) return null;
        UioDevice* device = s_devices + s_count;
        device->Type = type;
        device->Vector = Vectors.FirstDevice + (uint)s_count;
        s_count++;
        return device;
    }

    /// <summary>The first device of a type, or null.</summary>
    public static UioDevice* FindType(uint type)
    {
        for (int i = 0; i < s_count; i++)
        {
            if (s_devices[i].Type == type) return s_devices + i;
        }

        return null;
    }

    /// <summary>Leads a device's line to its vector, on a processor that has not many yet.</summary>
    public static void Route(UioDevice* device, uint line, bool level, bool activeLow)
    {
        device->Line = line;
        device->IsLevel = level;
        device->HasLine = IoApic.Route(line, device->Vector, ProcessorFor(device)->ApicId, level, activeLow);
    }

    public static Cpu* ProcessorFor(UioDevice* device) => Processors.At((int)((device->Vector - Vectors.FirstDevice) % (uint)Processors.OnlineCount));

    public static void HandleInterrupt(uint vector)
    {
        uint index = vector - Vectors.FirstDevice;
        if (index >= (uint)s_count) return;
        UioDevice* device = s_devices + index;
        // A level line stays up until the driver has looked after the device: closed until it says so, or it would come again at once.
        if (device->IsLevel) SetMasked(device, true);
        device->Interrupts++;
        Polling.ChangedAt(device);
    }

    public static bool HasInterrupted(File* file) => file->Counter != file->Device->Interrupts;

    /// <summary>Opens <c>/dev/uioN</c>.</summary>
    public static ulong Open(byte* number)
    {
        UioDevice* device = Find(number, out byte* rest);
        if (device == null || *rest != 0) return Error.NoEntry;
        if (device->Addresses[UioDevice.DmaMap] == 0 && !GiveMemory(device)) return Error.NoMemory;
        File* file = DescriptorTable.Create(FileKind.Uio);
        if (file == null) return Error.NoMemory;
        file->Device = device;
        return DescriptorTable.Open(file, 0);
    }

    /// <summary>read(2): waits until there was an interrupt that this descriptor has not heard of.</summary>
    public static ulong Read(Thread* thread, File* file, ulong to, ulong count)
    {
        if (count != 4) return Error.Invalid;
        if (!HasInterrupted(file))
        {
            if (file->IsNonBlocking) return Error.Again;
            Scheduler.BlockAndRestart(thread, (ulong)file->Device, ulong.MaxValue);
            return 0;
        }

        file->Counter = file->Device->Interrupts;
        return UserMemory.Write32(to, (uint)file->Counter) ? 4 : Error.Fault;
    }

    /// <summary>write(2): 1 opens the line, 0 closes it.</summary>
    public static ulong Write(File* file, ulong from, ulong count)
    {
        if (count != 4) return Error.Invalid;
        if (!UserMemory.Read32(from, out uint on)) return Error.Fault;
        SetMasked(file->Device, on == 0);
        return 4;
    }

    /// <summary>mmap(2): offset n pages is map n, from its beginning.</summary>
    public static ulong Map(File* file, ulong at, ulong length, Protection protection, ulong offset)
    {
        ulong map = offset / Pages.Size;
        if (map >= UioDevice.MostMaps || (protection & Protection.Execute) != 0) return Error.Invalid;
        ulong physical = Bits.AlignDown(file->Device->Addresses[map], Pages.Size);
        ulong size = Bits.AlignUp(file->Device->Addresses[map] + file->Device->Sizes[map], Pages.Size) - physical;
        if (file->Device->Sizes[map] == 0 || length > size) return Error.Invalid;
        ulong caching = map == UioDevice.DmaMap ? 0 : PageTables.Uncached | PageTables.WriteThrough;
        return AddressSpace.MapFixed(at, physical, length, protection, caching) ? at : Error.NoMemory;
    }

    /// <summary>Fills in a file below <c>/sys/class/uio/uioN/</c>: name, or maps/mapM/ addr, offset and size.</summary>
    public static bool Describe(byte* path, ref TextBuilder text)
    {
        UioDevice* device = Find(path, out byte* rest);
        if (device == null) return false;
        if (Text.Is(rest, "/name"u8))
        {
            text.Add("virtio"u8);
            text.AddNumber(device->Type);
            text.Add("\n"u8);
            return true;
        }

        if (Text.Is(rest, "/level"u8))
        {
            AddHexLine(ref text, device->IsLevel ? 1UL : 0);
            return true;
        }

        if (device->IsPci && DescribePci(device, rest, ref text)) return true;
        if (!Text.Begins(rest, "/maps/map"u8) || rest[9] < '0' || rest[9] >= '0' + UioDevice.MostMaps) return false;
        int map = rest[9] - '0';
        if (device->Sizes[map] == 0) return false;
        ulong value;
        if (Text.Is(rest + 10, "/addr"u8)) value = device->Addresses[map];
        else if (Text.Is(rest + 10, "/size"u8)) value = device->Sizes[map];
        else if (Text.Is(rest + 10, "/offset"u8)) value = device->Addresses[map] & (Pages.Size - 1);
        else return false;
        AddHexLine(ref text, value);
        return true;
    }

    // What a PCI device tells beyond its maps.
    private static bool DescribePci(UioDevice* device, byte* name, ref TextBuilder text)
    {
        if (Text.Is(name, "/device_type"u8)) AddHexLine(ref text, device->Type);
        else if (Text.Is(name, "/messages"u8)) AddHexLine(ref text, device->HasMessages ? 1UL : 0);
        else if (Text.Is(name, "/notify_multiplier"u8)) AddHexLine(ref text, device->NotifyMultiplier);
        else return false;
        return true;
    }

    private static void AddHexLine(ref TextBuilder text, ulong value)
    {
        text.Add("0x"u8);
        text.AddHex(value);
        text.Add("\n"u8);
    }

    // Taken when the device is opened: what nobody uses costs nothing. It is the device's as long as the machine runs.
    private static bool GiveMemory(UioDevice* device)
    {
        // A network's memory is where its packets live; other devices copy through theirs, a console by lines, entropy by the handful.
        ulong size = device->Type switch
        {
            NetworkType => s_dmaSize,
            ConsoleType => MostForConsole,
            EntropyDevice.Type => MostForEntropy,
            _ => Bits.Min(s_dmaSize, MostForOthers),
        };
        ulong start = PhysicalMemory.Frames->TakeRun(size / Pages.Size);
        if (start == FrameAllocator.None) return false;
        // As it is: its driver clears what has to be clear, and most of it is not touched for a long time, or ever.
        device->Addresses[UioDevice.DmaMap] = start;
        device->Sizes[UioDevice.DmaMap] = size;
        return true;
    }

    // The controller's registers are a way out of the machine each: touched only where something changes.
    private static void SetMasked(UioDevice* device, bool masked)
    {
        if (!device->HasLine || device->IsMasked == masked) return;
        device->IsMasked = masked;
        IoApic.SetMasked(device->Line, masked);
    }

    private static UioDevice* Find(byte* number, out byte* rest)
    {
        int length = Text.ParseSize(number, out ulong index);
        rest = number + length;
        return length > 0 && index < (ulong)s_count ? s_devices + index : null;
    }
}
