using System.Runtime.InteropServices;

namespace Morgana.Storage.Tests;

public class EmbeddedBlockDeviceTests : BlockDeviceContract
{
    private static readonly byte[] s_content = Filled();

    protected override ValueTask<IBlockDevice> OpenAsync() => new(new EmbeddedBlockDevice(s_content));

    protected override byte[] InitialSector(IBlockDevice device, long sector) => s_content.AsSpan((int)sector * 512, 512).ToArray();

    [Fact]
    public async Task A_resource_of_the_image_is_read_where_it_lies()
    {
        await using var device = EmbeddedBlockDevice.FromResource(typeof(EmbeddedBlockDeviceTests).Assembly, "data/folder/disk.img");
        Assert.Equal(2, device.Geometry.SectorCount);
        Assert.True(device.TryGetMemory(1, 1, out var memory));
        Assert.False(MemoryMarshal.TryGetArray(memory, out _));                 // No array: it is the image's own memory.
        Assert.Equal(Enumerable.Repeat((byte)'m', 512), memory.ToArray());
        Assert.Throws<FileNotFoundException>(() => EmbeddedBlockDevice.FromResource(typeof(EmbeddedBlockDeviceTests).Assembly, "data/nothing"));
    }

    private static byte[] Filled()
    {
        byte[] content = new byte[SectorCount * 512];
        new Random(1).NextBytes(content);
        return content;
    }
}

public class ReadOnlyBlockDeviceTests : BlockDeviceContract
{
    protected override ValueTask<IBlockDevice> OpenAsync() => new(new ReadOnlyBlockDevice(new MemoryBlockDevice(SectorCount)));
}

public class TracedBlockDeviceTests : BlockDeviceContract
{
    protected override ValueTask<IBlockDevice> OpenAsync() => new(new TracedBlockDevice(new MemoryBlockDevice(SectorCount), _ => { }));

    [Fact]
    public async Task Each_request_is_seen_once_with_what_became_of_it()
    {
        var seen = new List<BlockTrace>();
        await using var device = new TracedBlockDevice(new FaultyBlockDevice(new MemoryBlockDevice(16), seed: 1, new() { CutAt = 3 }), seen.Add);
        await device.WriteAsync(2, new byte[1024]);
        await device.ReadAsync(2, new byte[512]);
        await device.FlushAsync();
        await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteZeroesAsync(4, 5));
        Assert.Equal([(BlockRequest.Write, 2, 2), (BlockRequest.Read, 2, 1), (BlockRequest.Flush, 0, 0), (BlockRequest.WriteZeroes, 4, 5)], seen.Select(t => (t.Request, t.Sector, t.Count)));
        Assert.Equal([false, false, false, true], seen.Select(t => t.Failure is BlockDeviceException { Error: BlockError.Gone }));
    }
}

public class FaultyBlockDeviceTests : BlockDeviceContract
{
    protected override ValueTask<IBlockDevice> OpenAsync() => new(new FaultyBlockDevice(new MemoryBlockDevice(SectorCount), seed: 1));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_power_cut_keeps_what_was_flushed_and_gives_each_other_sector_old_or_new_content(ulong seed)
    {
        await using var disk = new MemoryBlockDevice(SectorCount);
        var device = new FaultyBlockDevice(disk, seed);
        await device.WriteAsync(0, Filled(100, 1));
        await device.FlushAsync();
        await device.WriteAsync(50, Filled(100, 2));
        await device.WriteAsync(120, Filled(30, 3));
        await device.CutPowerAsync();
        var kept = new HashSet<(int Old, int New)>();
        for (int sector = 0; sector < 160; sector++)
        {
            byte[] content = await ReadAsync(disk, sector, 1);
            Assert.False(content.AsSpan().ContainsAnyExcept(content[0]));
            int[] possible = sector switch { < 50 => [1], < 100 => [1, 2], < 120 => [0, 2], < 150 => [0, 2, 3], _ => [0] };
            Assert.Contains(content[0], possible);
            kept.Add((possible[0], content[0]));
        }

        // All that is possible does happen: lost, kept, and the older of two.
        Assert.Superset(new HashSet<(int, int)> { (1, 1), (1, 2), (0, 0), (0, 2), (0, 3) }, kept);
        Assert.Equal(BlockError.Gone, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.ReadAsync(0, new byte[512]))).Error);
    }

    [Fact]
    public async Task Write_through_survives_and_nothing_beside_it()
    {
        await using var disk = new MemoryBlockDevice(SectorCount);
        var device = new FaultyBlockDevice(disk, seed: 5);
        for (int i = 0; i < 64; i++) await device.WriteAsync(i, Filled(1, 1));
        await device.WriteAsync(100, Filled(5, 2), BlockWriteOptions.WriteThrough);
        await device.CutPowerAsync();
        Assert.Equal(Filled(5, 2), await ReadAsync(disk, 100, 5));
        Assert.Contains((byte)0, (await ReadAsync(disk, 0, 64)).Distinct());
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_disk()
    {
        async Task<byte[]> RunAsync(ulong seed)
        {
            await using var disk = new MemoryBlockDevice(SectorCount);
            var device = new FaultyBlockDevice(disk, seed, new() { TornSectors = true, CutAt = 20 });
            try
            {
                for (int i = 0; ; i++) await device.WriteAsync(i, Filled(3, (byte)(i + 1)));
            }
            catch (BlockDeviceException)
            {
                return await ReadAsync(disk, 0, SectorCount);
            }
        }

        Assert.Equal(await RunAsync(7), await RunAsync(7));
        Assert.NotEqual(await RunAsync(7), await RunAsync(8));
    }

    [Fact]
    public async Task Requests_fail_at_the_rate_that_was_asked_for()
    {
        var device = new FaultyBlockDevice(new MemoryBlockDevice(SectorCount), seed: 9, new() { ReadErrors = 0.3, WriteErrors = 0.1 });
        int reads = 0, writes = 0;
        for (int i = 0; i < 1000; i++)
        {
            if (await FailsAsync(() => device.ReadAsync(i % 200, new byte[512]))) reads++;
            if (await FailsAsync(() => device.WriteAsync(i % 200, new byte[1024]))) writes++;
        }

        Assert.InRange(reads, 240, 360);
        Assert.InRange(writes, 60, 140);
        Assert.Equal(1000, device.Changes);
    }

    private static async Task<bool> FailsAsync(Func<ValueTask> request)
    {
        try
        {
            await request();
            return false;
        }
        catch (BlockDeviceException)
        {
            return true;
        }
    }

    private static byte[] Filled(int sectors, byte with)
    {
        byte[] content = new byte[sectors * 512];
        content.AsSpan().Fill(with);
        return content;
    }
}
