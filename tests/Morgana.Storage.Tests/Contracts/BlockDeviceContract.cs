namespace Morgana.Storage.Tests;

/// <summary>What every block device keeps to, whatever is behind it. Derive from it for each implementation.</summary>
public abstract class BlockDeviceContract
{
    protected const int SectorCount = 256;

    /// <summary>A device of at least 256 sectors, all zeroes unless it is read-only.</summary>
    protected abstract ValueTask<IBlockDevice> OpenAsync();

    /// <summary>The sector's content on a device that is read-only.</summary>
    protected virtual byte[] InitialSector(IBlockDevice device, long sector) => new byte[device.Geometry.SectorSize];

    [Fact]
    public async Task The_geometry_makes_sense()
    {
        await using var device = await OpenAsync();
        var geometry = device.Geometry;
        Assert.InRange(geometry.SectorSize, BlockGeometry.MinSectorSize, BlockGeometry.MaxSectorSize);
        Assert.True(geometry.SectorCount >= SectorCount);
        Assert.Equal(geometry.SectorCount * geometry.SectorSize, geometry.Length);
        Assert.Same(geometry, device.Geometry);
    }

    [Fact]
    public async Task A_new_device_reads_what_it_should()
    {
        await using var device = await OpenAsync();
        foreach (long sector in new[] { 0, 1, device.Geometry.SectorCount - 1 }) Assert.Equal(InitialSector(device, sector), await ReadAsync(device, sector, 1));
    }

