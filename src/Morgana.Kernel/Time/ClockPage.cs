using System.Runtime.InteropServices;

namespace Morgana.Kernel;

/// <summary>How the time-stamp counter becomes a time. The application sees the page too, and Assembly/Vdso.S reads it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
internal struct ClockPage
{
    /// <summary>Odd while the others change.</summary>
    [FieldOffset(0)] public uint Sequence;
    [FieldOffset(8)] public ulong TscBase;

    /// <summary>Nanoseconds since the kernel's start at <see cref="TscBase"/>.</summary>
    [FieldOffset(16)] public ulong TimeBase;

    /// <summary>Nanoseconds for each 2^32 of the counter.</summary>
    [FieldOffset(24)] public ulong Multiplier;

    /// <summary>Nanoseconds since 1970 at the kernel's start.</summary>
    [FieldOffset(32)] public ulong WallOffset;
}
