using Morgana.Core;

namespace Morgana.Bench;

/// <summary>What is sent and compared: 64 KB that repeat, with no period that a segment could hide in.</summary>
internal static class Pattern
{
    public const int Length = 1 << 16;

    public static byte[] Bytes { get; } = Make();

    /// <summary>Compares what was received with what was sent from <paramref name="position"/> on, and gives the blocks back.</summary>
    public static void Check(ref BlockChain chain, long position)
    {
        for (var block = chain.Head; block is not null; block = block.NextBlock)
        {
            Check(block.Data, position);
            position += block.Length;
        }

        chain.Clear();
    }

    /// <summary>Compares octets that came in at <paramref name="position"/> of the stream.</summary>
    public static void Check(ReadOnlySpan<byte> data, long position)
    {
        while (!data.IsEmpty)
        {
            int offset = (int)(position % Length);
            int n = Math.Min(data.Length, Length - offset);
            if (!data[..n].SequenceEqual(Bytes.AsSpan(offset, n))) throw new InvalidOperationException("The stream was changed on its way.");
            data = data[n..];
            position += n;
        }
    }

    private static byte[] Make()
    {
        byte[] bytes = new byte[Length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
