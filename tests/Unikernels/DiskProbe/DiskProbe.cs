using Morgana.Composition;
using Morgana.Devices;
using Morgana.Storage;

namespace DiskProbe;

/// <summary>Writes to a disk what a test on the other side of it knows.</summary>
[Unikernel(Help = "Writes a disk by a pattern, and reads it back.")]
public sealed partial class Probe([Device("disk")] IBlockDevice disk, IConsole console)
{
    private const int Tasks = 4;

    [BootArgument(Help = "So many rounds of writes and a flush, rather than the whole disk once.")]
    public int Rounds { get; init; }

    public async Task<int> RunAsync(CancellationToken stop)
    {
        console.WriteLine($"{disk.Geometry.SectorCount} sectors of {disk.Geometry.SectorSize}: {disk.Geometry.Capabilities}");
        try
        {
            if (Rounds > 0) await KeepLedgerAsync(stop);
            else return await FillAsync(stop) ? 0 : 1;
            return 0;
        }
        catch (BlockDeviceException e)
        {
            console.WriteLine($"{e.Error}: {e.Message}");
            return 3;
        }
    }

    // Several at a time, in pieces of every length up to more than what goes into one request.
    private async Task<bool> FillAsync(CancellationToken stop)
    {
        await EachPieceAsync(400, async (sector, memory) =>
        {
            Pattern.Fill(memory.Span, sector, 0);
            await disk.WriteAsync(sector, memory, cancel: stop);
            return true;
        });
        await disk.FlushAsync(stop);
        return await EachPieceAsync(300, async (sector, memory) =>
        {
            byte[] expected = new byte[memory.Length];
            Pattern.Fill(expected, sector, 0);
            await disk.ReadAsync(sector, memory, stop);
            if (memory.Span.SequenceEqual(expected)) return true;
            console.WriteLine($"{memory.Length / Pattern.SectorSize} sectors from {sector} on are not what was written");
            return false;
        });
    }

    private async Task<bool> EachPieceAsync(int most, Func<long, Memory<byte>, ValueTask<bool>> work)
    {
        long next = 0;
        int length = 1;
        object gate = new();
        bool[] good = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => Task.Run(WorkAsync)));
        return good.All(g => g);

        async Task<bool> WorkAsync()
        {
            bool good = true;
            while (Take(out long sector, out int count)) good &= await work(sector, new byte[count * Pattern.SectorSize]);
            return good;
        }

        bool Take(out long sector, out int count)
        {
            lock (gate)
            {
                (sector, count) = (next, (int)Math.Min(length, disk.Geometry.SectorCount - next));
                next += count;
                length = (length * 3 % most) + 1;
                return count > 0;
            }
        }
    }

    // A line is said only when what it says is on the disk.
    private async Task KeepLedgerAsync(CancellationToken stop)
    {
        for (int round = 1; round <= Rounds; round++)
        {
            await Task.WhenAll(Pattern.Round(round, disk.Geometry.SectorCount).Select(async sector =>
            {
                byte[] content = new byte[Pattern.SectorSize];
                Pattern.Fill(content, sector, round);
                await disk.WriteAsync(sector, content, cancel: stop);
            }));
            await disk.FlushAsync(stop);
            console.WriteLine($"flushed {round}");
        }
    }
}
