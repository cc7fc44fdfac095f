using System.Text;
using Morgana.Files.Tests.Model;
using Morgana.Storage;

namespace Morgana.Files.Tests;

public class KeyValueTests
{
    private readonly MemoryKeyValueStore _store = new(new() { MaxOctets = 20_000 });
    private readonly FileNamespace _files;

    public KeyValueTests()
    {
        _files = new(new MemoryFileSystem());
        Assert.Equal(Errno.None, _files.Mount("/data", new KeyValueFileSystem(_store)));
    }

    [Fact]
    public async Task What_is_written_is_a_value_and_what_is_set_is_a_file()
    {
        Assert.Equal(Errno.None, _files.MakeDirectory("/data/2026"u8, 0x1FF));
        using (var file = Open("/data/2026/note", OpenFlags.ReadWrite | OpenFlags.Create))
        {
            Assert.Equal(Errno.None, file.Write("hello"u8, out int count));
            Assert.Equal(5, count);
            Assert.Equal(Errno.None, file.WriteAt(7, "x"u8, out _));
            Assert.Equal("hello\0\0x", await _store.GetTextAsync("2026/note"));
            Assert.Equal(Errno.None, file.SetLength(4));
        }

        Assert.Equal("hell", await _store.GetTextAsync("2026/note"));
        await _store.SetTextAsync("other/deep", "there");
        Assert.Equal("there", Read("/data/other/deep"));
        Assert.Equal(["2026", "other"], List("/data"));
    }

    [Fact]
    public async Task A_file_that_is_open_stays_when_its_value_goes_and_follows_when_it_moves()
    {
        await _store.SetTextAsync("a", "first");
        await _store.SetTextAsync("b", "second");
        using var a = Open("/data/a", OpenFlags.ReadWrite);
        using var b = Open("/data/b", OpenFlags.ReadWrite);
        Assert.Equal(Errno.None, _files.Rename("/data/a"u8, "/data/b"u8));
        Assert.Equal(Errno.None, a.WriteAt(0, "F"u8, out _));
        Assert.Equal(Errno.None, b.WriteAt(0, "S"u8, out _));
        Assert.Equal("First", Read("/data/b"));
        Assert.Equal("Second", Read(b));
        Assert.Equal(Errno.None, _files.Unlink("/data/b"u8));
        Assert.Equal("First", Read(a));
        Assert.Equal(StoreEntryKind.None, await _store.ExistsAsync("b"));
        Assert.Equal(Errno.ENOENT, _files.Open("/data/b"u8, OpenFlags.ReadOnly, 0, out _));
    }

    [Fact]
    public async Task A_directory_stays_when_its_last_file_goes_and_moves_with_all_that_is_in_it()
    {
        await _store.SetTextAsync("a/b/c", "1");
        await _store.SetTextAsync("a/d", "2");
        Assert.Equal(Errno.None, _files.MakeDirectory("/data/a/empty"u8, 0x1FF));
        Assert.Equal(Errno.EINVAL, _files.Rename("/data/a"u8, "/data/a/b/x"u8));
        Assert.Equal(Errno.None, _files.Rename("/data/a"u8, "/data/x"u8));
        Assert.Equal("1", await _store.GetTextAsync("x/b/c"));
        Assert.Equal(["b", "d", "empty"], List("/data/x"));
        Assert.Equal(Errno.ENOTEMPTY, _files.RemoveDirectory("/data/x/b"u8));
        Assert.Equal(Errno.None, _files.Unlink("/data/x/b/c"u8));
        Assert.Empty(List("/data/x/b"));
        Assert.Equal(Errno.None, _files.RemoveDirectory("/data/x/b"u8));
        Assert.Equal(["d", "empty"], List("/data/x"));
        Assert.Equal(["x"], List("/data"));
    }

    [Fact]
    public async Task A_full_store_is_ENOSPC_and_one_that_can_only_be_read_EROFS()
    {
        using (var file = Open("/data/a", OpenFlags.WriteOnly | OpenFlags.Create))
        {
            Assert.Equal(Errno.None, file.Write(new byte[15_000], out _));
            Assert.Equal(Errno.None, file.Write(new byte[4_000], out _));
            Assert.Equal(Errno.EFBIG, file.Write(new byte[4_000], out int count));
            Assert.Equal(0, count);
        }

        await _store.RemoveAsync("a");
        await _store.SetAsync("b", new byte[19_000]);
        Assert.Equal(Errno.None, _files.Open("/data/c"u8, OpenFlags.WriteOnly | OpenFlags.Create, 0x1B6, out var other));
        Assert.Equal(Errno.ENOSPC, other!.Write(new byte[2_000], out _));
        other.Dispose();

        Assert.Equal(Errno.None, _files.Mount("/fixed", new KeyValueFileSystem(new EmbeddedStore([new("a", "x"u8.ToArray())]))));
        Assert.Equal("x", Read("/fixed/a"));
        Assert.Equal(Errno.EROFS, _files.Open("/fixed/a"u8, OpenFlags.ReadWrite, 0, out _));
        Assert.Equal(Errno.EROFS, _files.Unlink("/fixed/a"u8));
        Assert.Equal(Errno.EROFS, _files.MakeDirectory("/fixed/b"u8, 0x1FF));
    }

