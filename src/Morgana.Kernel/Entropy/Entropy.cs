using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Random numbers: ChaCha20 with a key that is replaced after each use, from the processor's own source, so that what was given out cannot be computed back.</summary>
internal static unsafe class Entropy
{
    private const int KeyWords = 8;

    private static State s_state;

    /// <summary>Where the first key came from, for the log.</summary>
    public static bool IsFromProcessor;

    private struct State
    {
        public fixed uint Words[16];
    }

    public static void Init()
    {
        uint* state = (uint*)Unsafe.AsPointer(ref s_state);
        state[0] = 0x61707865; state[1] = 0x3320646e; state[2] = 0x79622d32; state[3] = 0x6b206574;     // RFC 8439, 2.3
        for (int i = 0; i < KeyWords; i += 2)
        {
            ulong value = Gather();
            state[4 + i] ^= (uint)value;
            state[5 + i] ^= (uint)(value >> 32);
        }

        *(ulong*)(state + 14) = Machine.ReadTsc();
    }

    /// <summary>Fills memory of the kernel's.</summary>
    public static void Fill(byte* to, int count)
    {
        uint* block = stackalloc uint[16];
        while (count > 0)
        {
            Next(block);
            // The first half of each block is the next key; only the second is given out.
            for (int i = 0; i < 32 && count > 0; i++, count--) *to++ = ((byte*)(block + 8))[i];
        }
    }

    public static ulong Next64()
    {
        ulong value;
        Fill((byte*)&value, 8);
        return value;
    }

    /// <summary>Fills memory of the application's.</summary>
    public static bool FillUser(ulong to, ulong count)
    {
        byte* buffer = stackalloc byte[256];
        for (ulong done = 0; done < count;)
        {
            ulong n = Bits.Min(256, count - done);
            Fill(buffer, (int)n);
            if (!UserMemory.CopyOut(to + done, buffer, n)) return false;
            done += n;
        }

        return true;
    }

    private static void Next(uint* block)
    {
        uint* state = (uint*)Unsafe.AsPointer(ref s_state);
        ChaCha20.Block(state, block);
        for (int i = 0; i < KeyWords; i++) state[4 + i] = block[i];
        state[12]++;
    }

    // RDSEED, or RDRAND (Intel's DRNG guide: ten tries). Without both, what the clocks' unsteadiness gives, and the log says so.
    private static ulong Gather()
    {
        ulong value = 0;
        for (int i = 0; i < 10 && Features.HasRdSeed; i++)
        {
            if (Machine.RandomSeed64(&value) == 0) continue;
            IsFromProcessor = true;
            return value;
        }

        for (int i = 0; i < 10 && Features.HasRdRand; i++)
        {
            if (Machine.Random64(&value) == 0) continue;
            IsFromProcessor = true;
            return value;
        }

        for (int i = 0; i < 256; i++)
        {
            Pit.Read();
            value = ((value << 7) | (value >> 57)) ^ (Machine.ReadTsc() * 0x9e37_79b9_7f4a_7c15);
        }

        return value;
    }
}
