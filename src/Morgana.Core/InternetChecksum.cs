using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Morgana.Core;

/// <summary>The Internet checksum (RFC 1071), alone or fused with a copy, and its incremental update (RFC 1624).</summary>
/// <remarks>
/// Partial sums are kept in the machine's own octet order, as RFC 1071 2(B) allows, and are carried as <see cref="ulong"/>;
/// <see cref="Fold"/> gives the 16 bits in host order, ready for a big-endian write. A partial sum over an odd number of octets must be
/// the last one, or be swapped by <see cref="Combine"/>.
/// </remarks>
public static class InternetChecksum
{
    /// <summary>The partial sum of <paramref name="bytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(ReadOnlySpan<byte> bytes, ulong initial = 0) =>
        AddWithCarry(initial, bytes.Length == 20 ? SumOf20(ref MemoryMarshal.GetReference(bytes)) : SumAny(bytes));

    private static ulong SumAny(ReadOnlySpan<byte> bytes)
    {
        ref byte source = ref MemoryMarshal.GetReference(bytes);
        int n = bytes.Length, i = 0;
        if (n < 32) return SumTail(ref source, 0, n);

        // Each 64-bit lane is added whole; the high halves are added apart. low + high = all - (high << 32) + high:
        // three operations a vector and no carries to chase. The bound on n (64 KB) keeps the high halves from overflowing.
        var a = Vector256<ulong>.Zero;
        var h = Vector256<ulong>.Zero;
        var b = Vector256<ulong>.Zero;
        var g = Vector256<ulong>.Zero;
        for (; i + 64 <= n; i += 64)
        {
            var x = Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt64();
            var y = Vector256.LoadUnsafe(ref source, (nuint)i + 32).AsUInt64();
            a += x;
            h += x >>> 32;
            b += y;
            g += y >>> 32;
        }

        if (i + 32 <= n)
        {
            var x = Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt64();
            a += x;
            h += x >>> 32;
            i += 32;
        }

        if ((n & 1) != 0) return AddWithCarry(Reduce(a + b, h + g), SumTail(ref source, i, n));
        var last = Vector256.LoadUnsafe(ref source, (nuint)n - 32).AsUInt64() & MaskOf(n - i);
        return Reduce(a + b + last, h + g + (last >>> 32));
    }

    /// <summary>Copies <paramref name="source"/> to <paramref name="destination"/> and returns its partial sum, touching each octet once.</summary>
    /// <remarks>The two do not overlap.</remarks>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter.</exception>
    public static ulong CopyAndSum(ReadOnlySpan<byte> source, Span<byte> destination, ulong initial = 0)
    {
        if (destination.Length < source.Length) ThrowShort();
        ref byte s = ref MemoryMarshal.GetReference(source);
        ref byte d = ref MemoryMarshal.GetReference(destination);
        int n = source.Length, i = 0;
        if (n < 32) return AddWithCarry(initial, CopyAndSumTail(ref s, ref d, 0, n));

        var a = Vector256<ulong>.Zero;
        var h = Vector256<ulong>.Zero;
        var b = Vector256<ulong>.Zero;
        var g = Vector256<ulong>.Zero;
        for (; i + 128 <= n; i += 128)
        {
            var x = Vector256.LoadUnsafe(ref s, (nuint)i);
            var y = Vector256.LoadUnsafe(ref s, (nuint)i + 32);
            var z = Vector256.LoadUnsafe(ref s, (nuint)i + 64);
            var w = Vector256.LoadUnsafe(ref s, (nuint)i + 96);
            x.StoreUnsafe(ref d, (nuint)i);
            y.StoreUnsafe(ref d, (nuint)i + 32);
            z.StoreUnsafe(ref d, (nuint)i + 64);
            w.StoreUnsafe(ref d, (nuint)i + 96);
            a += x.AsUInt64();
            h += x.AsUInt64() >>> 32;
            b += y.AsUInt64();
            g += y.AsUInt64() >>> 32;
            a += z.AsUInt64();
            h += z.AsUInt64() >>> 32;
            b += w.AsUInt64();
            g += w.AsUInt64() >>> 32;
        }

        for (; i + 32 <= n; i += 32)
        {
            var x = Vector256.LoadUnsafe(ref s, (nuint)i);
            x.StoreUnsafe(ref d, (nuint)i);
            a += x.AsUInt64();
            h += x.AsUInt64() >>> 32;
        }

        if ((n & 1) != 0) return AddWithCarry(AddWithCarry(initial, Reduce(a + b, h + g)), CopyAndSumTail(ref s, ref d, i, n));
        // The rest is copied as a whole vector that ends with it; what was copied before is copied once more, and not summed.
        var end = Vector256.LoadUnsafe(ref s, (nuint)n - 32);
        end.StoreUnsafe(ref d, (nuint)n - 32);
        var last = end.AsUInt64() & MaskOf(n - i);
        return AddWithCarry(initial, Reduce(a + b + last, h + g + (last >>> 32)));
    }

