using Morgana.Files.Tests.Model;
using Morgana.Storage;

namespace Morgana.Files.Tests;

/// <summary>The power is cut in the middle of writes and flushes. The files are afterwards as they were at one moment, and nothing that was flushed is lost.</summary>
public class StorePowerCutTests
{
    private const int Calls = 200, Sectors = (3 << 20) / 512;

    [Theory, InlineData(1, false), InlineData(2, true), InlineData(3, false)]
    public async Task After_a_power_cut_the_files_are_as_they_were_at_a_moment_not_before_the_last_flush(int seed, bool tornSectors)
    {
        int cuts = 0, behind = 0, atFlush = 0;
        for (long cutAt = 3; ; cutAt++)
        {
            string when = $"Seed {seed}, cut at {cutAt}";
            byte[] disk = new byte[Sectors * 512];
            var device = new FaultyBlockDevice(new MemoryBlockDevice(disk), (ulong)(seed + cutAt), new() { CutAt = cutAt + 8, TornSectors = tornSectors });
            var (moments, flushed) = await LiveAsync(device, seed);
            if (!device.IsCut) break;
            cuts++;

            var log = await LogStore.OpenAsync(new MemoryBlockDevice(disk));
            await using var stored = await StoreFileSystem.OpenAsync(log, Options(log));
            var found = StoreFileSystemTests.Tree(new(stored), "/");
            int moment = moments.FindLastIndex(m => m.SequenceEqual(found));
            Assert.True(moment >= 0, $"{when}: the files are as they never were:\n{string.Join('\n', found)}");
            Assert.True(moment >= flushed, $"{when}: they are as after call {moment}, and were flushed after call {flushed}.");
            if (moment > flushed) behind++;
            else atFlush++;

            // And they work again.
            var files = new FileNamespace(stored);
            Assert.Equal(Errno.None, files.MakeDirectory("/after the cut"u8, 0x1FF));
            Assert.Equal(Errno.None, stored.Flush());
        }

        // It was worth it: both kinds of ends have occurred.
        Assert.True(cuts > 12 && behind > 2 && atFlush > 2, $"{cuts} cuts, {behind} behind the last flush, {atFlush} at it");
    }

    private static StoreFileSystemOptions Options(LogStore log) => new() { Capacity = log.Capacity, RootPermissions = 0x1FF, CommitAfter = Timeout.InfiniteTimeSpan };

    /// <summary>The same calls on the store and on memory, which says how the files looked after each.</summary>
    private static async Task<(List<List<string>> Moments, int Flushed)> LiveAsync(FaultyBlockDevice device, int seed)
    {
        var log = await LogStore.OpenAsync(device, new() { Random = () => 7 });
        var stored = await StoreFileSystem.OpenAsync(log, Options(log));
        var memory = new FileNamespace(new MemoryFileSystem(new() { RootPermissions = 0x1FF }));
        Ours expected = new(memory), actual = new(new FileNamespace(stored));
        RandomCalls one = new(seed, absolute: true), other = new(seed, absolute: true);
        List<List<string>> moments = [StoreFileSystemTests.Tree(memory, "/")];
        int flushed = 0;
        var random = new Random(seed);
        for (int i = 1; i <= Calls; i++)
        {
            string told = one.Step(expected), answer = other.Step(actual);
            // An answer is due as long as there is power. A file may be flushed in a call.
            if (!device.IsCut) Assert.Equal(told, answer);
            // A tree that is read is no change, but for times that nobody compares.
            moments.Add(StoreFileSystemTests.Tree(memory, "/"));
            if (random.Next(4) == 0 && stored.Flush() == Errno.None) flushed = i;
            if (device.IsCut) break;
        }

        return (moments, flushed);
    }
}
