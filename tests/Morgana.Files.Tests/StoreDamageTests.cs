using Morgana.Storage;

namespace Morgana.Files.Tests;

/// <summary>A store that somebody has made up, or that was damaged past its checksums: it is refused, or its files are read, and nothing worse.</summary>
public class StoreDamageTests
{
    private static readonly StoreFileSystemOptions s_options = new() { Capacity = 16 << 20, RootPermissions = 0x1FF, CommitAfter = Timeout.InfiniteTimeSpan };

    [Theory]
    [InlineData("i/1", "no root")]
    [InlineData("i/2", "in no directory")]
    [InlineData("files", "holds values of a program's own")]
    public async Task What_is_missing_is_damage(string key, string expected)
    {
        var store = await FilledAsync();
        Assert.True(await store.RemoveAsync(key));
        var e = await Assert.ThrowsAsync<StoreException>(async () => await StoreFileSystem.OpenAsync(store, s_options));
        Assert.Equal(StoreError.Damaged, e.Error);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directories_that_lie_in_each_other_are_damage()
    {
        var store = await FilledAsync();
        // a (2) lies in b (3) then, which lies in a.
        Assert.True(StoredRecord.TryRead((await store.GetAsync("i/2"))!.Value.Span, 2, out var a));
        await store.SetAsync("i/2", (a! with { Names = [new(3, "a"u8.ToArray())] }).ToArray());
        var e = await Assert.ThrowsAsync<StoreException>(async () => await StoreFileSystem.OpenAsync(store, s_options));
        Assert.Contains("lie in each other", e.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(".."), InlineData("."), InlineData("a/b"), InlineData("")]
    public async Task A_name_that_is_none_is_damage(string name)
    {
        var store = await FilledAsync();
        Assert.True(StoredRecord.TryRead((await store.GetAsync("i/4"))!.Value.Span, 4, out var file));
        await store.SetAsync("i/4", (file! with { Names = [new(1, System.Text.Encoding.ASCII.GetBytes(name))] }).ToArray());
        var e = await Assert.ThrowsAsync<StoreException>(async () => await StoreFileSystem.OpenAsync(store, s_options));
        Assert.Equal(StoreError.Damaged, e.Error);
    }

    [Fact]
    public async Task More_files_than_there_may_be_are_refused() =>
        Assert.Equal(StoreError.TooLarge, (await Assert.ThrowsAsync<StoreException>(async () => await StoreFileSystem.OpenAsync(await FilledAsync(), s_options with { MaxFiles = 3 }))).Error);

    [Fact]
    public async Task A_piece_that_is_too_long_is_EIO_when_it_is_read()
    {
        var store = await FilledAsync();
        await store.SetAsync("c/4/0", new byte[StoreFileSystem.PieceLength + 1]);
        await using var stored = await StoreFileSystem.OpenAsync(store, s_options);
        using var file = StoreFileSystemTests.Open(new(stored), "/a/b/file", OpenFlags.ReadOnly);
        Assert.Equal(Errno.EIO, file.ReadAt(0, new byte[10], out _));
    }

    /// <summary>Records with octets changed, cut off and added: each is refused with words, or mounted and walked through.</summary>
    [Fact]
    public async Task No_record_makes_it_fall()
    {
        int refused = 0, read = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var store = await FilledAsync();
            string key = (string[])["i/1", "i/2", "i/3", "i/4", "i/5", "files"] is var keys ? keys[random.Next(keys.Length)] : "";
            byte[] value = (await store.GetAsync(key))!.Value.ToArray();
            for (int i = random.Next(3); i >= 0; i--) value[random.Next(value.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) value = value[..random.Next(value.Length)];
            if (random.Next(4) == 0) value = [.. value, .. new byte[random.Next(20)]];
            await store.SetAsync(key, value);
            try
            {
                await using var stored = await StoreFileSystem.OpenAsync(store, s_options);
                var files = new FileNamespace(stored);
                Walk(files, "/"u8.ToArray());
                files.MakeDirectory("/made"u8, 0x1FF);
                stored.Flush();
                read++;
            }
            catch (StoreException e)
            {
                Assert.True(e.Error is StoreError.Damaged or StoreError.TooLarge, $"Seed {seed}: {e}");
                refused++;
            }
        }

        Assert.True(refused > 200 && read > 200, $"{refused} refused, {read} read");
    }

    // Without asserting anything of what is found: it may be as long as a number can be.
    private static void Walk(FileNamespace files, byte[] path)
    {
        if (files.OpenDirectory(path, out var directory) != Errno.None) return;
        List<byte[]> names = [];
        while (directory!.TryRead(out var entry)) names.Add(entry.Name.Octets.ToArray());
        directory.Dispose();
        foreach (byte[] name in names.Skip(2))
        {
            byte[] below = [.. path, .. "/"u8, .. name];
            files.GetStatus(below, follow: true, out _);
            if (files.Open(below, OpenFlags.ReadOnly, 0, out var file) == Errno.None)
            {
                byte[] into = new byte[100];
                foreach (long offset in (long[])[0, 32_700, long.MaxValue - 50]) file!.ReadAt(offset, into, out _);
                file!.Dispose();
            }

            Walk(files, below);
        }
    }

    private static async Task<MemoryKeyValueStore> FilledAsync()
    {
        var store = new MemoryKeyValueStore();
        var stored = await StoreFileSystem.OpenAsync(store, s_options);
        var files = new FileNamespace(stored);
        Assert.Equal(Errno.None, files.MakeDirectory("/a"u8, 0x1FF));           // 2
        Assert.Equal(Errno.None, files.MakeDirectory("/a/b"u8, 0x1FF));         // 3
        using (var file = StoreFileSystemTests.Open(files, "/a/b/file", OpenFlags.WriteOnly | OpenFlags.Create)) Assert.Equal(Errno.None, file.Write("content"u8, out _));        // 4
        Assert.Equal(Errno.None, files.MakeLink("b/file"u8, "/a/link"u8));      // 5
        Assert.Equal(Errno.None, stored.Flush());
        return store;
    }
}
