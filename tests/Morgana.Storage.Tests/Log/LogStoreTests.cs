using System.Text;

namespace Morgana.Storage.Tests;

public class LogStoreTests : KeyValueStoreContract
{
    protected override async ValueTask<IKeyValueStore> OpenAsync() => await LogStore.OpenAsync(new MemoryBlockDevice(4096));

    [Fact]
    public async Task What_was_set_is_there_when_it_is_opened_again()
    {
        byte[] disk = new byte[64 * 1024];
        var clock = new SteppingClock();
        await using (var store = await OpenAsync(disk, clock))
        {
            await store.SetTextAsync("a/b", "kept");
            await store.SetTextAsync("gone", "x");
            await store.ApplyAsync(new StoreBatch().Remove("gone").Set("c", new byte[2000]));
            await store.SetPartAsync("a/b", 2, "pt!"u8.ToArray());
            await store.RenameAsync("c", "d/e");
        }

        await using var again = await OpenAsync(disk, clock);
        Assert.Equal(["a/b", "d/e"], await KeysAsync(again));
        Assert.Equal("kept!", await again.GetTextAsync("a/b"));
        Assert.Equal(2000, (await again.GetInfoAsync("d/e"))!.Value.Size);
        Assert.Equal(SteppingClock.Start.AddSeconds(3), (await again.GetInfoAsync("a/b"))!.Value.Modified);
        Assert.Equal(0, again.TornOctets);
    }

    [Fact]
    public async Task A_log_that_is_full_of_the_past_is_compacted_and_nothing_else_changes()
    {
        byte[] disk = new byte[64 * 1024];
        var model = new StoreModel();
        var random = new Random(1);
        await using (var store = await OpenAsync(disk))
        {
            for (int step = 0; step < 2000; step++) await StepInSmallStoreAsync(store, model, random, $"step {step}");
            Assert.True(store.Compactions > 5, $"{store.Compactions} compactions");
            await model.AssertEqualAsync(store, "before");
        }

        await using var again = await OpenAsync(disk);
        Assert.True(again.Compactions > 5);
        await model.AssertEqualAsync(again, "opened again");
        Assert.Equal(model.Values.Sum(v => 19 + Encoding.UTF8.GetByteCount(v.Key) + v.Value.Length), again.Live);
    }

    [Fact]
    public async Task A_full_store_refuses_what_does_not_fit_and_still_removes_and_replaces()
    {
        byte[] disk = new byte[64 * 1024];
        await using var store = await OpenAsync(disk);
        var model = new StoreModel();
        for (int i = 0; ; i++)
        {
            byte[] value = OutOf(i, 700);
            try
            {
                await store.SetAsync($"{i}", value);
                model.Values[$"{i}"] = value;
            }
            catch (StoreException e) when (e.Error == StoreError.NoSpace)
            {
                break;
            }
        }

        Assert.InRange(store.Live, store.Capacity - 800, store.Capacity);
        await model.AssertEqualAsync(store, "full");
        for (int round = 0; round < 3; round++)
        {
            foreach (string key in model.Values.Keys.ToArray())
            {
                model.Values[key] = OutOf(round, 700);
                await store.SetAsync(key, model.Values[key]);
            }
        }

        await model.AssertEqualAsync(store, "replaced");
        foreach (string key in model.Values.Keys.ToArray()) Assert.True(await store.RemoveAsync(key));
        Assert.Equal(0, store.Live);
        await AssertErrorAsync(StoreError.TooLarge, () => store.SetAsync("big", new byte[store.Capacity]));
        await store.SetAsync("big", new byte[store.Capabilities.MaxValueSize]);
        Assert.Equal(store.Capabilities.MaxValueSize, (await store.GetAsync("big"))!.Value.Length);
    }

    [Fact]
    public async Task A_device_that_holds_something_else_is_not_overwritten()
    {
        byte[] disk = new byte[64 * 1024];
        disk[700] = 1;
        byte[] before = [.. disk];
        Assert.Equal(StoreError.Damaged, await OpenErrorAsync(disk));
        Assert.Equal(before, disk);
        Assert.Equal(StoreError.Damaged, (await Assert.ThrowsAsync<StoreException>(async () => await LogStore.OpenAsync(new MemoryBlockDevice(64), new() { FormatIfEmpty = false }))).Error);
        Assert.Equal(StoreError.NoSpace, (await Assert.ThrowsAsync<StoreException>(async () => await LogStore.OpenAsync(new MemoryBlockDevice(63)))).Error);
        Assert.Equal(StoreError.ReadOnly, (await Assert.ThrowsAsync<StoreException>(async () => await LogStore.OpenAsync(new ReadOnlyBlockDevice(new MemoryBlockDevice(64))))).Error);
    }