    [Fact]
    public async Task What_is_written_is_read()
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly) return;
        byte[] content = Content(device, 7, seed: 1);
        await device.WriteAsync(3, content);
        Assert.Equal(content, await ReadAsync(device, 3, 7));
        Assert.Equal(content[device.Geometry.SectorSize..(3 * device.Geometry.SectorSize)], await ReadAsync(device, 4, 2));
        Assert.Equal(InitialSector(device, 2), await ReadAsync(device, 2, 1));
        Assert.Equal(InitialSector(device, 10), await ReadAsync(device, 10, 1));
    }

    [Fact]
    public async Task The_last_sector_can_be_written_and_read()
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly) return;
        byte[] content = Content(device, 2, seed: 2);
        await device.WriteAsync(device.Geometry.SectorCount - 2, content);
        Assert.Equal(content, await ReadAsync(device, device.Geometry.SectorCount - 2, 2));
    }

    [Fact]
    public async Task Pieces_are_read_and_written_one_behind_the_other()
    {
        await using var device = await OpenAsync();
        int size = device.Geometry.SectorSize;
        byte[] expected = device.Geometry.IsReadOnly ? await ReadAsync(device, 5, 6) : Content(device, 6, seed: 3);
        if (!device.Geometry.IsReadOnly)
        {
            await device.WriteAsync(5, [expected.AsMemory(0, size), ReadOnlyMemory<byte>.Empty, expected.AsMemory(size, 3 * size), expected.AsMemory(4 * size)]);
            Assert.Equal(expected, await ReadAsync(device, 5, 6));
        }

        byte[] first = new byte[2 * size], second = new byte[4 * size];
        await device.ReadAsync(5, [first, Memory<byte>.Empty, second]);
        Assert.Equal(expected, first.Concat(second).ToArray());
    }

    [Fact]
    public async Task Two_hundred_pieces_are_no_problem()
    {
        await using var device = await OpenAsync();
        int size = device.Geometry.SectorSize;
        byte[] expected = device.Geometry.IsReadOnly ? await ReadAsync(device, 0, 200) : Content(device, 200, seed: 4);
        if (!device.Geometry.IsReadOnly) await device.WriteAsync(0, [.. Enumerable.Range(0, 200).Select(i => (ReadOnlyMemory<byte>)expected.AsMemory(i * size, size))]);
        byte[] read = new byte[200 * size];
        await device.ReadAsync(0, [.. Enumerable.Range(0, 200).Select(i => read.AsMemory(i * size, size))]);
        Assert.Equal(expected, read);
    }

    [Fact]
    public async Task Reading_at_once_agrees_with_reading()
    {
        await using var device = await OpenAsync();
        if (!device.Geometry.IsReadOnly) await device.WriteAsync(9, Content(device, 3, seed: 5));
        byte[] atOnce = new byte[3 * device.Geometry.SectorSize];
        bool could = device.TryRead(9, atOnce);
        if ((device.Geometry.Capabilities & BlockCapabilities.Memory) != 0) Assert.True(could);
        if (could) Assert.Equal(await ReadAsync(device, 9, 3), atOnce);
    }

    [Fact]
    public async Task The_devices_own_memory_shows_what_is_read()
    {
        await using var device = await OpenAsync();
        if (!device.TryGetMemory(9, 3, out var memory))
        {
            Assert.True(memory.IsEmpty);
            return;
        }

        if (!device.Geometry.IsReadOnly) await device.WriteAsync(9, Content(device, 3, seed: 6));
        Assert.Equal(await ReadAsync(device, 9, 3), memory.ToArray());
    }

    [Fact]
    public async Task Nothing_is_read_or_written_where_nothing_was_asked_for()
    {
        await using var device = await OpenAsync();
        await device.ReadAsync(0, Memory<byte>.Empty);
        await device.ReadAsync(device.Geometry.SectorCount, Memory<byte>.Empty);
        if (device.Geometry.IsReadOnly) return;
        await device.WriteAsync(device.Geometry.SectorCount, ReadOnlyMemory<byte>.Empty);
        await device.WriteZeroesAsync(0, 0);
        await device.DiscardAsync(device.Geometry.SectorCount, 0);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(long.MinValue, 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(0, -1)]
    [InlineData(1, long.MaxValue)]
    public async Task Sectors_that_the_device_has_not_are_refused(long sector, long count)
    {
        await using var device = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.DiscardAsync(sector, count));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.WriteZeroesAsync(sector, count));
        if (count != 1) return;
        byte[] one = new byte[device.Geometry.SectorSize];
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.ReadAsync(sector, one));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.ReadAsync(sector, [one]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.WriteAsync(sector, one));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.WriteAsync(sector, [(ReadOnlyMemory<byte>)one]));
    }

    [Fact]
    public async Task The_end_of_the_device_is_its_end()
    {
        await using var device = await OpenAsync();
        byte[] two = new byte[2 * device.Geometry.SectorSize];
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.ReadAsync(device.Geometry.SectorCount - 1, two));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.WriteAsync(device.Geometry.SectorCount - 1, two));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await device.WriteZeroesAsync(device.Geometry.SectorCount - 1, 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(65537)]
    public async Task Parts_of_sectors_are_refused(int length)
    {
        await using var device = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await device.ReadAsync(0, new byte[length]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await device.ReadAsync(0, [new byte[length]]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await device.WriteAsync(0, new byte[length]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await device.WriteAsync(0, [(ReadOnlyMemory<byte>)new byte[length]]));
    }

    [Fact]
    public async Task Zeroes_are_zeroes_and_nothing_beside_them()
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly) return;
        int size = device.Geometry.SectorSize;
        byte[] content = Content(device, 10, seed: 7);
        await device.WriteAsync(20, content);
        await device.WriteZeroesAsync(23, 4);
        Array.Clear(content, 3 * size, 4 * size);
        Assert.Equal(content, await ReadAsync(device, 20, 10));
    }

    [Fact]
    public async Task Discarding_leaves_the_neighbours_alone_and_zeroes_where_it_says_so()
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly) return;
        int size = device.Geometry.SectorSize;
        byte[] content = Content(device, 64, seed: 8);
        await device.WriteAsync(32, content);
        await device.DiscardAsync(40, 32);
        byte[] read = await ReadAsync(device, 32, 64);
        Assert.Equal(content[..(8 * size)], read[..(8 * size)]);
        Assert.Equal(content[(40 * size)..], read[(40 * size)..]);
        if ((device.Geometry.Capabilities & BlockCapabilities.DiscardZeroes) != 0) Assert.Equal(new byte[32 * size], read[(8 * size)..(40 * size)]);
    }

    [Fact]
    public async Task Writing_through_and_flushing_keep_what_is_there()
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly)
        {
            await device.FlushAsync();
            return;
        }

        byte[] content = Content(device, 2, seed: 9);
        await device.WriteAsync(0, content, BlockWriteOptions.WriteThrough);
        await device.FlushAsync();
        Assert.Equal(content, await ReadAsync(device, 0, 2));
    }

    [Fact]
    public async Task A_read_only_device_is_not_written()
    {
        await using var device = await OpenAsync();
        if (!device.Geometry.IsReadOnly) return;
        byte[] one = new byte[device.Geometry.SectorSize];
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteAsync(0, one))).Error);
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteAsync(0, [(ReadOnlyMemory<byte>)one]))).Error);
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.WriteZeroesAsync(0, 1))).Error);
        Assert.Equal(BlockError.ReadOnly, (await Assert.ThrowsAsync<BlockDeviceException>(async () => await device.DiscardAsync(0, 1))).Error);
        Assert.Equal(InitialSector(device, 0), await ReadAsync(device, 0, 1));
    }

    [Fact]
    public async Task Requests_from_many_threads_do_not_disturb_each_other()
    {
        await using var device = await OpenAsync();
        int size = device.Geometry.SectorSize;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int round = 0; round < 20; round++)
            {
                byte[] content = device.Geometry.IsReadOnly ? InitialSector(device, i) : Content(device, 4, seed: (i * 100) + round);
                if (!device.Geometry.IsReadOnly) await device.WriteAsync(i * 8, content);
                Assert.Equal(content, await ReadAsync(device, device.Geometry.IsReadOnly ? i : i * 8, content.Length / size));
            }
        })));
    }

    [Fact]
    public async Task A_cancelled_request_is_not_begun()
    {
        await using var device = await OpenAsync();
        var cancelled = new CancellationToken(canceled: true);
        byte[] one = new byte[device.Geometry.SectorSize];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await device.ReadAsync(0, one, cancelled));
        if (device.Geometry.IsReadOnly) return;
        one[0] = 1;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await device.WriteAsync(0, one, default, cancelled));
        Assert.Equal(InitialSector(device, 0), await ReadAsync(device, 0, 1));
    }

    [Fact]
    public async Task After_disposal_nothing_works_and_disposing_again_does_no_harm()
    {
        var device = await OpenAsync();
        await device.DisposeAsync();
        await device.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await device.ReadAsync(0, new byte[device.Geometry.SectorSize]));
        Assert.Throws<ObjectDisposedException>(() => device.TryRead(0, new byte[device.Geometry.SectorSize]) ? true : throw new ObjectDisposedException("It reads nothing at once."));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_behaves_as_an_array_of_octets(int seed)
    {
        await using var device = await OpenAsync();
        if (device.Geometry.IsReadOnly) return;
        var random = new Random(seed);
        int size = device.Geometry.SectorSize;
        byte[] model = new byte[SectorCount * size];
        for (int step = 0; step < 300; step++)
        {
            int sector = random.Next(SectorCount), count = random.Next(1, Math.Min(12, SectorCount - sector) + 1);
            var place = model.AsMemory(sector * size, count * size);
            switch (random.Next(6))
            {
                case 0 or 1:
                    byte[] content = Content(device, count, random.Next());
                    content.CopyTo(place);
                    await device.WriteAsync(sector, content, random.Next(4) == 0 ? BlockWriteOptions.WriteThrough : BlockWriteOptions.None);
                    break;
                case 2:
                    place.Span.Clear();
                    await device.WriteZeroesAsync(sector, count);
                    break;
                case 3 when (device.Geometry.Capabilities & BlockCapabilities.DiscardZeroes) != 0:
                    place.Span.Clear();
                    await device.DiscardAsync(sector, count);
                    break;
                case 4:
                    await device.FlushAsync();
                    break;
                default:
                    byte[] read = await ReadAsync(device, sector, count);
                    Assert.True(place.Span.SequenceEqual(read), $"Seed {seed}, step {step}: sectors {sector} to {sector + count - 1} differ.");
                    break;
            }
        }

        byte[] all = await ReadAsync(device, 0, SectorCount);
        Assert.True(model.AsSpan().SequenceEqual(all), $"Seed {seed}: the device differs in the end.");
    }

    protected static async Task<byte[]> ReadAsync(IBlockDevice device, long sector, int count)
    {
        byte[] content = new byte[count * device.Geometry.SectorSize];
        await device.ReadAsync(sector, content);
        return content;
    }

    protected static byte[] Content(IBlockDevice device, int sectors, int seed)
    {
        byte[] content = new byte[sectors * device.Geometry.SectorSize];
        new Random(seed).NextBytes(content);
        return content;
    }
}
