namespace Morgana.Core.Tests;

public class InternetChecksumTests
{
    /// <summary>RFC 1071 as it is written: 16-bit big-endian words, a zero behind an odd octet, carries around.</summary>
    private static ushort Naive(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            sum += (uint)(bytes[i] << 8) | (i + 1 < bytes.Length ? bytes[i + 1] : 0u);
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private static byte[] Octets(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public void Every_length_and_alignment_is_summed_like_the_naive_loop()
    {
        byte[] random = Octets(1, 3100), ones = new byte[3100], copy = new byte[3100];
        ones.AsSpan().Fill(0xFF);
        for (int n = 0; n <= 3000; n++)
        {
            foreach (byte[] bytes in new[] { random, ones })
            {
                var piece = bytes.AsSpan(n % 33, n);
                ushort expected = Naive(piece);
                Assert.True(expected == InternetChecksum.Of(piece), $"length {n}");
                var target = copy.AsSpan(n % 7, n);
                target.Clear();
                Assert.True(expected == InternetChecksum.Finish(InternetChecksum.CopyAndSum(piece, target)), $"length {n}, copied");
                Assert.True(piece.SequenceEqual(target), $"length {n}, copied");
            }
        }

        for (int alignment = 0; alignment < 64; alignment++)
            Assert.Equal(Naive(random.AsSpan(alignment, 1460)), InternetChecksum.Of(random.AsSpan(alignment, 1460)));
    }

    [Fact]
    public void A_copy_touches_nothing_behind_its_end_and_needs_the_room()
    {
        byte[] source = Octets(2, 1460), target = new byte[1500];
        target.AsSpan().Fill(0xA5);
        InternetChecksum.CopyAndSum(source, target);
        Assert.True(target.AsSpan(1460).IndexOfAnyExcept((byte)0xA5) < 0);
        Assert.Throws<ArgumentException>(() => InternetChecksum.CopyAndSum(source, new byte[1459]));
    }

    [Fact]
    public void Pieces_cut_anywhere_combine_to_the_whole()
    {
        const int Seed = 3;
        var random = new Random(Seed);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] bytes = Octets(i, random.Next(0, 3000));
            ulong sum = 0;
            for (int offset = 0; offset < bytes.Length;)
            {
                int n = random.Next(1, Math.Min(bytes.Length - offset, 400) + 1);
                sum = InternetChecksum.Combine(sum, InternetChecksum.Sum(bytes.AsSpan(offset, n)), offset);
                offset += n;
            }

            Assert.True(Naive(bytes) == InternetChecksum.Finish(sum), $"seed {Seed}, step {i}");
        }
    }

    [Fact]
    public void An_updated_checksum_is_the_one_that_would_be_computed()
    {
        const int Seed = 4;
        var random = new Random(Seed);
        for (int i = 0; i < 50_000; i++)
        {
            // A header whose words are often 0 or ffff: the corner that RFC 1624 was written for. It is never all zeros, as no header is.
            byte[] header = new byte[20];
            header[0] = 0x45;
            for (int word = 1; word < 10; word++)
            {
                int value = random.Next(3) switch { 0 => 0, 1 => 0xFFFF, _ => random.Next(0x10000) };
                (header[2 * word], header[(2 * word) + 1]) = ((byte)(value >> 8), (byte)value);
            }

            ushort before = Naive(header);
            int at = 2 * random.Next(1, 9);
            uint oldValue = Read32(header, at);
            uint newValue = random.Next(3) switch { 0 => 0u, 1 => uint.MaxValue, _ => (uint)random.NextInt64() };
            ushort updated32 = InternetChecksum.Update(before, oldValue, newValue);
            ushort updated16 = InternetChecksum.Update(before, (ushort)(oldValue >> 16), (ushort)(newValue >> 16));
            (header[at], header[at + 1]) = ((byte)(newValue >> 24), (byte)(newValue >> 16));
            Assert.True(Naive(header) == updated16, $"seed {Seed}, step {i}");
            (header[at + 2], header[at + 3]) = ((byte)(newValue >> 8), (byte)newValue);
            Assert.True(Naive(header) == updated32, $"seed {Seed}, step {i}");
        }
    }

    [Theory, InlineData("10.0.2.15", "10.0.2.2"), InlineData("fd00::15", "fe80::1:2")]
    public void The_pseudo_header_is_summed_as_the_octets_it_stands_for(string source, string destination)
    {
        var (s, d) = (IpAddress.Parse(source), IpAddress.Parse(destination));
        byte[] header = new byte[(2 * s.Size) + 8];
        Write(s, header);
        Write(d, header.AsSpan(s.Size));
        const int Length = 0x1_2345;
        new byte[] { 0, 1, 0x23, 0x45, 0, 0, 0, 6 }.CopyTo(header, 2 * s.Size);
        Assert.Equal(Naive(header), InternetChecksum.Finish(InternetChecksum.PseudoHeader(s, d, 6, Length)));

        static void Write(IpAddress address, Span<byte> bytes)
        {
            if (address.IsIpv4) address.Ipv4.WriteTo(bytes);
            else address.Ipv6.WriteTo(bytes);
        }
    }

    private static uint Read32(byte[] bytes, int at) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
}
