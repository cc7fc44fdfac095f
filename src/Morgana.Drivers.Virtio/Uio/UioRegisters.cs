using System.Runtime.CompilerServices;

namespace Morgana.Drivers.Virtio;

/// <summary>Registers in memory. Every access is a call that cannot be inlined: the compiler would narrow, merge or repeat it as if it were memory.</summary>
/// <param name="pointer">The first register. Mapped as long as the process lives.</param>
/// <param name="length">Octets of registers.</param>
internal sealed unsafe class UioRegisters(byte* pointer, int length) : IRegisters
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public byte Read8(int offset) => Volatile.Read(ref *Check(offset, 1));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public ushort Read16(int offset) => Volatile.Read(ref *(ushort*)Check(offset, 2));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public uint Read32(int offset) => Volatile.Read(ref *(uint*)Check(offset, 4));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Write8(int offset, byte value) => Volatile.Write(ref *Check(offset, 1), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Write16(int offset, ushort value) => Volatile.Write(ref *(ushort*)Check(offset, 2), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Write32(int offset, uint value) => Volatile.Write(ref *(uint*)Check(offset, 4), value);

    private byte* Check(int offset, int width)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)(length - width), nameof(offset));
        return pointer + offset;
    }
}
