using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Morgana.Core;

namespace Morgana.Bench;

/// <summary>
/// CC64, the reference of every figure: each octet is copied and summed once on either side, with the 64-bit add-with-carry loop, in
/// segments of 1,460. It is what a stack without any other cost would do, and scales with the machine like a stack does.
/// </summary>
internal static class ReferenceLoop
{
    public const int Segment = 1460;

    private const int Slots = 44;       // 64 KB: a window's worth of segments lies between the two sides.

    private static readonly byte[] s_source = Pattern.Bytes;
    private static readonly byte[] s_wire = new byte[Slots * 2048];
    private static readonly byte[] s_sink = new byte[Slots * 2048];

    /// <summary>Gbit/s, over about <paramref name="duration"/>.</summary>
    public static double Measure(TimeSpan duration)
    {
        long start = Stopwatch.GetTimestamp(), segments = 0;
        do
        {
            for (int round = 0; round < 16; round++) segments += RunWindow();
        }
        while (Stopwatch.GetElapsedTime(start) < duration);
        return segments * Segment * 8 / Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static int RunWindow()
    {
        Span<ulong> sums = stackalloc ulong[Slots];
        for (int i = 0; i < Slots; i++)
        {
            var payload = s_source.AsSpan(i * Segment, Segment);
            var frame = s_wire.AsSpan((i * 2048) + 54, Segment);
            payload.CopyTo(frame);
            sums[i] = Sum(frame);
        }

        for (int i = 0; i < Slots; i++)
        {
            var frame = s_wire.AsSpan((i * 2048) + 54, Segment);
            if (Sum(frame) != sums[i]) throw new InvalidOperationException("The reference loop has lost an octet.");
            frame.CopyTo(s_sink.AsSpan(i * 2048, Segment));
        }

        return Slots;
    }

    /// <summary>The one's complement sum in 64 bits, with the carry added at once: what compilers make of <c>adc</c>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ref byte start = ref MemoryMarshal.GetReference(bytes);
        ulong sum = 0;
        nuint i = 0, n = (nuint)bytes.Length;
        for (; i + 32 <= n; i += 32)
        {
            sum = Add(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i)));
            sum = Add(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i + 8)));
            sum = Add(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i + 16)));
            sum = Add(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i + 24)));
        }

        for (; i + 8 <= n; i += 8) sum = Add(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i)));
        for (; i < n; i++) sum = Add(sum, Unsafe.Add(ref start, i));
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong sum, ulong word)
    {
        sum += word;
        return sum + (sum < word ? 1UL : 0UL);
    }
}

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
            var data = block.Data;
            while (!data.IsEmpty)
            {
                int offset = (int)(position % Length);
                int n = Math.Min(data.Length, Length - offset);
                if (!data[..n].SequenceEqual(Bytes.AsSpan(offset, n))) throw new InvalidOperationException("The stream was changed on its way.");
                data = data[n..];
                position += n;
            }
        }

        chain.Clear();
    }

    private static byte[] Make()
    {
        byte[] bytes = new byte[Length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
