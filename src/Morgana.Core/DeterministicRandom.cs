using System.Buffers.Binary;
using System.Numerics;

namespace Morgana.Core;

/// <summary>Random numbers that follow from a seed alone, the same on every machine and in every version: xoshiro256** (Blackman, Vigna).</summary>
/// <remarks>For simulations, faults and tests. Its numbers can be guessed from earlier ones: never for sequence numbers, ports or keys.</remarks>
public sealed class DeterministicRandom
{
    private ulong _a, _b, _c, _d;

    /// <summary>Numbers that follow from <paramref name="seed"/>.</summary>
    public DeterministicRandom(ulong seed)
    {
        Seed = seed;
        // The state must not be all zeros: splitmix64, as the authors recommend.
        (_a, _b, _c, _d) = (Mix(ref seed), Mix(ref seed), Mix(ref seed), Mix(ref seed));
    }

    /// <summary>What the numbers follow from; print it when something fails.</summary>
    public ulong Seed { get; }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        unchecked
        {
            ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
            ulong t = _b << 17;
            _c ^= _a;
            _d ^= _b;
            _b ^= _c;
            _a ^= _d;
            _c ^= t;
            _d = BitOperations.RotateLeft(_d, 45);
            return result;
        }
    }

    /// <summary>A number from 0 to below <paramref name="limit"/>, each as likely.</summary>
    public int Next(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        // Lemire's multiplication; the rare low products that would favour some numbers are drawn again.
        ulong threshold = unchecked(0UL - (ulong)limit) % (ulong)limit;
        while (true)
        {
            ulong high = Math.BigMul(NextUInt64(), (ulong)limit, out ulong low);
            if (low >= threshold) return (int)high;
        }
    }

    /// <summary>A number from <paramref name="start"/> to below <paramref name="end"/>.</summary>
    public int Next(int start, int end) => start + Next(end - start);

    /// <summary>A number from 0 to below 1, with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => probability > 0 && NextDouble() < probability;

    /// <summary>Fills <paramref name="bytes"/>.</summary>
    public void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..]) BinaryPrimitives.WriteUInt64LittleEndian(bytes, NextUInt64());
        if (bytes.IsEmpty) return;
        Span<byte> last = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(last, NextUInt64());
        last[..bytes.Length].CopyTo(bytes);
    }

    /// <summary>Another source, whose numbers do not change when this one's use does: one for each part of a simulation.</summary>
    public DeterministicRandom Fork() => new(NextUInt64());

    private static ulong Mix(ref ulong state)
    {
        unchecked
        {
            ulong z = state += 0x9E37_79B9_7F4A_7C15;
            z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            return z ^ (z >> 31);
        }
    }
}
