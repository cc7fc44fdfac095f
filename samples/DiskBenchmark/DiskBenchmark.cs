using System.Globalization;
using Morgana.Composition;
using Morgana.Devices;
using Morgana.Storage;

namespace Samples;

/// <summary>Measures a block device, and prints a table: how fast it is read, and if what is on it may be lost, how fast it is written.</summary>
[Unikernel(Help = "Measures a block device.")]
public sealed partial class DiskBenchmark([Device("disk")] IBlockDevice disk, IConsole console, TimeProvider clock)
{
    // Each request's time is kept.
    private const long MostRequests = 1 << 20;

    private static readonly DiskTest[] s_writing =
    [
        new("write, flushed once", IsWrite: true),
        new("write, flushed each time", IsWrite: true) { IsFlushed = true },
        new("random write", IsWrite: true) { IsRandom = true },
    ];

    private static readonly DiskTest[] s_reading = [new("read"), new("random read") { IsRandom = true }];

    [BootArgument(Help = "Measure writing, too. What is on the disk is lost.")]
    public bool Overwrite { get; init; }

    [BootArgument(Help = "How large the requests are: multiples of a sector.")]
    public ByteSize[] Requests { get; init; } = [ByteSize.Parse("4K"), ByteSize.Parse("64K"), ByteSize.Parse("1M")];

    [BootArgument(Help = "How many requests are under way at once.", Minimum = 1, Maximum = 256)]
    public int Depth { get; init; } = 1;

    [BootArgument(Help = "How much each measurement reads or writes at most.")]
    public ByteSize Amount { get; init; } = ByteSize.Parse("64M");

    [BootArgument(Help = "How long each measurement takes at most.")]
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    [BootArgument(Help = "Where random requests go: another number is another order.")]
    public int Seed { get; init; } = 1;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        var geometry = disk.Geometry;
        foreach (var request in Requests) Check(request, geometry);
        if (Overwrite && geometry.IsReadOnly) throw new BootException("--overwrite: the disk is attached for reading alone.");
        console.WriteLine(Invariant($"{new ByteSize(geometry.Length)}, sectors of {geometry.SectorSize}, {Depth} at once, {(Overwrite ? "reading and writing" : "reading")}"));
        console.WriteLine(DiskResult.Heading);
        foreach (var request in Requests)
        {
            var run = new DiskRun(disk, clock, request, Depth, Limit, Seed, Math.Min(MostRequests, Math.Max(1, Math.Min(Amount.Octets, geometry.Length) / request.Octets)));
            foreach (var test in Overwrite ? [.. s_writing, .. s_reading] : s_reading)
            {
                var result = await run.MeasureAsync(test, stop);
                console.WriteLine(result.ToString());
                if (result.Wrong is not { } sector) continue;
                console.WriteLine(Invariant($"sector {sector} does not read as it was written"));
                return 1;
            }
        }

        return 0;
    }

    private static void Check(ByteSize request, BlockGeometry geometry)
    {
        if (request.Octets < geometry.SectorSize || request.Octets % geometry.SectorSize != 0 || request.Octets > 64 << 20)
            throw new BootException(Invariant($"--requests={request}: expected multiples of a sector's {geometry.SectorSize} octets, and 64M at most."));
        if (request.Octets > geometry.Length) throw new BootException($"--requests={request}: the disk has {new ByteSize(geometry.Length)}.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
