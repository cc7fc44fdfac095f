namespace Morgana.Kernel;

/// <summary>The application's memory, as the kernel reads and writes it: every pointer is checked, and a fault is served or refused, never the kernel's end.</summary>
internal static unsafe class UserMemory
{
    public static bool IsRange(ulong address, ulong count) => address < AddressSpace.End && count <= AddressSpace.End - address;

    public static bool CopyIn(void* to, ulong from, ulong count) => IsRange(from, count) && Machine.CopyUser(to, (void*)from, count) != 0;

    public static bool CopyOut(ulong to, void* from, ulong count) => IsRange(to, count) && Machine.CopyUser((void*)to, from, count) != 0;

    public static bool Zero(ulong to, ulong count) => IsRange(to, count) && Machine.ZeroUser((void*)to, count) != 0;

    /// <summary>Reads an aligned word at once, as futexes need it.</summary>
    public static bool Read32(ulong from, out uint value)
    {
        uint read = 0;
        bool done = IsRange(from, 4) && Machine.LoadUser32((void*)from, &read) != 0;
        value = read;
        return done;
    }

    public static bool Read64(ulong from, out ulong value)
    {
        ulong read = 0;
        bool done = CopyIn(&read, from, 8);
        value = read;
        return done;
    }

    public static bool Write32(ulong to, uint value) => CopyOut(to, &value, 4);

    public static bool Write64(ulong to, ulong value) => CopyOut(to, &value, 8);

    /// <summary>Reads a zero-terminated text that fits into <paramref name="room"/> octets.</summary>
    public static bool ReadText(ulong from, byte* to, int room)
    {
        for (int i = 0; i < room; i++)
        {
            if (!CopyIn(to + i, from + (ulong)i, 1)) return false;
            if (to[i] == 0) return true;
        }

        return false;
    }
}
