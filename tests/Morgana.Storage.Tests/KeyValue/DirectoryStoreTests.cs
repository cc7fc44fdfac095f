using System.Runtime.InteropServices;

namespace Morgana.Storage.Tests;

public sealed partial class DirectoryStoreTests : KeyValueStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    protected override int Steps => 80;

    public void Dispose() => _folder.Dispose();

    protected override ValueTask<IKeyValueStore> OpenAsync() => new(DirectoryStore.Open(_folder.File("store")));

    [Fact]
    public async Task A_value_is_a_file_and_a_file_is_a_value()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b.txt", "from the store");
        Assert.Equal("from the store", await File.ReadAllTextAsync(_folder.File("store/a/b.txt")));
        await File.WriteAllTextAsync(_folder.File("store/a/c.txt"), "from outside");
        Assert.Equal("from outside", await store.GetTextAsync("a/c.txt"));
        Assert.Equal(["a/b.txt", "a/c.txt"], await KeysAsync(store));
        Assert.NotNull((await store.GetInfoAsync("a/b.txt"))!.Value.Modified);
    }

    [Fact]
    public async Task What_was_set_is_there_when_it_is_opened_again_and_nothing_of_our_own()
    {
        await using (var store = await OpenAsync())
        {
            await store.SetTextAsync("a/b", "kept");
            await store.SetTextAsync("gone", "x");
            await store.RemoveAsync("gone");
        }

        // As if the power had been cut between writing and renaming.
        await File.WriteAllTextAsync(_folder.File("store/\u0001new-left"), "half");
        await using var again = await OpenAsync();
        Assert.Equal(["a/b"], await KeysAsync(again));
        Assert.Equal(["a", "\u0001lock"], Directory.EnumerateFileSystemEntries(_folder.File("store")).Select(f => Path.GetFileName(f)!).OrderDescending());
    }

    [Fact]
    public async Task Links_are_not_followed()
    {
        await using var store = await OpenAsync();
        Directory.CreateDirectory(_folder.File("outside"));
        await File.WriteAllTextAsync(_folder.File("outside/secret"), "secret");
        File.CreateSymbolicLink(_folder.File("store/file"), _folder.File("outside/secret"));
        Directory.CreateSymbolicLink(_folder.File("store/folder"), _folder.File("outside"));
        Directory.CreateSymbolicLink(_folder.File("store/loop"), _folder.File("store"));
        Directory.CreateSymbolicLink(_folder.File("store/dangling"), _folder.File("nothing"));
        Assert.Empty(await KeysAsync(store));
        foreach (string key in new[] { "file", "folder/secret", "loop/loop/x", "dangling", "dangling/x" })
        {
            await AssertErrorAsync(StoreError.Outside, async () => await store.GetAsync(key));
            await AssertErrorAsync(StoreError.Outside, () => store.SetTextAsync(key, "overwritten"));
            await AssertErrorAsync(StoreError.Outside, () => store.SetPartAsync(key, 0, new byte[1]));
            await AssertErrorAsync(StoreError.Outside, async () => await store.RemoveAsync(key));
        }

        Assert.Equal("secret", await File.ReadAllTextAsync(_folder.File("outside/secret")));
        await store.SetTextAsync("a", "x");
        await store.RemoveAsync(StoreKey.Root);
        Assert.True(File.Exists(_folder.File("outside/secret")));
    }

    [Fact]
    public async Task Removing_a_folder_with_a_link_in_it_leaves_alone_where_it_leads()
    {
        await using var store = await OpenAsync();
        Directory.CreateDirectory(_folder.File("outside"));
        await File.WriteAllTextAsync(_folder.File("outside/secret"), "secret");
        await store.SetTextAsync("a/b", "x");
        Directory.CreateSymbolicLink(_folder.File("store/a/link"), _folder.File("outside"));
        Assert.True(await store.RemoveAsync("a"));
        Assert.True(File.Exists(_folder.File("outside/secret")));
    }

    [Fact]
    public async Task Who_writes_a_directory_has_it_alone()
    {
        await using var store = await OpenAsync();
        Assert.Throws<StoreException>(() => DirectoryStore.Open(_folder.File("store")));
        await using var reader = DirectoryStore.Open(_folder.File("store"), isReadOnly: true);
        await store.SetTextAsync("a", "x");
        Assert.Equal("x", await reader.GetTextAsync("a"));
        await AssertErrorAsync(StoreError.ReadOnly, () => reader.SetTextAsync("a", "y"));
        await AssertErrorAsync(StoreError.ReadOnly, async () => await reader.RemoveAsync("a"));
    }

    [Fact]
    public async Task Names_that_are_no_keys_are_not_seen()
    {
        await using var store = await OpenAsync();
        await File.WriteAllTextAsync(_folder.File("store/new\nline"), "x");
        await File.WriteAllTextAsync(_folder.File("store/fine"), "x");
        Assert.Equal(["fine"], await KeysAsync(store));
    }

    [Fact]
    public async Task A_pipe_is_no_value_and_nobody_waits_for_it()
    {
        await using var store = await OpenAsync();
        Assert.Equal(0, MakePipe(_folder.File("store/pipe"), 0x180));
        await AssertErrorAsync(StoreError.Failed, async () => await store.GetAsync("pipe"));
        await AssertErrorAsync(StoreError.Failed, async () => await store.GetPartAsync("pipe", 0, new byte[1]));
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);

    [Fact]
    public async Task An_empty_directory_gives_way_to_a_value()
    {
        await using var store = await OpenAsync();
        Directory.CreateDirectory(_folder.File("store/a/b"));
        await store.SetTextAsync("a", "x");
        Assert.Equal("x", await store.GetTextAsync("a"));
    }

    [Fact]
    public void A_directory_that_is_not_there_cannot_be_read() =>
        Assert.Throws<StoreException>(() => DirectoryStore.Open(_folder.File("nothing"), isReadOnly: true));
}
