namespace Morgana.Kernel;

/// <summary>What KVM says about time: Linux's Documentation/virt/kvm/x86/msr.rst, MSR_KVM_WALL_CLOCK_NEW and MSR_KVM_SYSTEM_TIME_NEW.</summary>
internal static unsafe class KvmClock
{
    private const uint WallClockRegister = 0x4b56_4d00, SystemTimeRegister = 0x4b56_4d01;
    private const uint HasClock = 1 << 3;

    /// <summary>Nanoseconds for each 2^32 of the counter, or 0 where nobody says.</summary>
    public static ulong Multiplier()
    {
        if (!IsThere()) return 0;
        ulong frame = PhysicalMemory.TakeZeroed();
        byte* page = Physical.Pointer(frame);
        Machine.WriteMsr(SystemTimeRegister, frame | 1);
        Machine.FullFence();
        uint scale = *(uint*)(page + 24);
        sbyte shift = *(sbyte*)(page + 28);
        Machine.WriteMsr(SystemTimeRegister, 0);
        PhysicalMemory.Frames->Return(frame);
        // pvclock: nanoseconds = ((counter << shift) * scale) >> 32
        return shift >= 0 ? (ulong)scale << shift : (ulong)scale >> -shift;
    }

    /// <summary>Seconds since 1970 when the machine started, or 0.</summary>
    public static ulong WallSeconds()
    {
        if (!IsThere()) return 0;
        ulong frame = PhysicalMemory.TakeZeroed();
        Machine.WriteMsr(WallClockRegister, frame);
        Machine.FullFence();
        ulong seconds = *(uint*)(Physical.Pointer(frame) + 4);
        PhysicalMemory.Frames->Return(frame);
        return seconds;
    }

    private static bool IsThere()
    {
        if (!Features.IsKvm) return false;
        uint* r = stackalloc uint[4];
        Machine.CpuId(0x4000_0001, 0, r);
        return (r[0] & HasClock) != 0;
    }
}
