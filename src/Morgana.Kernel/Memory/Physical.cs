namespace Morgana.Kernel;

/// <summary>Where physical memory is seen: all of it, in one piece, never executable.</summary>
internal static unsafe class Physical
{
    public const ulong DirectMap = 0xffff_8000_0000_0000;

    /// <summary>What the kernel's own image is linked to, and where address zero would be.</summary>
    public const ulong KernelBase = 0xffff_ffff_8000_0000;

    public static byte* Pointer(ulong physical) => (byte*)(physical + DirectMap);

    /// <summary>The physical address of something in the kernel's image or in the direct map.</summary>
    public static ulong Address(void* pointer) => (ulong)pointer >= KernelBase ? (ulong)pointer - KernelBase : (ulong)pointer - DirectMap;
}
