using System.Diagnostics;
using Morgana.Core;
using Morgana.Wire.Pcapng;

namespace Morgana.Devices.Tests;

public class CaptureTests
{
    private const long Time = 1_700_000_000_123_456_789;
    private readonly BufferPool _pool = Frames.Pool();

    [Fact]
    public void What_passes_a_captured_device_is_read_back()
    {
        var stream = new MemoryStream();
        byte[] outbound = Frames.Content(1, 61), inbound = Frames.Content(2, 9000);
        using (var file = new PcapngFile(stream, comment: "a capture"))
        {
            var (a, b) = MemoryLink.Create(_pool, _pool, new() { Mtu = 9000 });
            using var other = new PcapngCapture(b, file, "unused", () => Time);
            using var captured = new PcapngCapture(a, file, "net0", () => Time);
            Frames.Send(captured, _pool, outbound);
            Assert.Single(Frames.ReceiveAll(b));
            Frames.Send(b, _pool, inbound);
            Assert.Equal(inbound, Assert.Single(Frames.ReceiveAll(captured)));
        }

        var reader = new PcapngReader(stream.ToArray());
        Assert.True(reader.TryRead(out var first));
        Assert.True(reader.TryRead(out var second));
        Assert.False(reader.TryRead(out _));
        Assert.Equal(PcapngError.None, reader.Error);
        Assert.Equal((1, Time, 61), (first.InterfaceId, first.Nanoseconds, first.OriginalLength));
        Assert.Equal(outbound, first.Data.ToArray());
        Assert.Equal(inbound, second.Data.ToArray());
        Assert.Equal(0, _pool.InUse);
    }

    [Fact]
    public void A_frame_that_the_device_did_not_take_is_captured_once()
    {
        var stream = new MemoryStream();
        var (a, b) = MemoryLink.Create(_pool, _pool, new() { Capacity = 1 });
        using (var file = new PcapngFile(stream))
        using (var captured = new PcapngCapture(a, file, "net0", () => Time))
        {
            PacketBuffer[] frames = [Frames.Packet(_pool, Frames.Content(1, 60)), Frames.Packet(_pool, Frames.Content(2, 60))];
            Assert.Equal(1, captured.Transmit(frames));
            Assert.Equal(0, captured.Transmit(frames.AsSpan(1)));
            Frames.ReceiveAll(b);
            Assert.Equal(1, captured.Transmit(frames.AsSpan(1)));
            Frames.ReceiveAll(b);
            Assert.Equal(2, file.Packets);
        }
    }

    [Fact]
    public void A_slow_file_loses_packets_and_counts_them_but_never_stops_the_network()
    {
        using var slow = new StuckStream();
        var file = new PcapngFile(slow, bufferSize: 128 * 1024);
        int id = file.AddInterface("net0");
        for (int i = 0; i < 1000; i++)
        {
            var packet = Frames.Packet(_pool, Frames.Content(i, 1500));
            file.Write(id, Time, true, packet);
            packet.Release();
        }

        Assert.Equal(1000, file.Packets + file.Dropped);
        Assert.InRange(file.Packets, 80, 170);
        slow.Go.Set();
        file.Dispose();
        var reader = new PcapngReader(slow.Written.ToArray());
        int read = 0;
        while (reader.TryRead(out _)) read++;
        Assert.Equal(file.Packets, read);
    }

    [Fact]
    public void A_capture_cut_anywhere_or_damaged_is_read_as_far_as_it_goes()
    {
        byte[] capture = Sample(5);
        for (int length = 0; length < capture.Length; length++) Assert.InRange(Read(capture.AsMemory(0, length)), 0, 5);
        const int Seed = 6;
        var random = new Random(Seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. capture];
            for (int k = random.Next(1, 4); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Read(damaged);
        }

        Assert.Equal(5, Read(capture));

        static int Read(ReadOnlyMemory<byte> bytes)
        {
            var reader = new PcapngReader(bytes);
            int count = 0;
            while (reader.TryRead(out var packet)) count += packet.Data.Length <= bytes.Length ? 1 : throw new InvalidDataException();
            return count;
        }
    }

    [Fact]
    public void A_block_that_does_not_fit_is_not_written()
    {
        byte[] packet = Frames.Content(1, 61), room = new byte[1000];
        int length = PcapngBlock.WritePacket(room, 0, Time, true, packet, "comment");
        Assert.Equal(PcapngBlock.PacketLength(61, "comment"), length);
        Assert.Equal(0, PcapngBlock.WritePacket(room.AsSpan(0, length - 1), 0, Time, true, packet, "comment"));
        Assert.Equal(0, PcapngBlock.WriteInterface(room.AsSpan(0, 30), "net0"));
        Assert.Equal(0, PcapngBlock.WriteSectionHeader(room.AsSpan(0, 27)));
    }

    [NeedsTsharkFact]
    public void Tshark_reads_the_capture_as_it_was_written()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, Sample(3));
            var start = new ProcessStartInfo("tshark") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in new[] { "-r", path, "-T", "fields", "-E", "separator=|", "-e", "frame.time_epoch", "-e", "frame.interface_name", "-e", "frame.len", "-e", "frame.comment", "-e", "eth.src", "-e", "_ws.malformed" })
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error.Result);
            Assert.Equal(
                ["1700000000.123456789|net0|60|number 0|02:00:00:00:00:01|", "1700000000.123456790|net0|61|number 1|02:00:00:00:00:01|", "1700000000.123456791|net0|62|number 2|02:00:00:00:00:01|"],
                lines);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Frames of an experimental EtherType, so that nothing in them can be malformed.</summary>
    private static byte[] Sample(int count)
    {
        byte[] bytes = new byte[4096];
        int at = PcapngBlock.WriteSectionHeader(bytes, "a sample");
        at += PcapngBlock.WriteInterface(bytes.AsSpan(at), "net0");
        for (int i = 0; i < count; i++)
        {
            byte[] frame = new byte[60 + i];
            Convert.FromHexString("FFFFFFFFFFFF02000000000188B5").CopyTo(frame, 0);
            at += PcapngBlock.WritePacket(bytes.AsSpan(at), 0, Time + i, i % 2 == 0, frame, $"number {i}");
        }

        return bytes[..at];
    }

    private sealed class NeedsTsharkFactAttribute : FactAttribute
    {
        public NeedsTsharkFactAttribute()
        {
            if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(d => File.Exists(Path.Combine(d, "tshark")))) Skip = "needs the program tshark: apt-get install tshark";
        }
    }

    /// <summary>A file on a disk that has stopped.</summary>
    private sealed class StuckStream : Stream
    {
        public ManualResetEventSlim Go { get; } = new();

        public List<byte> Written { get; } = [];

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position { get => 0; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Go.Wait();
            Written.AddRange(buffer.AsSpan(offset, count));
        }
    }
}
