using Morgana.Composition;
using Morgana.Core;
using Morgana.Sockets;
using Morgana.Storage;
using Morgana.Testing;
using Samples;

namespace Morgana.Parts.Tests;

/// <summary>The two samples that measure: what they print follows from a clock of the test's.</summary>
public class BenchmarkTests
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;

    [Fact]
    public async Task A_disk_is_only_read_unless_its_content_may_be_lost()
    {
        byte[] content = new byte[64 << 10];
        new Random(1).NextBytes(content);
        await using var disk = new MemoryBlockDevice((byte[])content.Clone());
        var (status, output) = await MeasureAsync(disk, "--requests=4K,64K");
        Assert.Equal(0, status);
        Assert.Equal(
            """
            64K, sectors of 512, 1 at once, reading
            test                      request  requests        MB/s  requests/s   median us     99 % us    worst us
            read                           4K        16         1.3         327      1000.0      1000.0      1000.0
            random read                    4K        16         1.3         327      1000.0      1000.0      1000.0
            read                          64K         1        16.4         250      1000.0      1000.0      1000.0
            random read                   64K         1        16.4         250      1000.0      1000.0      1000.0

            """, output);
        byte[] after = new byte[content.Length];
        Assert.True(disk.TryRead(0, after));
        Assert.Equal(content, after);
    }

    [Fact]
    public async Task A_disk_is_written_in_three_ways_and_read_as_it_was_written()
    {
        await using var memory = new MemoryBlockDevice(128);
        await using var disk = new CountingDisk(memory);
        var (status, output) = await MeasureAsync(disk, "--overwrite", "--requests=4K", "--amount=32K", "--depth=4");
        Assert.Equal(0, status);
        Assert.Equal(["write, flushed once", "write, flushed each time", "random write", "read", "random read"], output.Split('\n')[2..^1].Select(l => l[..24].TrimEnd()));
        Assert.All(output.Split('\n')[2..^1], l => Assert.Equal("8", l[33..43].Trim()));
        Assert.Equal((24, 16, 1 + 8 + 1), (disk.Writes, disk.Reads, disk.Flushes));
    }

    [Fact]
    public async Task A_disk_that_forgets_is_found_out()
    {
        await using var memory = new MemoryBlockDevice(128);
        await using var disk = new CountingDisk(memory) { Forgets = 16 };
        var (status, output) = await MeasureAsync(disk, "--overwrite", "--requests=4K");
        Assert.Equal(1, status);
        Assert.EndsWith("sector 16 does not read as it was written\n", output);
    }

    [Fact]
    public async Task A_measurement_ends_when_its_time_is_over()
    {
        await using var disk = new MemoryBlockDevice(128);
        // Three readings of the clock each, and its beginning: four requests in ten milliseconds.
        var (status, output) = await MeasureAsync(disk, "--requests=512", "--limit=10ms");
        Assert.Equal(0, status);
        Assert.Equal("3", output.Split('\n')[2][33..43].Trim());
    }

    [Theory]
    [InlineData("--requests=100", "expected multiples of a sector's 512 octets")]
    [InlineData("--requests=1M", "the disk has 64K")]
    [InlineData("--depth=0", "expected a whole number from 1 to 256")]
    public async Task What_a_disk_cannot_do_is_refused_before_anything_is_measured(string argument, string expected)
    {
        await using var disk = new MemoryBlockDevice(128);
        var e = await Assert.ThrowsAsync<BootException>(() => MeasureAsync(disk, argument));
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public async Task A_disk_for_reading_alone_is_not_overwritten()
    {
        await using var memory = new MemoryBlockDevice(128);
        await using var disk = new ReadOnlyBlockDevice(memory);
        var e = await Assert.ThrowsAsync<BootException>(() => MeasureAsync(disk, "--overwrite", "--requests=4K"));
        Assert.Contains("for reading alone", e.Message);
    }

    [Theory, InlineData(1, 0), InlineData(3, 0.02)]
    public async Task Two_of_one_program_measure_each_other(int connections, double loss)
    {
        await using var network = new TestNetwork(seed: 5) { Link = new() { Loss = loss } };
        var said = new ScriptedConsole();
        await using var server = await UnikernelTest.StartAsync<NetworkBenchmark>(g => g.Bind(network.AddHost("10.0.0.2")).Bind(said));
        await said.WaitForAsync("serving echo at port 7, discard at 9, characters at 19\n", s_limit);
        var console = new ScriptedConsole();
        await using var client = await UnikernelTest.StartAsync<NetworkBenchmark>(g => g
            .Bind(network.AddHost("10.0.0.1")).Bind(console)
            .Pass("--role=client", "--server=10.0.0.2", "--amount=256K", "--requests=20", "--size=3000", "--limit=4m", $"--connections={connections}"));
        Assert.Equal(0, await client.Completion.WaitAsync(s_limit));
        string[] lines = console.Written.Split('\n');
        Assert.Equal($"10.0.0.2, {connections} {(connections == 1 ? "connection" : "connections")}", lines[0]);
        Assert.Matches(@"^send           262144 octets +\d+\.\d{3} s +\d+\.\d Mbit/s$", lines[1]);
        Assert.Matches(@"^receive +\d{6,7} octets +\d+\.\d{3} s +\d+\.\d Mbit/s$", lines[2]);
        Assert.Matches(@"^echo               20 x 3000 octets, \d+ a second; median \d+\.\d us, 99 % \d+\.\d us, worst \d+\.\d us$", lines[3]);
        Assert.Equal(0, await server.StopAsync().WaitAsync(s_limit));
    }

    [Fact]
    public async Task A_generator_counts_through_the_printable_characters()
    {
        await using var network = new TestNetwork();
        var said = new ScriptedConsole();
        await using var server = await UnikernelTest.StartAsync<NetworkBenchmark>(g => g.Bind(network.AddHost("10.0.0.2")).Bind(said));
        await said.WaitForAsync("serving", s_limit);
        await using var connection = await network.AddHost("10.0.0.1").ConnectAsync(new(Ipv4Address.Parse("10.0.0.2"), 19), cancel: s_limit);
        var read = await connection.Input.ReadAtLeastAsync(2 * 74, s_limit);
        string lines = System.Text.Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, 2 * 74)));
        Assert.Equal(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n", lines);
        connection.Abort();
    }

    [Fact]
    public async Task Nobody_at_the_other_end_is_one_line_and_status_1()
    {
        await using var network = new TestNetwork();
        network.AddHost("10.0.0.2");
        var console = new ScriptedConsole();
        await using var client = await UnikernelTest.StartAsync<NetworkBenchmark>(g => g.Bind(network.AddHost("10.0.0.1")).Bind(console).Pass("--role=client", "--server=10.0.0.2"));
        Assert.Equal(1, await client.Completion.WaitAsync(s_limit));
        Assert.Equal(2, console.Written.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static async Task<(int Status, string Output)> MeasureAsync(IBlockDevice disk, params string[] arguments)
    {
        var console = new ScriptedConsole();
        await using var benchmark = await UnikernelTest.StartAsync<DiskBenchmark>(g => g.Bind(disk, "disk").Bind(console).Bind(new SteppingClock()).Pass(arguments));
        return (await benchmark.Completion.WaitAsync(s_limit), console.Written);
    }

    /// <summary>A clock that is a millisecond later each time somebody looks.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }

    /// <summary>Counts, and can lose what was written to one sector.</summary>
    private sealed class CountingDisk(IBlockDevice disk) : IBlockDevice
    {
        private int _writes, _reads, _flushes;

        public int Writes => _writes;

        public int Reads => _reads;

        public int Flushes => _flushes;

        public long Forgets { get; init; } = -1;

        public BlockGeometry Geometry => disk.Geometry;

        public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default)
        {
            Interlocked.Increment(ref _reads);
            return disk.ReadAsync(sector, destination, cancel);
        }

        public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default)
        {
            Interlocked.Increment(ref _writes);
            return sector == Forgets ? default : disk.WriteAsync(sector, source, options, cancel);
        }

        public ValueTask FlushAsync(CancellationToken cancel = default)
        {
            Interlocked.Increment(ref _flushes);
            return disk.FlushAsync(cancel);
        }

        public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) => disk.DiscardAsync(sector, count, cancel);

        public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default) => disk.WriteZeroesAsync(sector, count, cancel);

        public ValueTask DisposeAsync() => default;
    }
}
