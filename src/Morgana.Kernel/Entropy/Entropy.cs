using System.Runtime.CompilerServices;

namespace Morgana.Kernel;

/// <summary>Random numbers: ChaCha20 with a key that is replaced after each use, so that what was given out cannot be computed back.</summary>
/// <remarks>The first key is the processor's (RDSEED, RDRAND) or, where it has none, a virtio device's. Without either the machine does not start.</remarks>
internal static unsafe class Entropy
{
    private const int KeyWords = 8;

    private static State s_state;

    private struct State
    {
        public fixed uint Words[16];
    }

    /// <summary>Makes the first key. The devices are known by now, and nothing has asked for a random number yet.</summary>
    /// <returns>Where it came from; null when there is no source.</returns>
    public static byte* Init()
    {
        uint* state = (uint*)Unsafe.AsPointer(ref s_state);
        state[0] = 0x61707865; state[1] = 0x3320646e; state[2] = 0x79622d32; state[3] = 0x6b206574;     // RFC 8439, 2.3
        *(ulong*)(state + 14) = Machine.ReadTsc();
        ulong* key = stackalloc ulong[KeyWords / 2];
        byte* source = Gather(key);
        Mix((byte*)key);
        Machine.Zero(key, KeyWords * 4);
        return source;
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

    /// <summary>Takes in what the application has written: random(4). It adds to what is there, and takes nothing away.</summary>
    public static bool MixUser(ulong from, ulong count)
    {
        byte* key = stackalloc byte[KeyWords * 4];
        for (ulong done = 0; done < count; done += KeyWords * 4)
        {
            Machine.Zero(key, KeyWords * 4);
            if (!UserMemory.CopyIn(key, from + done, Bits.Min(KeyWords * 4, count - done))) return false;
            Mix(key);
        }

        return true;
    }

    // What is mixed in reaches the next key only through the cipher: nobody can choose that key.
    private static void Mix(byte* key)
    {
        uint* state = (uint*)Unsafe.AsPointer(ref s_state), words = (uint*)key;
        for (int i = 0; i < KeyWords; i++) state[4 + i] ^= words[i];
        uint* block = stackalloc uint[16];
        Next(block);
    }

    private static void Next(uint* block)
    {
        uint* state = (uint*)Unsafe.AsPointer(ref s_state);
        ChaCha20.Block(state, block);
        for (int i = 0; i < KeyWords; i++) state[4 + i] = block[i];
        state[12]++;
    }

    private static byte* Gather(ulong* key)
    {
        const int words = KeyWords / 2;
        if (FromProcessor(key, words)) return Literal.Pointer("the processor\0"u8);
        UioDevice* device = Uio.FindType(EntropyDevice.Type);
        if (device != null && EntropyDevice.Fill(device, (byte*)key, words * 8)) return Literal.Pointer("a virtio-rng device\0"u8);
        return null;
    }

    // RDSEED, or RDRAND (Intel's DRNG guide: ten tries). There are processors whose instruction succeeds and answers all ones.
    private static bool FromProcessor(ulong* key, int words)
    {
        for (int i = 0; i < words; i++)
        {
            if (!TryProcessor(key + i) || key[i] == ulong.MaxValue || key[i] == 0) return false;
        }

        return true;
    }

    private static bool TryProcessor(ulong* value)
    {
        for (int i = 0; i < 10 && Features.HasRdSeed; i++)
        {
            if (Machine.RandomSeed64(value) != 0) return true;
        }

        for (int i = 0; i < 10 && Features.HasRdRand; i++)
        {
            if (Machine.Random64(value) != 0) return true;
        }

        return false;
    }
}
