using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Bench;

/// <summary>The reference loop in C#: with 64-bit words and carries, and with the vectors that the stack itself uses.</summary>
/// <remarks>Safe with arrays of <see cref="Reference.Slots"/> slots: every address below is a slot's, and a segment fits behind its headers.</remarks>
internal static unsafe class ManagedLoops
{
    public static long Cc64(byte* source, byte* wire, byte* sink, long windows)
    {
        ulong* sums = stackalloc ulong[Reference.Slots];
        long wrong = 0;
        for (; windows > 0; windows--)
        {
            for (int i = 0; i < Reference.Slots; i++)
            {
                byte* frame = wire + (i * Reference.Slot) + Reference.Headers;
                Unsafe.CopyBlockUnaligned(frame, source + (i * Reference.Segment), Reference.Segment);
                sums[i] = Sum(frame, Reference.Segment);
            }

            for (int i = 0; i < Reference.Slots; i++)
            {
                byte* frame = wire + (i * Reference.Slot) + Reference.Headers;
                if (Sum(frame, Reference.Segment) != sums[i]) wrong++;
                Unsafe.CopyBlockUnaligned(sink + (i * Reference.Slot), frame, Reference.Segment);
            }
        }

        return wrong;
    }

    public static long Fused(byte* source, byte* wire, byte* sink, long windows)
    {
        ulong* sums = stackalloc ulong[Reference.Slots];
        long wrong = 0;
        for (; windows > 0; windows--)
        {
            for (int i = 0; i < Reference.Slots; i++)
                sums[i] = InternetChecksum.CopyAndSum(new(source + (i * Reference.Segment), Reference.Segment), Frame(wire, i));
            for (int i = 0; i < Reference.Slots; i++)
                if (InternetChecksum.CopyAndSum(Frame(wire, i), new(sink + (i * Reference.Slot), Reference.Segment)) != sums[i]) wrong++;
        }

        return wrong;
    }

    private static Span<byte> Frame(byte* wire, int slot) => new(wire + (slot * Reference.Slot) + Reference.Headers, Reference.Segment);

    // What compilers make an adc chain of where they can.
    private static ulong Sum(byte* bytes, int n)
    {
        ulong sum = 0;
        for (; n >= 32; n -= 32, bytes += 32)
        {
            var words = (ulong*)bytes;
            sum = Add(sum, words[0]);
            sum = Add(sum, words[1]);
            sum = Add(sum, words[2]);
            sum = Add(sum, words[3]);
        }

        for (; n >= 8; n -= 8, bytes += 8) sum = Add(sum, *(ulong*)bytes);
        ulong last = 0;
        Unsafe.CopyBlockUnaligned(&last, bytes, (uint)n);
        return Add(sum, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong sum, ulong word)
    {
        sum += word;
        return sum + (sum < word ? 1UL : 0UL);
    }
}
