using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Morgana.Protocols.Tcp;

/// <summary>SipHash over a few 64-bit words: a keyed hash that an attacker without the key cannot steer.</summary>
/// <remarks>2-4 rounds where a number must not be guessed (RFC 6528), 1-3 where collisions must not be forced (the connection table).</remarks>
internal readonly struct SipHash
{
    private readonly ulong _k0, _k1;

    public SipHash(ReadOnlySpan<byte> key)
    {
        _k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _k1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    public SipHash(ulong k0, ulong k1) => (_k0, _k1) = (k0, k1);

    public ulong Hash13(in TcpTuple tuple)
    {
        var s = new State(_k0, _k1);
        s.Absorb1(tuple.Ports);
        if (tuple.IsIpv4)
        {
            s.Absorb1((tuple.RemoteLow << 32) | (uint)tuple.LocalLow);
            s.Absorb1(16UL << 56);
        }
        else
        {
            s.Absorb1(tuple.RemoteHigh);
            s.Absorb1(tuple.RemoteLow);
            s.Absorb1(tuple.LocalHigh);
            s.Absorb1(tuple.LocalLow);
            s.Absorb1(40UL << 56);
        }

        s.V2 ^= 0xFF;
        s.Round();
        s.Round();
        s.Round();
        return s.V0 ^ s.V1 ^ s.V2 ^ s.V3;
    }

    public ulong Hash24(ulong a, ulong b, ulong c, ulong d, ulong e) => Hash24([a, b, c, d, e], 40);

    /// <summary>SipHash-2-4 of whole words; <paramref name="length"/> is the message's length in octets.</summary>
    public ulong Hash24(ReadOnlySpan<ulong> words, int length, ulong tail = 0)
    {
        var s = new State(_k0, _k1);
        foreach (ulong word in words) s.Absorb2(word);
        s.Absorb2(((ulong)length << 56) | tail);
        s.V2 ^= 0xFF;
        for (int i = 0; i < 4; i++) s.Round();
        return s.V0 ^ s.V1 ^ s.V2 ^ s.V3;
    }

    private struct State(ulong k0, ulong k1)
    {
        public ulong V0 = k0 ^ 0x736F6D6570736575;
        public ulong V1 = k1 ^ 0x646F72616E646F6D;
        public ulong V2 = k0 ^ 0x6C7967656E657261;
        public ulong V3 = k1 ^ 0x7465646279746573;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Absorb1(ulong word)
        {
            V3 ^= word;
            Round();
            V0 ^= word;
        }

        public void Absorb2(ulong word)
        {
            V3 ^= word;
            Round();
            Round();
            V0 ^= word;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Round()
        {
            V0 += V1;
            V1 = BitOperations.RotateLeft(V1, 13) ^ V0;
            V0 = BitOperations.RotateLeft(V0, 32);
            V2 += V3;
            V3 = BitOperations.RotateLeft(V3, 16) ^ V2;
            V0 += V3;
            V3 = BitOperations.RotateLeft(V3, 21) ^ V0;
            V2 += V1;
            V1 = BitOperations.RotateLeft(V1, 17) ^ V2;
            V2 = BitOperations.RotateLeft(V2, 32);
        }
    }
}
