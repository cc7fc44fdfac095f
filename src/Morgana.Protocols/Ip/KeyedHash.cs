using System.Buffers.Binary;
using System.Numerics;

namespace Morgana.Protocols.Ip;

/// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012) over a few words: a pseudo-random function keyed by the host's secret.</summary>
public readonly struct KeyedHash
{
    private readonly ulong _k0;
    private readonly ulong _k1;

    /// <summary>Keys the function.</summary>
    /// <param name="secret">At least 16 octets.</param>
    /// <param name="purpose">Keeps the uses of one secret apart.</param>
    public KeyedHash(ReadOnlySpan<byte> secret, ulong purpose)
    {
        if (secret.Length < 16) throw new ArgumentException("A secret has at least 16 octets.", nameof(secret));
        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(secret) ^ purpose;
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(secret[8..]);
    }

    /// <summary>The hash of two words.</summary>
    public ulong Of(ulong a, ulong b = 0)
    {
        unchecked
        {
            ulong v0 = _k0 ^ 0x736f6d6570736575, v1 = _k1 ^ 0x646f72616e646f6d, v2 = _k0 ^ 0x6c7967656e657261, v3 = _k1 ^ 0x7465646279746573;
            Absorb(a, ref v0, ref v1, ref v2, ref v3);
            Absorb(b, ref v0, ref v1, ref v2, ref v3);
            Absorb(16UL << 56, ref v0, ref v1, ref v2, ref v3);
            v2 ^= 0xFF;
            for (int i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
            return v0 ^ v1 ^ v2 ^ v3;
        }
    }

    private static void Absorb(ulong m, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v3 ^= m;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= m;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        unchecked
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
