namespace Morgana.Kernel;

/// <summary>PCI's configuration space by the two ports of every PC (PCI Local Bus 3.0, 3.2.2.3.2).</summary>
internal static class PciConfiguration
{
    private const uint Address = 0xcf8, Data = 0xcfc;

    /// <summary>A function's name: bus, device and function as the ports take them.</summary>
    public static uint Function(uint bus, uint device, uint function) => 0x8000_0000 | (bus << 16) | (device << 11) | (function << 8);

    public static uint Read32(uint function, uint offset)
    {
        Machine.Out32(Address, function | (offset & 0xfc));
        return Machine.In32(Data);
    }

    public static uint Read16(uint function, uint offset) => (Read32(function, offset) >> (int)((offset & 2) * 8)) & 0xffff;

    public static uint Read8(uint function, uint offset) => (Read32(function, offset) >> (int)((offset & 3) * 8)) & 0xff;

    public static void Write32(uint function, uint offset, uint value)
    {
        Machine.Out32(Address, function | (offset & 0xfc));
        Machine.Out32(Data, value);
    }

    /// <summary>Where a base address register leads, or 0 if that is no memory.</summary>
    public static ulong BaseAddress(uint function, uint bar)
    {
        uint offset = 0x10 + (bar * 4), low = Read32(function, offset);
        if ((low & 1) != 0) return 0;
        ulong address = low & ~15u;
        return (low & 6) == 4 ? address | ((ulong)Read32(function, offset + 4) << 32) : address;
    }
}