    [Fact]
    public async Task A_device_of_another_size_is_not_taken_for_the_same()
    {
        byte[] disk = new byte[64 * 1024];
        await (await OpenAsync(disk)).DisposeAsync();
        Assert.Equal(StoreError.Damaged, await OpenErrorAsync(disk[..(32 * 1024)]));
    }

    [Fact]
    public async Task One_damaged_superblock_is_mended_and_two_are_an_error()
    {
        byte[] disk = new byte[64 * 1024];
        await using (var store = await OpenAsync(disk)) await store.SetTextAsync("a", "x");
        byte[] whole = disk[..1024];
        for (int sector = 0; sector < 2; sector++)
        {
            disk[(sector * 512) + 20] ^= 1;
            await using (var store = await OpenAsync(disk)) Assert.Equal("x", await store.GetTextAsync("a"));
            Assert.Equal(whole, disk[..1024]);
        }

        disk[20] ^= 1;
        disk[512 + 20] ^= 1;
        Assert.Equal(StoreError.Damaged, await OpenErrorAsync(disk));
    }

    [Fact]
    public async Task A_flipped_bit_is_found_or_costs_the_last_commit_alone()
    {
        byte[] disk = new byte[64 * 1024];
        var before = new StoreModel();
        var after = new StoreModel();
        await using (var store = await OpenAsync(disk))
        {
            for (int i = 0; i < 12; i++)
            {
                before = after.Copy();
                after.Values[$"key {i % 5}"] = OutOf(i, 100 * i);
                await store.SetAsync($"key {i % 5}", after.Values[$"key {i % 5}"]);
            }
        }

        var random = new Random(1);
        int found = 0, lost = 0, unharmed = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] damaged = [.. disk];
            damaged[(random.Next(10) == 0 ? 0 : 65 * 512) + random.Next(12 * 1024)] ^= (byte)(1 << random.Next(8));
            try
            {
                await using var store = await OpenAsync(damaged);
                if (await after.FindDifferenceAsync(store) is null) unharmed++;
                else if (await before.FindDifferenceAsync(store) is { } difference) Assert.Fail($"Flip {i}: {difference}");
                else lost++;
            }
            catch (StoreException e)
            {
                Assert.Equal(StoreError.Damaged, e.Error);
                found++;
            }
        }

        Assert.True(found > 100 && lost > 10 && unharmed > 100, $"{found} found, {lost} lost, {unharmed} unharmed");
    }

    [Fact]
    public async Task A_value_that_rots_while_the_store_is_open_is_found_when_it_is_read_or_moved()
    {
        byte[] disk = new byte[64 * 1024];
        await using var store = await OpenAsync(disk);
        await store.SetAsync("a", OutOf(1, 600));
        int at = disk.AsSpan().IndexOf(OutOf(1, 600));
        disk[at + 300] ^= 4;
        await AssertErrorAsync(StoreError.Damaged, async () => await store.GetAsync("a"));
        var failure = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            for (int i = 0; i < 200; i++) await store.SetAsync("b", OutOf(i, 600));
        });
        Assert.Equal(StoreError.Damaged, failure.Error);
        await store.RemoveAsync("a");
        await store.SetAsync("b", OutOf(7, 600));
        Assert.Equal(OutOf(7, 600), (await store.GetAsync("b"))!.Value.ToArray());
    }

    [Fact]
    public async Task When_the_device_fails_in_a_change_reading_goes_on_and_changes_wait_for_a_new_start()
    {
        await using var disk = new MemoryBlockDevice(128);
        await using (var first = await LogStore.OpenAsync(new FaultyBlockDevice(disk, seed: 1))) await first.SetTextAsync("a", "x");
        var faulty = new FaultyBlockDevice(disk, seed: 1, new() { WriteErrors = 1 });
        await using (var store = await LogStore.OpenAsync(faulty))
        {
            await AssertErrorAsync(StoreError.Failed, () => store.SetTextAsync("a", "y"));
            await AssertErrorAsync(StoreError.Failed, () => store.SetTextAsync("b", "y"));
            Assert.Equal("x", await store.GetTextAsync("a"));
        }

        await using var again = await LogStore.OpenAsync(new FaultyBlockDevice(disk, seed: 1));
        Assert.Contains(await again.GetTextAsync("a"), new[] { "x", "y" });
        await again.SetTextAsync("b", "works again");
    }

    [Fact]
    public async Task Changes_that_come_while_one_waits_for_the_disk_share_the_next_flush()
    {
        var gate = new GatedDevice(new MemoryBlockDevice(4096));
        await using var store = await LogStore.OpenAsync(gate);
        await store.SetTextAsync("folder/x", "in the way of one of them");
        int before = gate.Flushes;
        gate.Close();
        var first = store.SetTextAsync("first", "x").AsTask();
        var together = Enumerable.Range(0, 50).Select(i => store.SetTextAsync($"{i}", $"value {i}").AsTask()).ToArray();
        var impossible = store.SetTextAsync("folder", "x").AsTask();
        using var cancel = new CancellationTokenSource();
        var cancelled = store.SetTextAsync("cancelled", "x", cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.Open();
        await Task.WhenAll([first, .. together]);
        Assert.Equal(StoreError.IsFolder, (await Assert.ThrowsAsync<StoreException>(() => impossible)).Error);
        Assert.Equal(StoreEntryKind.None, await store.ExistsAsync("cancelled"));
        for (int i = 0; i < 50; i++) Assert.Equal($"value {i}", await store.GetTextAsync($"{i}"));

        // With one among them that cannot be, each is on its own; without, one flush does for all.
        before = gate.Flushes;
        gate.Close();
        first = store.SetTextAsync("first", "y").AsTask();
        together = [.. Enumerable.Range(0, 50).Select(i => store.SetTextAsync($"{i}", $"again {i}").AsTask())];
        gate.Open();
        await Task.WhenAll([first, .. together]);
        Assert.Equal(2, gate.Flushes - before);
        for (int i = 0; i < 50; i++) Assert.Equal($"again {i}", await store.GetTextAsync($"{i}"));
    }

    [Fact]
    public async Task Readers_see_whole_values_while_the_log_is_compacted_under_them()
    {
        await using var store = await LogStore.OpenAsync(new MemoryBlockDevice(256));
        await store.SetAsync("steady", OutOf(77, 3000));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            int reads = 0;
            do
            {
                Assert.Equal(OutOf(77, 3000), (await store.GetAsync("steady"))!.Value.ToArray());
                reads++;
            }
            while (!stop.IsCancellationRequested);
            return reads;
        })).ToArray();
        for (int i = 0; i < 1000; i++) await store.SetAsync("changing", OutOf(i, 2000));
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
        Assert.True(store.Compactions > 20);
    }

    internal static ValueTask<LogStore> OpenAsync(byte[] disk, TimeProvider? clock = null) =>
        LogStore.OpenAsync(new MemoryBlockDevice(disk), new() { Clock = clock ?? TimeProvider.System });

    /// <summary>A random change; one that does not fit is undone in the model too.</summary>
    internal static async Task StepInSmallStoreAsync(IKeyValueStore store, StoreModel model, Random random, string when)
    {
        var before = model.Copy();
        try
        {
            await StoreActions.StepAsync(store, model, random, when);
        }
        catch (StoreException e) when (e.Error == StoreError.NoSpace)
        {
            model.Values.Clear();
            foreach (var (key, value) in before.Values) model.Values.Add(key, value);
        }
    }

    private static byte[] OutOf(int seed, int length)
    {
        byte[] value = new byte[length];
        new Random(seed).NextBytes(value);
        return value;
    }

    private static async Task<StoreError> OpenErrorAsync(byte[] disk) => (await Assert.ThrowsAsync<StoreException>(async () => await OpenAsync(disk))).Error;

    /// <summary>A device whose flushes wait while it is closed.</summary>
    private sealed class GatedDevice(MemoryBlockDevice device) : IBlockDevice
    {
        private TaskCompletionSource _open = Opened();

        public int Flushes { get; private set; }

        public BlockGeometry Geometry => device.Geometry;

        public void Close() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _open.SetResult();

        public ValueTask ReadAsync(long sector, Memory<byte> destination, CancellationToken cancel = default) => device.ReadAsync(sector, destination, cancel);

        public ValueTask WriteAsync(long sector, ReadOnlyMemory<byte> source, BlockWriteOptions options = BlockWriteOptions.None, CancellationToken cancel = default) =>
            device.WriteAsync(sector, source, options, cancel);

        public async ValueTask FlushAsync(CancellationToken cancel = default)
        {
            Flushes++;
            await _open.Task;
        }

        public ValueTask DiscardAsync(long sector, long count, CancellationToken cancel = default) => device.DiscardAsync(sector, count, cancel);

        public ValueTask WriteZeroesAsync(long sector, long count, CancellationToken cancel = default) => device.WriteZeroesAsync(sector, count, cancel);

        public ValueTask DisposeAsync() => device.DisposeAsync();

        private static TaskCompletionSource Opened()
        {
            var opened = new TaskCompletionSource();
            opened.SetResult();
            return opened;
        }
    }

    /// <summary>Each look at this clock is a second later.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        public static readonly DateTimeOffset Start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

        private int _looks;

        public override DateTimeOffset GetUtcNow() => Start.AddSeconds(_looks++);
    }
}

public class LogStoreOnBigSectorsTests : KeyValueStoreContract
{
    protected override async ValueTask<IKeyValueStore> OpenAsync() => await LogStore.OpenAsync(new MemoryBlockDevice(512, 4096));
}
