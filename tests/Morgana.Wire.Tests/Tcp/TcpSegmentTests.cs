using Morgana.Core;
using Morgana.Wire.Tcp;

namespace Morgana.Wire.Tests.Tcp;

public class TcpSegmentTests
{
    private static readonly IpAddress A = Ipv4Address.From(10, 0, 0, 1), B = Ipv4Address.From(10, 0, 0, 2);

    [Fact]
    public void What_is_written_is_read()
    {
        var options = new TcpOptions { MaximumSegmentSize = 1460, HasWindowScale = true, WindowScale = 7, SackPermitted = true, HasTimestamps = true, TimestampValue = 0x01020304, TimestampEcho = 0x05060708 };
        byte[] bytes = new byte[TcpHeader.MaxSize];
        int length = TcpHeader.Size + options.WriteTo(bytes.AsSpan(TcpHeader.Size));
        var header = new TcpHeader(1234, 80, new(0xFFFF_FFFE), new(7), TcpFlags.Syn | TcpFlags.Ack, 4321);
        header.WriteTo(bytes.AsSpan(0, length));
        TcpHeader.WriteChecksum(bytes.AsSpan(0, length), InternetChecksum.PseudoHeader(A, B, 6, length));
        Assert.Equal(0xFFFF, InternetChecksum.Fold(InternetChecksum.Sum(bytes.AsSpan(0, length), InternetChecksum.PseudoHeader(A, B, 6, length))));
        Assert.Equal(DropReason.None, TcpSegment.Parse(bytes.AsSpan(0, length), out var segment));
        Assert.Equal(header, new TcpHeader(segment.SourcePort, segment.DestinationPort, segment.Sequence, segment.Acknowledgment, segment.Flags, segment.Window));
        Assert.True(TcpOptions.Parse(segment.Options, out var read));
        Assert.Equal((1460, true, 7, true, true, 0x01020304u, 0x05060708u),
            (read.MaximumSegmentSize, read.HasWindowScale, read.WindowScale, read.SackPermitted, read.HasTimestamps, read.TimestampValue, read.TimestampEcho));
    }

    [Theory, InlineData(0, 4), InlineData(1, 1), InlineData(2, 2), InlineData(3, 3), InlineData(4, 4)]
    public void As_many_SACK_blocks_as_fit_are_written(int blocks, int expected)
    {
        var options = new TcpOptions { HasTimestamps = blocks != 0 && blocks < 4, SackCount = blocks == 0 ? 4 : blocks };
        for (int i = 0; i < 4; i++) options.Sacks[i] = new(new((uint)(100 * i)), new((uint)((100 * i) + 50)));
        byte[] bytes = new byte[TcpOptions.MaxLength];
        int length = options.WriteTo(bytes);
        Assert.True(length <= 40 && length % 4 == 0);
        Assert.True(TcpOptions.Parse(bytes.AsSpan(0, length), out var read));
        Assert.Equal(expected, read.SackCount);
        for (int i = 0; i < expected; i++) Assert.Equal(options.Sacks[i], read.Sacks[i]);
    }

    [Fact]
    public void Every_truncation_and_every_data_offset_is_survived()
    {
        byte[] bytes = new byte[100];
        for (int offset = 0; offset < 16; offset++)
        {
            bytes[12] = (byte)(offset << 4);
            for (int length = 0; length <= bytes.Length; length++)
            {
                var expected = length < 20 ? DropReason.Truncated : offset < 5 || 4 * offset > length ? DropReason.BadLength : DropReason.None;
                Assert.Equal(expected, TcpSegment.Parse(bytes.AsSpan(0, length), out var segment));
                if (expected != DropReason.None) continue;
                Assert.Equal(4 * offset, segment.HeaderLength);
                Assert.Equal(length - (4 * offset), segment.Payload.Length);
                Assert.Equal((4 * offset) - 20, segment.Options.Length);
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 2, 0, 5, 5 }), InlineData(new byte[] { 2, 1, 5, 5 }), InlineData(new byte[] { 8, 10, 1, 1 }), InlineData(new byte[] { 1, 1, 1, 99 }), InlineData(new byte[] { 99, 0, 0, 0 })]
    public void An_option_with_an_impossible_length_ends_the_list(byte[] options)
    {
        Assert.False(TcpOptions.Parse(options, out var read));
        Assert.Equal(0, read.MaximumSegmentSize);
        Assert.False(read.HasTimestamps);
    }

    [Fact]
    public void Unknown_options_are_skipped_and_can_be_seen()
    {
        byte[] options = [254, 4, 0xAB, 0xCD, 1, 2, 4, 0x05, 0xB4, 0, 0, 0];
        Assert.True(TcpOptions.Parse(options, out var read));
        Assert.Equal(1460, read.MaximumSegmentSize);
        var reader = new TcpOptionReader(options);
        Assert.True(reader.MoveNext());
        Assert.Equal((TcpOptionKind)254, reader.Kind);
        Assert.Equal([0xAB, 0xCD], reader.Data.ToArray());
        Assert.True(reader.MoveNext());
        Assert.False(reader.MoveNext());
        Assert.False(reader.IsMalformed);
    }

    [Fact]
    public void Random_options_are_survived_and_what_is_parsed_can_be_written()
    {
        var random = new Random(7);
        byte[] kinds = [0, 1, 2, 3, 4, 5, 8, 30];
        byte[] bytes = new byte[40], written = new byte[40];
        for (int round = 0; round < 200_000; round++)
        {
            int length = random.Next(41);
            random.NextBytes(bytes);
            for (int i = 0; i < 6; i++)
            {
                int at = random.Next(39);
                bytes[at] = kinds[random.Next(kinds.Length)];
                bytes[at + 1] = (byte)random.Next(12);
            }

            TcpOptions.Parse(bytes.AsSpan(0, length), out var first);
            Assert.InRange(first.SackCount, 0, 4);
            int n = first.WriteTo(written);
            Assert.True(TcpOptions.Parse(written.AsSpan(0, n), out var second), "round " + round);
            Assert.Equal(first.MaximumSegmentSize, second.MaximumSegmentSize);
            Assert.Equal(first.TimestampEcho, second.TimestampEcho);
        }
    }
}
