namespace Morgana.Kernel;

/// <summary>The little that is needed of ACPI: processors and interrupt controllers from the MADT (ACPI 6.5, 5.2.12), and where PCI's configuration lies from the MCFG.</summary>
internal static unsafe class Acpi
{
    private const uint Madt = 0x43495041, Mcfg = 0x4746434d;    // "APIC", "MCFG"
    private const uint MostTable = 1 << 16;

    private static Table s_processors;
    private static Overrides s_overrides;

    public static int ProcessorCount;
    public static ulong LocalApicAddress;

    /// <summary>The PCI configuration space in memory, or zero.</summary>
    public static ulong PciConfiguration;

    private struct Table
    {
        public fixed uint ApicIds[Cpu.Most];
    }

    private struct Overrides
    {
        public fixed uint Lines[16];
        public fixed ushort Flags[16];
    }

    public static uint ProcessorApicId(int index) => s_processors.ApicIds[index];

    /// <summary>Where an ISA line leads, with the flags of ACPI 6.5, table 5.36: polarity in bits 0 and 1, trigger in 2 and 3.</summary>
    public static uint IsaLine(uint line, out ushort flags)
    {
        flags = s_overrides.Flags[line & 15];
        return s_overrides.Lines[line & 15];
    }

    public static void Read(ulong rsdp)
    {
        LocalApicAddress = 0xfee0_0000;
        for (uint i = 0; i < 16; i++) s_overrides.Lines[i] = i;
        if (rsdp != 0) ReadRoot(KernelMemory.MapFirmware(rsdp, 36));
        if (ProcessorCount == 0) ProcessorCount = 1;            // without tables: what every PC has
        if (!s_sawIoApic) IoApic.Add(0xfec0_0000, 0);
    }

    private static bool s_sawIoApic;

    // RSDP: revision at 15, RSDT at 16, XSDT at 24.
    private static void ReadRoot(byte* root)
    {
        bool extended = root[15] >= 2 && *(ulong*)(root + 24) != 0;
        ulong address = extended ? *(ulong*)(root + 24) : *(uint*)(root + 16);
        byte* table = MapTable(address, out uint length);
        uint size = extended ? 8u : 4u;
        for (uint at = 36; at + size <= length; at += size)
        {
            ulong entry = extended ? *(ulong*)(table + at) : *(uint*)(table + at);
            byte* found = MapTable(entry, out uint foundLength);
            if (*(uint*)found == Madt) ReadMadt(found, foundLength);
            if (*(uint*)found == Mcfg && foundLength >= 60) PciConfiguration = *(ulong*)(found + 44);
        }
    }

    private static void ReadMadt(byte* table, uint length)
    {
        LocalApicAddress = *(uint*)(table + 36);
        for (uint at = 44; at + 2 <= length && table[at + 1] >= 2; at += table[at + 1])
        {
            byte* entry = table + at;
            if (at + entry[1] > length) break;
            if (entry[0] == 0 && (*(uint*)(entry + 4) & 1) != 0 && ProcessorCount < Cpu.Most) s_processors.ApicIds[ProcessorCount++] = entry[3];
            if (entry[0] == 1)
            {
                s_sawIoApic = true;
                IoApic.Add(*(uint*)(entry + 4), *(uint*)(entry + 8));
            }

            if (entry[0] == 2 && entry[3] < 16)
            {
                s_overrides.Lines[entry[3]] = *(uint*)(entry + 4);
                s_overrides.Flags[entry[3]] = *(ushort*)(entry + 8);
            }
        }
    }

    private static byte* MapTable(ulong address, out uint length)
    {
        byte* header = KernelMemory.MapFirmware(address, 36);
        length = (uint)Bits.Min(*(uint*)(header + 4), MostTable);
        return KernelMemory.MapFirmware(address, length);
    }
}
