using System.Globalization;
using System.Text;

namespace Morgana.Kernel.Tests;

public unsafe class FormatTests
{
    /// <summary>RFC 8439, 2.3.2.</summary>
    [Fact]
    public void ChaCha20_gives_the_block_of_its_standard()
    {
        uint* state = stackalloc uint[16] { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c, 1, 0x09000000, 0x4a000000, 0 };
        uint* output = stackalloc uint[16];
        ChaCha20.Block(state, output);
        Assert.Equal([0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2], new ReadOnlySpan<uint>(output, 16).ToArray());
    }

    [Fact]
    public void Dates_are_the_platforms_own()
    {
        var random = new Random(7);
        for (int i = 0; i < 5000; i++)
        {
            var date = DateTime.UnixEpoch.AddSeconds(random.NextInt64(4_000_000_000));
            ulong seconds = Calendar.Seconds((uint)date.Year, (uint)date.Month, (uint)date.Day, (uint)date.Hour, (uint)date.Minute, (uint)date.Second);
            Assert.Equal((ulong)(date - DateTime.UnixEpoch).TotalSeconds, seconds);
        }
    }

    [Theory, InlineData(0), InlineData(7), InlineData(10), InlineData(99), InlineData(100), InlineData(ulong.MaxValue), InlineData(1UL << 60)]
    public void Numbers_are_the_platforms_own(ulong value)
    {
        byte* text = stackalloc byte[20];
        Assert.Equal(value.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text, Text.Decimal(value, text)));
        Assert.Equal(value.ToString("x", CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text, Text.Hexadecimal(value, text)));
        Assert.Equal(value.ToString("x12", CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text, Text.Hexadecimal(value, text, 12)));
    }

    [Fact]
    public void Text_is_cut_where_its_place_ends()
    {
        byte* place = stackalloc byte[8];
        place[5] = 0xee;
        var text = new TextBuilder(place, 5);
        text.Add("abc"u8);
        text.AddNumber(1234);
        Assert.Equal(5, text.Length);
        Assert.Equal("abc12", Encoding.ASCII.GetString(place, text.Length));
        Assert.Equal(0xee, place[5]);
    }

    [Theory, InlineData("abc", true, true), InlineData("abcd", false, true), InlineData("ab", false, false), InlineData("", false, false)]
    public void Names_are_compared_to_their_end(string text, bool same, bool begins)
    {
        fixed (byte* pointer = Encoding.UTF8.GetBytes(text + "\0"))
        {
            Assert.Equal(same, Text.Is(pointer, "abc"u8));
            Assert.Equal(begins, Text.Begins(pointer, "abc"u8));
        }
    }

    [Fact]
    public void The_lowest_bit_is_the_platforms_own()
    {
        for (int i = 0; i < 64; i++) Assert.Equal(i, Bits.Lowest(ulong.MaxValue << i));
        for (int i = 0; i < 64; i++) Assert.Equal(i, Bits.Highest(ulong.MaxValue >> (63 - i)));
    }

    /// <summary>Assembly/Layout.inc and the processor rely on these places.</summary>
    [Fact]
    public void Blocks_are_laid_out_as_assembly_has_it()
    {
        Assert.Equal(176, sizeof(Registers));
        Assert.Equal(4096, sizeof(Thread));
        Assert.Equal(Thread.FrameEnd, Thread.FrameOffset + sizeof(Registers));
        Assert.Equal(0, Thread.VectorOffset % 64);
        Assert.True(sizeof(HeapNode) <= 32 && sizeof(WaitNode) <= 48);
        Assert.Equal(2048, sizeof(Cpu));
        Thread thread;
        Assert.Equal(Thread.FrameOffset, (int)((byte*)&thread.Frame - (byte*)&thread));
        Cpu cpu;
        Assert.Equal((8, 16, 24), ((int)((byte*)&cpu.StackTop - (byte*)&cpu), (int)((byte*)&cpu.FrameEnd - (byte*)&cpu), (int)((byte*)&cpu.Scratch - (byte*)&cpu)));
    }
}
