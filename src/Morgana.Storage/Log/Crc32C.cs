using System.Buffers.Binary;
using System.Numerics;

namespace Morgana.Storage;

/// <summary>CRC-32C (RFC 3720 B.4), with the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of octets, or of <paramref name="octets"/> behind those whose checksum is <paramref name="before"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> octets, uint before = 0)
    {
        uint crc = ~before;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        foreach (byte octet in octets) crc = BitOperations.Crc32C(crc, octet);
        return ~crc;
    }
}
