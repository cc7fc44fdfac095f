namespace Morgana.Kernel;

/// <summary>The time of day: KVM's, or that of the battery-backed clock of every PC (Motorola MC146818), to a second.</summary>
internal static class WallClock
{
    private const uint Address = 0x70, Data = 0x71, StatusA = 0x0a, StatusB = 0x0b;

    /// <summary>Seconds since 1970 now, or 0 when nobody knows.</summary>
    public static ulong Read()
    {
        ulong paravirtual = KvmClock.WallSeconds();
        if (paravirtual != 0) return paravirtual;
        if (Get(StatusA) == 0xff) return 0;             // no such clock

        // Two equal readings: none of them saw the numbers change.
        ulong last = ReadOnce();
        for (int i = 0; i < 10; i++)
        {
            ulong again = ReadOnce();
            if (again == last) break;
            last = again;
        }

        return last;
    }

    private static ulong ReadOnce()
    {
        for (int i = 0; i < 100_000 && (Get(StatusA) & 0x80) != 0; i++) Machine.Pause();
        bool isBinary = (Get(StatusB) & 4) != 0, is24Hours = (Get(StatusB) & 2) != 0;
        uint second = Decode(Get(0), isBinary), minute = Decode(Get(2), isBinary), hours = Get(4);
        uint hour = Decode(hours & 0x7f, isBinary);
        if (!is24Hours) hour = (hour % 12) + ((hours & 0x80) != 0 ? 12u : 0);
        return Calendar.Seconds(2000 + Decode(Get(9), isBinary), Decode(Get(8), isBinary), Decode(Get(7), isBinary), hour, minute, second);
    }

    private static uint Decode(uint value, bool isBinary) => isBinary ? value : (value & 15) + ((value >> 4) * 10);

    private static uint Get(uint register)
    {
        Machine.Out8(Address, register);
        return Machine.In8(Data);
    }
}
