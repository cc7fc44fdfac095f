namespace Morgana.Kernel;

/// <summary>PCI's configuration space by the two ports of every PC (PCI Local Bus 3.0, 3.2.2.3.2).</summary>
internal static class PciConfiguration
{
    private const uint Address = 0xcf8, Data = 0xcfc;

    // Below 4 GB, where a PC has neither memory (QEMU's ends at 0xb0000000 at the latest) nor its own registers, nor those of this space.
    private const uint FirstPlace = 0xc000_0000, EndOfPlaces = 0xfe00_0000;

    private static uint s_placed;

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

    /// <summary>Gives a function's memory addresses, where no firmware has: the smallest ones leave it to who drives the device (PCI Local Bus 3.0, 6.2.5.1).</summary>
    /// <remarks>The function does not decode addresses yet.</remarks>
    public static void PlaceMemory(uint function)
    {
        for (uint bar = 0; bar < 6; bar++)
        {
            uint offset = 0x10 + (bar * 4), low = Read32(function, offset);
            bool isMemory = (low & 1) == 0, isWide = (low & 7) == 4;
            if (isMemory && BaseAddress(function, bar) == 0) Place(function, offset);
            // The upper half of 64 bits has a register of its own, which is zero as it was.
            if (isWide) bar++;
        }
    }

    private static void Place(uint function, uint offset)
    {
        Write32(function, offset, 0xffff_ffff);
        // What cannot be written says how much it decodes; nothing at all is a register that is not there.
        uint size = ~(Read32(function, offset) & ~15u) + 1;
        ulong start = size == 0 ? 0 : Bits.AlignUp(FirstPlace + s_placed, size);
        bool fits = size != 0 && start + size <= EndOfPlaces;
        Write32(function, offset, fits ? (uint)start : 0);
        if (fits) s_placed = (uint)start + size - FirstPlace;
    }
}
