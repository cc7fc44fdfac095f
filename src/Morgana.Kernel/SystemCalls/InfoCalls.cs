namespace Morgana.Kernel;

/// <summary>Calls that ask what there is.</summary>
internal static unsafe class InfoCalls
{
    private const ulong Unlimited = ulong.MaxValue;

    /// <summary>getpid(2)</summary>
    public static ulong Getpid(Thread* thread) => Process.Id;

    /// <summary>Calls whose answer is nought: there is one user, and it is root.</summary>
    public static ulong Zero(Thread* thread) => 0;

    /// <summary>Calls that a program tries and does without.</summary>
    public static ulong NotThere(Thread* thread) => Error.NotImplemented;

    /// <summary>uname(2): the release is one that the C library and .NET are content with.</summary>
    public static ulong Uname(Thread* thread, ulong to)
    {
        const int field = 65;
        byte* names = stackalloc byte[field * 6];
        Machine.Zero(names, field * 6);
        Put(names, "Linux"u8);
        Put(names + field, "morgana"u8);
        Put(names + (field * 2), "6.1.0-morgana"u8);
        Put(names + (field * 3), "Morgana"u8);
        Put(names + (field * 4), "x86_64"u8);
        return UserMemory.CopyOut(to, names, field * 6) ? 0 : Error.Fault;
    }

    /// <summary>getrlimit(2)</summary>
    public static ulong Getrlimit(Thread* thread, ulong resource, ulong to) => Prlimit64(thread, 0, resource, 0, to);

    /// <summary>prlimit64(2): limits cannot be changed.</summary>
    public static ulong Prlimit64(Thread* thread, ulong process, ulong resource, ulong limit, ulong previous)
    {
        const ulong stack = 3, files = 7, stackSize = 8 << 20;
        if (previous == 0) return 0;
        ulong value = resource switch { stack => stackSize, files => DescriptorTable.Most, _ => Unlimited };
        return UserMemory.Write64(previous, value) && UserMemory.Write64(previous + 8, value) ? 0 : Error.Fault;
    }

    /// <summary>getrusage(2): processor time, and memory in use.</summary>
    public static ulong Getrusage(Thread* thread, ulong who, ulong to)
    {
        ulong* usage = stackalloc ulong[18];
        Machine.Zero(usage, 144);
        ulong time = Scheduler.TotalTime(Clock.Now());
        usage[0] = time / 1_000_000_000;
        usage[1] = time % 1_000_000_000 / 1000;
        usage[4] = AddressSpace.ResidentPages * (Pages.Size / 1024);
        return UserMemory.CopyOut(to, usage, 144) ? 0 : Error.Fault;
    }

    /// <summary>sysinfo(2): from it .NET knows how much memory there is.</summary>
    public static ulong Sysinfo(Thread* thread, ulong to)
    {
        byte* info = stackalloc byte[112];
        Machine.Zero(info, 112);
        *(ulong*)info = Clock.Now() / 1_000_000_000;
        *(ulong*)(info + 32) = PhysicalMemory.Frames->TotalCount * Pages.Size;
        *(ulong*)(info + 40) = PhysicalMemory.Frames->FreeCount * Pages.Size;
        *(ushort*)(info + 80) = (ushort)ThreadTable.Count;
        *(uint*)(info + 104) = 1;                           // the unit is the octet
        return UserMemory.CopyOut(to, info, 112) ? 0 : Error.Fault;
    }

    /// <summary>getrandom(2)</summary>
    public static ulong Getrandom(Thread* thread, ulong to, ulong count, ulong flags) => Entropy.FillUser(to, count) ? count : Error.Fault;

    private static void Put(byte* to, System.ReadOnlySpan<byte> text) => Machine.Copy(to, Literal.Pointer(text), (ulong)text.Length);
}
