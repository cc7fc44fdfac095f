using System.Text;
using Morgana.Files.Tests.Model;
using Morgana.Storage;

namespace Morgana.Files.Tests;

/// <summary>Files in a key-value store: they are as Linux has them, and still there when the store is opened again.</summary>
public class StoreFileSystemTests
{
    private static readonly StoreFileSystemOptions s_options = new() { Capacity = 16 << 20, RootPermissions = 0x1FF, CommitAfter = Timeout.InfiniteTimeSpan };

    /// <summary>The same random calls on memory, which was compared with Linux; every now and then the store is closed and opened again.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public async Task Random_calls_have_the_answers_that_memory_gives_also_after_the_store_was_opened_again(int seed)
    {
        var store = new MemoryKeyValueStore();
        var memory = new MemoryFileSystem(new() { RootPermissions = 0x1FF });
        for (int life = 0; life < 6; life++)
        {
            var stored = await StoreFileSystem.OpenAsync(store, s_options with { MaxPending = 40_000 });
            FileNamespace expectedFiles = new(memory), actualFiles = new(stored);
            Assert.Equal(Errno.None, Compare($"Seed {seed}, life {life}", Tree(expectedFiles, "/"), Tree(actualFiles, "/")));
            var expected = new RandomCalls((seed * 100) + life, absolute: true).Run(new Ours(expectedFiles), 1200);
            var actual = new RandomCalls((seed * 100) + life, absolute: true).Run(new Ours(actualFiles), 1200);
            Compare($"Seed {seed}, life {life}", expected, actual);
            Assert.Equal(0, actualFiles.OpenFiles);
            Assert.Equal(Errno.None, stored.Flush());
            Assert.Equal(await SumAsync(store), stored.Journal.Used);
        }
    }

    [Fact]
    public async Task A_file_in_many_pieces_is_read_as_it_was_written_wherever()
    {
        var store = new MemoryKeyValueStore();
        byte[] model = new byte[300_000];
        var random = new Random(5);
        int length = 0;
        await using (var stored = await StoreFileSystem.OpenAsync(store, s_options with { MaxPending = 100_000 }))
        {
            var files = new FileNamespace(stored);
            using var file = Open(files, "/a", OpenFlags.ReadWrite | OpenFlags.Create);
            for (int i = 0; i < 400; i++)
            {
                int at = random.Next(model.Length - 1), count = random.Next(Math.Min(70_000, model.Length - at));
                switch (random.Next(8))
                {
                    case < 4:
                        random.NextBytes(model.AsSpan(at, count));
                        Assert.Equal(Errno.None, file.WriteAt(at, model.AsSpan(at, count), out int written));
                        Assert.Equal(count, written);
                        if (count > 0) length = Math.Max(length, at + count);
                        break;
                    case 4:
                        Assert.Equal(Errno.None, file.SetLength(at));
                        model.AsSpan(at).Clear();
                        length = at;
                        break;
                    case 5:
                        Assert.Equal(Errno.None, file.Flush());
                        break;
                    default:
                        byte[] back = new byte[count];
                        Assert.Equal(Errno.None, file.ReadAt(at, back, out int read));
                        Assert.Equal(Math.Clamp(length - at, 0, count), read);
                        Assert.True(back.AsSpan(0, read).SequenceEqual(model.AsSpan(at, read)), $"Step {i}: {read} octets at {at}.");
                        break;
                }
            }
        }
    }

    [Fact]
    public async Task What_is_appended_costs_what_is_appended_and_not_the_file()
    {
        long sectors = 0;
        var device = new TracedBlockDevice(new MemoryBlockDevice((64 << 20) / 512), r => sectors += r.Request == BlockRequest.Write ? r.Count : 0);
        var log = await LogStore.OpenAsync(device);
        await using var stored = await StoreFileSystem.OpenAsync(log, s_options with { Capacity = log.Capacity });
        var files = new FileNamespace(stored);
        using var file = Open(files, "/a", OpenFlags.WriteOnly | OpenFlags.Create);
        byte[] megabyte = new byte[1 << 20];
        new Random(1).NextBytes(megabyte);
        for (int i = 0; i < 12; i++) Assert.Equal(Errno.None, file.WriteAt(i << 20, megabyte, out _));
        Assert.Equal(Errno.None, file.Flush());
        sectors = 0;
        Assert.Equal(Errno.None, file.WriteAt(12 << 20, "one line\n"u8, out _));
        Assert.Equal(Errno.None, file.Flush());
        Assert.InRange(sectors * 512, 1, 1024);
    }