    /// <summary>Adds the partial sum of a piece that begins <paramref name="offset"/> octets into the whole to <paramref name="sum"/>.</summary>
    /// <remarks>RFC 1071 2(B): a piece at an odd offset has its octets swapped.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Combine(ulong sum, ulong piece, int offset)
    {
        if ((offset & 1) == 0) return AddWithCarry(sum, piece);
        return AddWithCarry(sum, BinaryPrimitives.ReverseEndianness(Reduce16(piece)));
    }

    /// <summary>The 16-bit one's complement sum of a partial sum, in host order, not yet complemented.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Fold(ulong sum)
    {
        ushort folded = Reduce16(sum);
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(folded) : folded;
    }

    /// <summary>The checksum to write into a header: the complement of the folded sum, in host order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Finish(ulong sum) => (ushort)~Fold(sum);

    /// <summary>The checksum of <paramref name="bytes"/>, in host order. Over octets which contain their checksum, zero means right.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes) => Finish(Sum(bytes));

    /// <summary>The partial sum of the pseudo-header (RFC 9293 3.1, RFC 8200 8.1).</summary>
    public static ulong PseudoHeader(IpAddress source, IpAddress destination, byte protocol, int length)
    {
        ulong sum = source.ChecksumPart + destination.ChecksumPart;
        // Protocol and length as big-endian 32-bit words; each addition stays far below 64 bits.
        uint words = BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReverseEndianness((uint)length)
            : (uint)length;
        uint proto = BitConverter.IsLittleEndian ? (uint)protocol << 24 : protocol;
        return sum + words + proto;
    }

    /// <summary>The checksum after one 16-bit word of the header changed (RFC 1624 3, equation 3). All values in host order.</summary>
    public static ushort Update(ushort checksum, ushort oldWord, ushort newWord)
    {
        // HC' = ~(~HC + ~m + m')
        uint sum = (uint)(ushort)~checksum + (ushort)~oldWord + newWord;
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>The checksum after a 32-bit field of the header changed (RFC 1624 3). All values in host order.</summary>
    public static ushort Update(ushort checksum, uint oldValue, uint newValue) =>
        Update(Update(checksum, (ushort)(oldValue >> 16), (ushort)(newValue >> 16)), (ushort)oldValue, (ushort)newValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Reduce(Vector256<ulong> all, Vector256<ulong> high)
    {
        ulong h = Vector256.Sum(high);
        ulong low = unchecked(Vector256.Sum(all) - (h << 32));
        return AddWithCarry(low, h);
    }

    // Keeps the last octets of a vector. The vector begins at an even offset, or the words would be the wrong ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> MaskOf(int octets) => Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Masks), (nuint)octets).AsUInt64();

    private static ReadOnlySpan<byte> Masks =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    private static ulong CopyAndSumTail(ref byte source, ref byte destination, int i, int n)
    {
        ulong sum = 0, last = 0;
        for (; i + 8 <= n; i += 8) sum = AddWithCarry(sum, Copy<ulong>(ref source, ref destination, i));
        if ((n & 4) != 0)
        {
            last = Copy<uint>(ref source, ref destination, i);
            i += 4;
        }

        if ((n & 2) != 0)
        {
            last += Copy<ushort>(ref source, ref destination, i);
            i += 2;
        }

        if ((n & 1) != 0) last += LastOctet(Copy<byte>(ref source, ref destination, i));
        return AddWithCarry(sum, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Copy<T>(ref byte source, ref byte destination, int i) where T : unmanaged
    {
        var word = Unsafe.ReadUnaligned<T>(ref Unsafe.Add(ref source, i));
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref destination, i), word);
        return word;
    }

    // The missing octet counts as zero behind the last one (RFC 1071 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LastOctet(byte octet) => BitConverter.IsLittleEndian ? octet : (ulong)octet << 8;

    // An IPv4 or TCP header without options.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SumOf20(ref byte source)
    {
        ulong first = Unsafe.ReadUnaligned<ulong>(ref source), second = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, 8));
        return AddWithCarry(AddWithCarry(first, second), Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref source, 16)));
    }

    private static ulong SumTail(ref byte source, int i, int n)
    {
        ulong sum = 0;
        for (; i + 8 <= n; i += 8) sum = AddWithCarry(sum, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, i)));
        ulong last = 0;
        if ((n & 4) != 0)
        {
            last = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref source, i));
            i += 4;
        }

        if ((n & 2) != 0)
        {
            last += Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref source, i));
            i += 2;
        }

        if ((n & 1) != 0) last += LastOctet(Unsafe.Add(ref source, i));
        return AddWithCarry(sum, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AddWithCarry(ulong a, ulong b)
    {
        ulong sum = unchecked(a + b);
        return unchecked(sum + (sum < a ? 1UL : 0UL));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Reduce16(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }

    private static void ThrowShort() => throw new ArgumentException("The destination is shorter than the source.");
}
