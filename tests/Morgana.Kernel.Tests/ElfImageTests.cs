using System.Buffers.Binary;

namespace Morgana.Kernel.Tests;

public unsafe class ElfImageTests
{
    private const int FirstHeader = 64, HeaderSize = 56;

    [Fact]
    public void A_sound_image_is_understood()
    {
        fixed (byte* file = Create())
        {
            ElfImage image = default;
            Assert.True(image.Parse(file, 0x4000));
            Assert.Equal(0x40_1010UL, image.Entry);
            Assert.False(image.IsRelocatable);
            Assert.Equal(0x40_0040UL, image.HeadersAddress());
            Assert.True(image.TryGetSegment(1, out var text));
            Assert.Equal((0x1000UL, 0x40_1000UL, Protection.Read | Protection.Execute), (text.Offset, text.Address, text.Protection));
            Assert.True(image.TryGetSegment(2, out var data));
            Assert.Equal((0x40_2000UL, 0x40_6000UL), (data.FirstPage, data.EndPage));
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        fixed (byte* file = Create())
        {
            for (ulong size = 0; size < 0x3000; size += size < 300 ? 1UL : 64)
            {
                ElfImage image = default;
                Assert.False(image.Parse(file, size), $"{size} octets");
            }
        }
    }

    public static TheoryData<string, int, ulong, int> Lies => new()
    {
        { "another magic", 0, 0, 4 },
        { "32 bits", 4, 1, 1 },
        { "big-endian", 5, 2, 1 },
        { "no executable", 16, 1, 2 },
        { "another machine", 18, 3, 2 },
        { "headers beyond the end", 32, 0x4000, 8 },
        { "headers at an odd place", 32, 65, 8 },
        { "headers far beyond the end", 32, 0xffff_ffff_ffff_ff00, 8 },
        { "headers of another size", 54, 32, 2 },
        { "no headers", 56, 0, 2 },
        { "too many headers", 56, 65, 2 },
        { "an entry outside of the text", 24, 0x40_2000, 8 },
        { "a dynamic loader", FirstHeader, 3, 4 },
        { "text beyond the end of the file", FirstHeader + HeaderSize + 8, 0x5000, 8 },
        { "an offset that does not agree with the address", FirstHeader + HeaderSize + 8, 0x1800, 8 },
        { "more in the file than in memory", FirstHeader + HeaderSize + 40, 1, 8 },
        { "an address of the kernel's", FirstHeader + HeaderSize + 16, 0xffff_8000_0000_1000, 8 },
        { "a size that wraps round", FirstHeader + (HeaderSize * 2) + 40, 0xffff_ffff_ffff_f000, 8 },
        { "segments that overlap", FirstHeader + (HeaderSize * 2) + 16, 0x40_1000, 8 },
        { "what can be written and executed", FirstHeader + HeaderSize + 4, 7, 4 },
    };

    [Theory, MemberData(nameof(Lies))]
    public void A_lie_is_refused(string what, int offset, ulong value, int size)
    {
        byte[] bytes = Create();
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        word[..size].CopyTo(bytes.AsSpan(offset));
        fixed (byte* file = bytes)
        {
            ElfImage image = default;
            Assert.False(image.Parse(file, (ulong)bytes.Length), what);
        }
    }

    [Theory, InlineData(1), InlineData(2)]
    public void No_damage_leads_outside_of_the_file(int seed)
    {
        var random = new Random(seed);
        byte[] sound = Create();
        for (int round = 0; round < 5000; round++)
        {
            byte[] bytes = [.. sound];
            for (int i = 0; i < 4; i++) bytes[random.Next(FirstHeader + (HeaderSize * 3))] = (byte)random.Next(256);
            fixed (byte* file = bytes)
            {
                ElfImage image = default;
                if (!image.Parse(file, (ulong)bytes.Length)) continue;
                for (int i = 0; i < image.HeaderCount; i++)
                {
                    if (!image.TryGetSegment(i, out var segment)) continue;
                    Assert.True(segment.Offset + segment.FileSize <= (ulong)bytes.Length, $"seed {seed}, round {round}");
                    Assert.True(segment.EndPage <= 0xe000_0000_0000, $"seed {seed}, round {round}");
                }
            }
        }
    }

    // Headers and constants, text, data with what is zero behind it: three segments.
    private static byte[] Create()
    {
        byte[] file = new byte[0x4000];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2;
        file[5] = 1;
        Put16(16, 2);
        Put16(18, 62);
        Put64(24, 0x40_1010);
        Put64(32, FirstHeader);
        Put16(54, HeaderSize);
        Put16(56, 3);
        Segment(0, 4, 0, 0x40_0000, 0x800, 0x800);
        Segment(1, 5, 0x1000, 0x40_1000, 0x1000, 0x1000);
        Segment(2, 6, 0x2100, 0x40_2100, 0xf00, 0x3900);
        return file;

        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Put64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        void Segment(int index, uint flags, ulong offset, ulong address, ulong fileSize, ulong memorySize)
        {
            int at = FirstHeader + (index * HeaderSize);
            file[at] = 1;
            file[at + 4] = (byte)flags;
            Put64(at + 8, offset);
            Put64(at + 16, address);
            Put64(at + 32, fileSize);
            Put64(at + 40, memorySize);
        }
    }
}
