using System.Text;

namespace Morgana.Storage.Tests;

/// <summary>What every store keeps to that can be written, on top of what holds for reading. Derive from it for each implementation.</summary>
public abstract class KeyValueStoreContract : ReadOnlyKeyValueStoreContract
{
    /// <summary>Random changes in a run. Fewer where each waits for a disk.</summary>
    protected virtual int Steps => 300;

    /// <summary>A store without values.</summary>
    protected abstract ValueTask<IKeyValueStore> OpenAsync();

    protected override async ValueTask<IReadOnlyKeyValueStore> OpenAsync(IReadOnlyDictionary<string, byte[]> content)
    {
        var store = await OpenAsync();
        foreach (var (key, value) in content) await store.SetAsync(key, value);
        return store;
    }

    [Fact]
    public async Task A_value_that_is_set_again_is_replaced()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a", "a long first value");
        await store.SetTextAsync("a", "second");
        Assert.Equal("second", await store.GetTextAsync("a"));
        Assert.Equal(6, (await store.GetInfoAsync("a"))?.Size);
    }

    [Fact]
    public async Task What_was_handed_over_may_be_used_again_and_what_was_got_stays()
    {
        await using var store = await OpenAsync();
        byte[] buffer = Encoding.UTF8.GetBytes("first");
        await store.SetAsync("a", buffer);
        var got = (await store.GetAsync("a"))!.Value;
        buffer.AsSpan().Fill((byte)'x');
        Assert.Equal("first", await store.GetTextAsync("a"));
        await store.SetTextAsync("a", "other");
        await store.SetPartAsync("a", 0, "zzz"u8.ToArray());
        Assert.Equal("first", Encoding.UTF8.GetString(got.Span));
    }

    [Fact]
    public async Task A_key_is_a_values_or_a_folders()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b", "value");
        await AssertErrorAsync(StoreError.IsFolder, () => store.SetTextAsync("a", "x"));
        await AssertErrorAsync(StoreError.IsValue, () => store.SetTextAsync("a/b/c", "x"));
        await AssertErrorAsync(StoreError.IsValue, () => store.SetTextAsync("a/b/c/d", "x"));
        await AssertErrorAsync(StoreError.IsFolder, () => store.SetPartAsync("a", 0, "x"u8.ToArray()));
        await AssertErrorAsync(StoreError.IsValue, () => store.SetPartAsync("a/b/c", 0, "x"u8.ToArray()));
        Assert.Equal(["a/b"], await KeysAsync(store));
        Assert.Equal("value", await store.GetTextAsync("a/b"));
    }

    [Fact]
    public async Task The_root_has_no_value()
    {
        await using var store = await OpenAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.SetTextAsync(StoreKey.Root, "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.SetPartAsync(StoreKey.Root, 0, "x"u8.ToArray()));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.RenameAsync(StoreKey.Root, "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.RenameAsync("x", StoreKey.Root));
        Assert.Throws<ArgumentException>(() => new StoreBatch().Set(StoreKey.Root, default));
    }

    [Fact]
    public async Task Removing_the_last_value_of_a_folder_removes_the_folder()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b/c", "x");
        await store.SetTextAsync("a/d", "x");
        Assert.True(await store.RemoveAsync("a/b/c"));
        Assert.Equal(StoreEntryKind.None, await store.ExistsAsync("a/b"));
        Assert.Equal(StoreEntryKind.Folder, await store.ExistsAsync("a"));
        await store.SetTextAsync("a/b", "a value now");
        Assert.Equal("a value now", await store.GetTextAsync("a/b"));
        Assert.True(await store.RemoveAsync("a/b"));
        Assert.True(await store.RemoveAsync("a/d"));
        Assert.Empty(await store.ListAsync(StoreKey.Root));
    }

    [Fact]
    public async Task Removing_a_folder_removes_what_is_below_and_nothing_beside()
    {
        await using var store = await OpenAsync();
        foreach (string key in new[] { "a/1", "a/2/3", "a/2/4/5", "a.b", "ab", "b/a" }) await store.SetTextAsync(key, key);
        Assert.True(await store.RemoveAsync("a"));
        Assert.Equal(["a.b", "ab", "b/a"], await KeysAsync(store));
        Assert.True(await store.RemoveAsync(StoreKey.Root));
        Assert.Empty(await KeysAsync(store));
        Assert.False(await store.RemoveAsync(StoreKey.Root));
    }

    [Fact]
    public async Task Removing_what_is_not_there_says_so()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b", "x");
        Assert.False(await store.RemoveAsync("b"));
        Assert.False(await store.RemoveAsync("a/c"));
        Assert.False(await store.RemoveAsync("a/b/c"));
        Assert.Equal(["a/b"], await KeysAsync(store));
    }

    [Fact]
    public async Task Parts_of_values_are_overwritten_and_values_grow()
    {
        await using var store = await OpenAsync();
        await store.SetPartAsync("a", 3, "new"u8.ToArray());
        Assert.Equal("\0\0\0new", await store.GetTextAsync("a"));
        await store.SetPartAsync("a", 0, "abc"u8.ToArray());
        Assert.Equal("abcnew", await store.GetTextAsync("a"));
        await store.SetPartAsync("a", 4, "EWER"u8.ToArray());
        Assert.Equal("abcnEWER", await store.GetTextAsync("a"));
        await store.SetPartAsync("a", 10, default);
        Assert.Equal("abcnEWER\0\0", await store.GetTextAsync("a"));
        await store.SetPartAsync("folder/b", 0, "made"u8.ToArray());
        Assert.Equal("made", await store.GetTextAsync("folder/b"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.SetPartAsync("a", -1, "x"u8.ToArray()));
        await AssertErrorAsync(StoreError.TooLarge, () => store.SetPartAsync("a", long.MaxValue, "x"u8.ToArray()));
    }

    [Fact]
    public async Task Renaming_moves_a_value_in_place_of_another()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b", "moved");
        await store.SetTextAsync("c", "replaced");
        Assert.True(await store.RenameAsync("a/b", "c"));
        Assert.Equal(["c"], await KeysAsync(store));
        Assert.Equal("moved", await store.GetTextAsync("c"));
        Assert.True(await store.RenameAsync("c", "d/e/f"));
        Assert.Equal(["d/e/f"], await KeysAsync(store));
        Assert.True(await store.RenameAsync("d/e/f", "d/e/f"));
        Assert.Equal("moved", await store.GetTextAsync("d/e/f"));
    }

    [Fact]
    public async Task Renaming_neither_moves_nor_buries_folders()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a/b", "x");
        await store.SetTextAsync("c", "y");
        Assert.False(await store.RenameAsync("nothing", "else"));
        await AssertErrorAsync(StoreError.IsFolder, async () => await store.RenameAsync("a", "z"));
        await AssertErrorAsync(StoreError.IsFolder, async () => await store.RenameAsync("c", "a"));
        await AssertErrorAsync(StoreError.IsFolder, async () => await store.RenameAsync("a/b", "a"));
        await AssertErrorAsync(StoreError.IsValue, async () => await store.RenameAsync("c", "a/b/c"));
        await AssertErrorAsync(StoreError.IsValue, async () => await store.RenameAsync("c", "c/d"));
        Assert.Equal(["a/b", "c"], await KeysAsync(store));
    }

    [Fact]
    public async Task A_batch_makes_its_changes_in_order()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("gone", "x");
        await store.ApplyAsync(new StoreBatch().Set("a", "1"u8.ToArray()).Set("b/c", "2"u8.ToArray()).Set("a", "3"u8.ToArray()).Remove("gone").Remove("never there").Remove("b/c").Set("b", "4"u8.ToArray()));
        Assert.Equal(["a", "b"], await KeysAsync(store));
        Assert.Equal("3", await store.GetTextAsync("a"));
        Assert.Equal("4", await store.GetTextAsync("b"));
        await store.ApplyAsync(new StoreBatch());
    }

    [Fact]
    public async Task A_batch_that_cannot_be_made_changes_nothing()
    {
        await using var store = await OpenAsync();
        await store.SetTextAsync("a", "before");
        await store.SetTextAsync("f/g", "before");
        var batch = new StoreBatch().Set("a", "after"u8.ToArray()).Remove("f/g").Set("new/value", "x"u8.ToArray()).Set("a/below", "impossible"u8.ToArray());
        await AssertErrorAsync(StoreError.IsValue, () => store.ApplyAsync(batch));
        Assert.Equal(["a", "f/g"], await KeysAsync(store));
        Assert.Equal("before", await store.GetTextAsync("a"));
    }

    [Fact]
    public async Task Writers_of_different_keys_do_not_disturb_each_other()
    {
        await using var store = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int round = 0; round < 20; round++)
            {
                await store.SetTextAsync($"shared/{i}/value", $"{i} {round}");
                Assert.Equal($"{i} {round}", await store.GetTextAsync($"shared/{i}/value"));
                if (round % 3 == 0) await store.RemoveAsync($"shared/{i}/value");
            }
        })));
        Assert.Equal(8, (await store.ListAsync("shared")).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task It_behaves_as_a_dictionary(int seed)
    {
        await using var store = await OpenAsync();
        var model = new StoreModel();
        var random = new Random(seed);
        for (int step = 0; step < Steps; step++) await StoreActions.StepAsync(store, model, random, $"seed {seed}, step {step}");
        await model.AssertEqualAsync(store, $"seed {seed}, in the end");
    }

    protected static async Task<List<string>> KeysAsync(IReadOnlyKeyValueStore store)
    {
        var keys = new List<string>();
        await foreach (var key in store.WalkAsync()) keys.Add(key.Path);
        return keys;
    }

    protected static async Task AssertErrorAsync(StoreError expected, Func<ValueTask> action) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<StoreException>(async () => await action())).Error);
}
