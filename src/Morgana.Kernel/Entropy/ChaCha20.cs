namespace Morgana.Kernel;

/// <summary>The block function of RFC 8439, 2.3, in general registers.</summary>
internal static unsafe class ChaCha20
{
    /// <summary>Turns sixteen words of state into sixteen of key stream.</summary>
    public static void Block(uint* state, uint* output)
    {
        for (int i = 0; i < 16; i++) output[i] = state[i];
        for (int round = 0; round < 10; round++)
        {
            QuarterRound(output, 0, 4, 8, 12);
            QuarterRound(output, 1, 5, 9, 13);
            QuarterRound(output, 2, 6, 10, 14);
            QuarterRound(output, 3, 7, 11, 15);
            QuarterRound(output, 0, 5, 10, 15);
            QuarterRound(output, 1, 6, 11, 12);
            QuarterRound(output, 2, 7, 8, 13);
            QuarterRound(output, 3, 4, 9, 14);
        }

        for (int i = 0; i < 16; i++) output[i] += state[i];
    }

    // RFC 8439, 2.1
    private static void QuarterRound(uint* x, int a, int b, int c, int d)
    {
        x[a] += x[b]; x[d] = Rotate(x[d] ^ x[a], 16);
        x[c] += x[d]; x[b] = Rotate(x[b] ^ x[c], 12);
        x[a] += x[b]; x[d] = Rotate(x[d] ^ x[a], 8);
        x[c] += x[d]; x[b] = Rotate(x[b] ^ x[c], 7);
    }

    private static uint Rotate(uint value, int by) => (value << by) | (value >> (32 - by));
}