    [Fact]
    public async Task A_full_store_is_ENOSPC_and_what_is_removed_makes_room()
    {
        var log = await LogStore.OpenAsync(new MemoryBlockDevice((4 << 20) / 512));
        List<string> heard = [];
        await using var stored = await StoreFileSystem.OpenAsync(log, s_options with { Capacity = log.Capacity, Failed = e => heard.Add(e.Message) });
        var files = new FileNamespace(stored);
        byte[] some = new byte[50_000];
        for (int round = 0; round < 3; round++)
        {
            var error = Errno.None;
            int made = 0;
            for (; error == Errno.None; made++)
            {
                error = files.Open(Encoding.ASCII.GetBytes($"/{round}-{made}"), OpenFlags.WriteOnly | OpenFlags.Create, 0x1B6, out var file);
                if (error != Errno.None) break;
                new Random(made).NextBytes(some);
                error = file!.Write(some, out int count);
                if (error == Errno.None && count < some.Length) error = file.Write(some, out _);
                Assert.Equal(Errno.None, file.Flush());
                file.Dispose();
            }

            Assert.Equal(Errno.ENOSPC, error);
            Assert.InRange(made, 20, 40);
            int folders = 0;
            while ((error = files.MakeDirectory(Encoding.ASCII.GetBytes($"/{round}-folder{folders}"), 0x1FF)) == Errno.None) folders++;
            Assert.Equal(Errno.ENOSPC, error);
            Assert.InRange(folders, 0, 400);
            // What is there can be changed and moved, and taken away.
            Assert.Equal(Errno.None, files.ChangePermissions(Encoding.ASCII.GetBytes($"/{round}-0"), 0x180));
            Assert.Equal(Errno.None, files.Rename(Encoding.ASCII.GetBytes($"/{round}-0"), Encoding.ASCII.GetBytes($"/{round}-1")));
            for (int i = 1; i < made + 1; i++) files.Unlink(Encoding.ASCII.GetBytes($"/{round}-{i}"));
            for (int i = 0; i < folders; i++) Assert.Equal(Errno.None, files.RemoveDirectory(Encoding.ASCII.GetBytes($"/{round}-folder{i}")));
            Assert.Equal(Errno.None, stored.Flush());
        }

        Assert.Empty(heard);
    }

    [Fact]
    public async Task A_store_that_fails_is_EIO_from_then_on_and_what_it_says_is_heard()
    {
        var device = new FaultyBlockDevice(new MemoryBlockDevice((8 << 20) / 512), 1);
        var log = await LogStore.OpenAsync(device);
        List<string> heard = [];
        await using var stored = await StoreFileSystem.OpenAsync(log, s_options with { Capacity = log.Capacity, Failed = e => heard.Add(e.Message) });
        var files = new FileNamespace(stored);
        using var file = Open(files, "/a", OpenFlags.ReadWrite | OpenFlags.Create);
        Assert.Equal(Errno.None, file.Write("kept"u8, out _));
        Assert.Equal(Errno.None, file.Flush());
        await device.CutPowerAsync();
        Assert.Equal(Errno.None, file.WriteAt(0, "lost"u8, out _));        // It waits in memory still.
        Assert.Equal(Errno.EIO, file.Flush());
        Assert.Contains(heard, h => h.Contains("power is cut", StringComparison.Ordinal));
        Assert.Equal(Errno.EIO, file.Flush());
        Assert.Equal(Errno.EIO, file.WriteAt(0, "more"u8, out _));
        Assert.Equal(Errno.EIO, files.MakeDirectory("/b"u8, 0x1FF));
        byte[] back = new byte[4];
        Assert.Equal(Errno.None, file.ReadAt(0, back, out _));
        Assert.Equal("lost"u8, back);
    }

    [Fact]
    public async Task A_change_that_nobody_flushes_is_written_down_by_itself()
    {
        var clock = new ManualClock();
        var store = new MemoryKeyValueStore();
        var stored = await StoreFileSystem.OpenAsync(store, s_options with { CommitAfter = TimeSpan.FromSeconds(1), Clock = clock });
        var files = new FileNamespace(stored);
        using (var file = Open(files, "/a", OpenFlags.WriteOnly | OpenFlags.Create)) Assert.Equal(Errno.None, file.Write("x"u8, out _));
        Assert.Single(await store.ListAsync("i"));
        clock.Fire();
        Assert.Equal(2, (await store.ListAsync("i")).Count);
        Assert.Equal("x", await store.GetTextAsync("c/2/0"));
    }

    [Fact]
    public async Task A_file_whose_name_is_gone_and_which_was_open_when_the_power_went_leaves_nothing()
    {
        var store = new MemoryKeyValueStore();
        var stored = await StoreFileSystem.OpenAsync(store, s_options);
        var files = new FileNamespace(stored);
        var file = Open(files, "/a", OpenFlags.ReadWrite | OpenFlags.Create);
        Assert.Equal(Errno.None, file.Write("x"u8, out _));
        Assert.Equal(Errno.None, files.Unlink("/a"u8));
        Assert.Equal(Errno.None, file.Flush());
        Assert.NotNull(await store.GetTextAsync("c/2/0"));
        await using var again = await StoreFileSystem.OpenAsync(store, s_options);
        Assert.Equal(Errno.None, again.Flush());
        Assert.Null(await store.GetTextAsync("c/2/0"));
        Assert.Equal(await SumAsync(store), again.Journal.Used);
    }

