namespace Morgana.Storage.Tests;

/// <summary>The power is cut in the middle of every write and every flush there is. What was acknowledged must be there afterwards.</summary>
public class LogStorePowerCutTests
{
    private const int Sectors = 96;                 // Two halves of 47 sectors: the log is compacted every few dozen changes.

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task A_power_cut_at_any_write_or_flush_costs_nothing_that_was_acknowledged(int seed, bool tornSectors)
    {
        long cuts = 0, compactions = 0, kept = 0, lost = 0, torn = 0;
        for (long cutAt = 1; ; cutAt++)
        {
            string when = $"Seed {seed}, cut at {cutAt}";
            byte[] disk = new byte[Sectors * 512];
            await (await LogStoreTests.OpenAsync(disk)).DisposeAsync();
            var (isCut, before, after) = await LiveAsync(disk, new StoreModel(), seed, (ulong)(seed + cutAt), cutAt, tornSectors, changes: 260, when);
            await using var store = await LogStoreTests.OpenAsync(disk);
            torn += store.TornOctets > 0 ? 1 : 0;
            compactions = Math.Max(compactions, store.Compactions);
            bool asBefore = await before.FindDifferenceAsync(store) is null;
            string? difference = await after.FindDifferenceAsync(store);
            Assert.True(asBefore || difference is null, $"{when}: neither what was nor what should be: {difference}");
            if (!isCut) break;
            cuts++;
            kept += asBefore ? 0 : 1;
            lost += difference is null ? 0 : 1;
            // And it works again.
            await store.SetTextAsync("after the cut", "works");
            Assert.Equal("works", await store.GetTextAsync("after the cut"));
        }

        // It was worth it: all kinds of ends have occurred.
        Assert.True(cuts > 150 && compactions >= 2 && kept > 5 && lost > 5 && torn > 0, $"{cuts} cuts, {compactions} compactions, {kept} kept, {lost} lost, {torn} torn");
    }

    [Theory]
    [InlineData(11, false)]
    [InlineData(12, true)]
    public async Task Three_hundred_lives_each_ended_by_a_power_cut(int seed, bool tornSectors)
    {
        byte[] disk = new byte[Sectors * 512];
        await (await LogStoreTests.OpenAsync(disk)).DisposeAsync();
        var random = new Random(seed);
        var model = new StoreModel();
        for (int life = 0; life < 300; life++)
        {
            string when = $"Seed {seed}, life {life}";
            var (_, before, after) = await LiveAsync(disk, model, random.Next(), (ulong)random.Next(), random.Next(1, 60), tornSectors, changes: 60, when);
            await using var store = await LogStoreTests.OpenAsync(disk);
            string? difference = await after.FindDifferenceAsync(store);
            model = difference is null ? after : before;
            if (difference is not null) await before.AssertEqualAsync(store, $"{when}: not what should be ({difference}), nor what was");
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public async Task What_many_writers_were_told_is_there_whenever_the_power_is_cut(int seed)
    {
        const int Writers = 8;
        var random = new Random(seed);
        byte[] disk = new byte[Sectors * 512];
        int[] told = new int[Writers], tried = new int[Writers];
        for (int life = 0; life < 40; life++)
        {
            var device = new FaultyBlockDevice(new MemoryBlockDevice(disk), (ulong)random.Next(), new() { CutAt = random.Next(5, 80) });
            var store = life == 0 ? await LogStoreTests.OpenAsync(disk) : await LogStore.OpenAsync(device);
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                try
                {
                    for (int i = 0; i < 100; i++)
                    {
                        tried[writer]++;
                        await store.SetTextAsync($"{writer}", $"{tried[writer]}");
                        told[writer] = tried[writer];
                    }
                }
                catch (StoreException)
                {
                    // Its power is gone: what was tried last may be there or not.
                }
            })));
            await using var again = await LogStoreTests.OpenAsync(disk);
            for (int writer = 0; writer < Writers; writer++)
            {
                int found = int.Parse(await again.GetTextAsync($"{writer}") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(found >= told[writer] && found <= tried[writer], $"Seed {seed}, life {life}: writer {writer} was told {told[writer]}, tried {tried[writer]}, and {found} is there.");
                told[writer] = tried[writer] = found;
            }
        }
    }

    [Fact]
    public async Task A_power_cut_while_opening_costs_nothing_either()
    {
        byte[] disk = new byte[Sectors * 512];
        await using (var store = await LogStoreTests.OpenAsync(disk)) await store.SetTextAsync("a", "x");
        disk[512 + 30] ^= 1;                        // So that opening has something to mend.
        for (int cutAt = 1; cutAt <= 4; cutAt++)
        {
            byte[] copy = [.. disk];
            await Assert.ThrowsAsync<StoreException>(async () => await LogStore.OpenAsync(new FaultyBlockDevice(new MemoryBlockDevice(copy), (ulong)cutAt, new() { CutAt = cutAt })));
            await using var store = await LogStoreTests.OpenAsync(copy);
            Assert.Equal("x", await store.GetTextAsync("a"));
        }
    }

    /// <summary>Makes random changes until the power is cut, or so many were made.</summary>
    /// <returns>What was acknowledged, and what would be if the change that was under way had been made.</returns>
    private static async Task<(bool IsCut, StoreModel Before, StoreModel After)> LiveAsync(
        byte[] disk, StoreModel model, int seed, ulong deviceSeed, long cutAt, bool tornSectors, int changes, string when)
    {
        var device = new FaultyBlockDevice(new MemoryBlockDevice(disk), deviceSeed, new() { CutAt = cutAt, TornSectors = tornSectors });
        ulong salt = deviceSeed;
        await using var store = await LogStore.OpenAsync(device, new() { Random = () => salt++ });
        var random = new Random(seed);
        model = model.Copy();
        for (int i = 0; i < changes; i++)
        {
            var before = model.Copy();
            int change = random.Next();
            try
            {
                await LogStoreTests.StepInSmallStoreAsync(store, model, new Random(change), when);
            }
            catch (Exception) when (device.IsCut)
            {
                // The same change on a store in memory says what it would have led to.
                var after = before.Copy();
                await using var memory = new MemoryKeyValueStore();
                foreach (var (key, value) in before.Values) await memory.SetAsync(key, value);
                await LogStoreTests.StepInSmallStoreAsync(memory, after, new Random(change), when);
                return (true, before, after);
            }
        }

        // Only what was flushed: the rest of the cache is as good as lost.
        await device.CutPowerAsync();
        return (false, model, model);
    }
}
