namespace Morgana.Kernel;

/// <summary>The controllers to which devices' interrupt lines lead (Intel 82093AA). Lines are numbered through all of them: "global system interrupts".</summary>
internal static unsafe class IoApic
{
    private const int Most = 4;
    private const uint Version = 1, Redirection = 0x10, Masked = 1 << 16, LevelTriggered = 1 << 15, ActiveLow = 1 << 13;

    private static Table s_table;
    private static int s_count;

    private struct Table
    {
        public fixed ulong Registers[Most];
        public fixed uint FirstLine[Most];
        public fixed uint Lines[Most];
    }

    public static void Add(ulong physical, uint firstLine)
    {
        if (s_count == Most) return;
        byte* registers = KernelMemory.MapDevice(physical, 4096);
        uint lines = ((Read(registers, Version) >> 16) & 0xff) + 1;
        s_table.Registers[s_count] = (ulong)registers;
        s_table.FirstLine[s_count] = firstLine;
        s_table.Lines[s_count] = lines;
        s_count++;
        for (uint i = 0; i < lines; i++) Write(registers, Redirection + (i * 2), Masked);
    }

    /// <summary>Leads a line to a vector on one processor, and opens it.</summary>
    public static bool Route(uint line, uint vector, uint apicId, bool level, bool activeLow)
    {
        byte* registers = Find(line, out uint pin);
        if (registers == null) return false;
        Write(registers, Redirection + (pin * 2) + 1, apicId << 24);
        Write(registers, Redirection + (pin * 2), vector | (level ? LevelTriggered : 0) | (activeLow ? ActiveLow : 0));
        return true;
    }

    /// <summary>Closes or opens a line. A level line is closed before its interrupt is ended, or it comes again at once.</summary>
    public static void SetMasked(uint line, bool masked)
    {
        byte* registers = Find(line, out uint pin);
        if (registers == null) return;
        uint entry = Read(registers, Redirection + (pin * 2));
        Write(registers, Redirection + (pin * 2), masked ? entry | Masked : entry & ~Masked);
    }

    /// <summary>Whether some controller has a line.</summary>
    public static bool Has(uint line) => Find(line, out uint _) != null;

    private static byte* Find(uint line, out uint pin)
    {
        for (int i = 0; i < s_count; i++)
        {
            pin = line - s_table.FirstLine[i];
            if (line >= s_table.FirstLine[i] && pin < s_table.Lines[i]) return (byte*)s_table.Registers[i];
        }

        pin = 0;
        return null;
    }

    private static uint Read(byte* registers, uint register)
    {
        Machine.Write32(registers, register);
        return Machine.Read32(registers + 16);
    }

    private static void Write(byte* registers, uint register, uint value)
    {
        Machine.Write32(registers, register);
        Machine.Write32(registers + 16, value);
    }
}