    [Fact]
    public async Task Many_threads_write_read_flush_and_move_and_all_of_it_is_there_when_it_is_opened_again()
    {
        const int threads = 6, files = 25;
        var log = await LogStore.OpenAsync(new MemoryBlockDevice((32 << 20) / 512));
        var options = s_options with { Capacity = log.Capacity, MaxPending = 200_000, CommitAfter = TimeSpan.Zero };
        var stored = await StoreFileSystem.OpenAsync(log, options);
        var tree = new FileNamespace(stored);
        byte[] Text(int thread, int i) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"{thread}-{i};", 1 + (i * 700))));
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(() =>
        {
            for (int i = 0; i < files; i++)
            {
                byte[] text = Text(thread, i), back = new byte[text.Length];
                using (var file = Open(tree, "/new" + thread, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate))
                {
                    Assert.Equal(Errno.None, file.Write(text, out int written));
                    Assert.Equal(text.Length, written);
                    if (i % 4 == 0) Assert.Equal(Errno.None, file.Flush());
                    Assert.Equal(Errno.None, file.ReadAt(0, back, out _));
                    Assert.True(back.AsSpan().SequenceEqual(text));
                }

                // Half of them over what the thread made before.
                Assert.Equal(Errno.None, tree.Rename(Encoding.ASCII.GetBytes("/new" + thread), Encoding.ASCII.GetBytes($"/{thread}-{i / 2}")));
            }
        }, TaskCreationOptions.LongRunning)));
        Assert.Equal(Errno.None, stored.Flush());

        await using var again = await StoreFileSystem.OpenAsync(log, s_options with { Capacity = log.Capacity });
        var found = new FileNamespace(again);
        for (int thread = 0; thread < threads; thread++)
        {
            for (int i = 0; i <= files / 2; i++)
            {
                byte[] text = Text(thread, Math.Min((i * 2) + 1, files - 1)), back = new byte[text.Length + 1];
                using var file = Open(found, $"/{thread}-{i}", OpenFlags.ReadOnly);
                Assert.Equal(Errno.None, file.ReadAt(0, back, out int read));
                Assert.True(back.AsSpan(0, read).SequenceEqual(text), $"Thread {thread}, file {i}: {read} octets.");
            }
        }

        Assert.Equal(log.Live, again.Journal.Used);
    }

    private static async Task<long> SumAsync(IKeyValueStore store, StoreKey folder = default)
    {
        long sum = 0;
        foreach (var entry in await store.ListAsync(folder))
        {
            var key = folder / entry.Name;
            sum += entry.Kind == StoreEntryKind.Folder ? await SumAsync(store, key) : StoreJournal.CostOf(key, (await store.GetInfoAsync(key))!.Value.Size);
        }

        return sum;
    }

    private static Errno Compare(string when, List<string> expected, List<string> actual)
    {
        for (int i = 0; i < Math.Min(expected.Count, actual.Count); i++)
            if (expected[i] != actual[i]) Assert.Fail($"{when}:\n{string.Join('\n', expected.Skip(i - 30).Take(Math.Min(i, 30)))}\nmemory: {expected[i]}\nstore:  {actual[i]}");
        Assert.Equal(expected.Count, actual.Count);
        return Errno.None;
    }

    /// <summary>Everything below a directory: names, attributes, content.</summary>
    internal static List<string> Tree(FileNamespace files, string path)
    {
        List<string> told = [];
        Assert.Equal(Errno.None, files.OpenDirectory(Encoding.Latin1.GetBytes(path), out var directory));
        List<string> names = [];
        while (directory!.TryRead(out var entry)) names.Add(Encoding.Latin1.GetString(entry.Name.Octets));
        directory.Dispose();
        foreach (string name in names.Skip(2).Order(StringComparer.Ordinal))
        {
            string below = path == "/" ? "/" + name : $"{path}/{name}";
            byte[] octets = Encoding.Latin1.GetBytes(below);
            Assert.Equal(Errno.None, files.GetStatus(octets, follow: false, out var s));
            string content = "";
            if (s.Type == FileType.Link && files.ReadLink(octets, out byte[] target) == Errno.None) content = Encoding.Latin1.GetString(target);
            if (s.Type == FileType.Regular)
            {
                Assert.Equal(Errno.None, files.Open(octets, OpenFlags.ReadOnly, 0, out var file));
                byte[] all = new byte[s.Size];
                Assert.Equal(Errno.None, file!.ReadAt(0, all, out int count));
                file.Dispose();
                content = $"{count} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(all))}";
            }

            told.Add($"{below} {s.Mode:x} {s.Uid} {s.Links} {(s.Type == FileType.Directory ? 0 : s.Size)} {Status.Coarse(s.Modified.Seconds)} {content}");
            if (s.Type == FileType.Directory) told.AddRange(Tree(files, below));
        }

        return told;
    }

    internal static OpenFile Open(FileNamespace files, string path, OpenFlags flags)
    {
        Assert.Equal(Errno.None, files.Open(Encoding.UTF8.GetBytes(path), flags, 0x1B6, out var file));
        return file!;
    }

    /// <summary>A clock whose timer goes off when it is told.</summary>
    private sealed class ManualClock : TimeProvider, ITimer
    {
        private Action? _fire;

        public void Fire() => _fire!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