    [Fact]
    public async Task A_store_that_fails_is_EIO_and_its_words_are_heard()
    {
        var store = new MemoryKeyValueStore();
        List<string> heard = [];
        Assert.Equal(Errno.None, _files.Mount("/failing", new KeyValueFileSystem(store, new() { Failed = e => heard.Add(e.GetType().Name) })));
        using var file = Open("/failing/a", OpenFlags.ReadWrite | OpenFlags.Create);
        await store.DisposeAsync();
        Assert.Equal(Errno.EIO, file.Write("x"u8, out _));
        Assert.Equal(Errno.EIO, file.ReadAt(0, new byte[1], out int count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.EIO, _files.GetStatus("/failing/a"u8, follow: true, out _));
        Assert.Equal(Errno.EIO, _files.OpenDirectory("/failing"u8, out _));
        Assert.Equal(4, heard.Count(h => h == nameof(ObjectDisposedException)));
    }

    [Fact]
    public void Dots_lead_over_the_edge_of_the_mount()
    {
        Assert.Equal(Errno.None, _files.MakeDirectory("/data/a"u8, 0x1FF));
        Assert.Equal(Errno.None, _files.ChangeDirectory("/data/a/../../data/a"u8));
        Assert.Equal(Errno.None, _files.GetWorkingDirectory(out byte[] path));
        Assert.Equal("/data/a", Encoding.UTF8.GetString(path));
        Assert.Equal(Errno.EBUSY, _files.Mount("/data", new MemoryFileSystem()));
    }

    [Fact]
    public void Names_that_no_key_can_have_are_refused()
    {
        Assert.Equal(Errno.EINVAL, _files.MakeDirectory("/data/a\nb"u8, 0x1FF));
        Assert.Equal(Errno.EINVAL, _files.Open([.. "/data/"u8, 0xFF], OpenFlags.Create, 0, out _));
        Assert.Equal(Errno.ENOENT, _files.GetStatus([.. "/data/"u8, 0xFF], follow: true, out _));
        string deep = "/data" + string.Concat(Enumerable.Repeat("/d", 65));
        for (int i = 7; i < deep.Length; i += 2) Assert.Equal(Errno.None, _files.MakeDirectory(Encoding.ASCII.GetBytes(deep[..i]), 0x1FF));
        Assert.Equal(Errno.ENAMETOOLONG, _files.MakeDirectory(Encoding.ASCII.GetBytes(deep), 0x1FF));
        Assert.Equal(Errno.EPERM, _files.MakeLink("a"u8, "/data/link"u8));
        Assert.Equal(Errno.EPERM, _files.ChangePermissions("/data/d"u8, 0));
    }

    /// <summary>The same random calls on memory, which was compared with Linux: without what a store cannot do.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Random_calls_have_the_answers_that_memory_gives(int seed)
    {
        var memory = new FileNamespace(new MemoryFileSystem(), new() { Mask = 0 });
        var store = new FileNamespace(new KeyValueFileSystem(new MemoryKeyValueStore()), new() { Mask = 0 });
        var expected = new RandomCalls(seed, absolute: true, onlyPlain: true).Run(new Ours(memory), 2000);
        var actual = new RandomCalls(seed, absolute: true, onlyPlain: true).Run(new Ours(store), 2000);
        for (int i = 0; i < expected.Count; i++)
            if (expected[i] != actual[i]) Assert.Fail($"Seed {seed}:\n{string.Join('\n', expected.Skip(i - 40).Take(Math.Min(i, 40)))}\nmemory: {expected[i]}\nstore:  {actual[i]}");
        Assert.Equal(0, store.OpenFiles);
    }

    private OpenFile Open(string path, OpenFlags flags)
    {
        Assert.Equal(Errno.None, _files.Open(Encoding.UTF8.GetBytes(path), flags, 0x1B6, out var file));
        return file!;
    }

    private string Read(string path)
    {
        using var file = Open(path, OpenFlags.ReadOnly);
        return Read(file);
    }

    private static string Read(OpenFile file)
    {
        byte[] into = new byte[100];
        Assert.Equal(Errno.None, file.ReadAt(0, into, out int count));
        return Encoding.UTF8.GetString(into, 0, count);
    }

    private List<string> List(string path)
    {
        Assert.Equal(Errno.None, _files.OpenDirectory(Encoding.UTF8.GetBytes(path), out var directory));
        List<string> names = [];
        while (directory!.TryRead(out var entry)) names.Add(entry.Name.ToString());
        directory.Dispose();
        return [.. names.Skip(2).Order(StringComparer.Ordinal)];
    }
}
