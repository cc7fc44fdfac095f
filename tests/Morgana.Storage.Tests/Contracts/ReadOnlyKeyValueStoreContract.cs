using System.Security.Cryptography;
using System.Text;

namespace Morgana.Storage.Tests;

/// <summary>What every store keeps to when it is read. Derive from it for each implementation.</summary>
public abstract class ReadOnlyKeyValueStoreContract
{
    private static readonly Dictionary<string, byte[]> s_content = new()
    {
        ["index.html"] = Encoding.UTF8.GetBytes("<p>hello"),
        ["empty"] = [],
        ["css/main.css"] = Encoding.UTF8.GetBytes("body { margin: 0 }"),
        ["css/print/page.css"] = Encoding.UTF8.GetBytes("@page"),
        ["css-old/main.css"] = [1],
        ["Größe ♥ 🎈/ж.txt"] = Encoding.UTF8.GetBytes("not ASCII"),
        ["with space.txt"] = [32],
        [".hidden"] = [46],
        ["a/b/c/d/e/f/g/h/i/j"] = [10],
        [new string('n', 200)] = [200],
        ["big"] = Big(300_000),
    };

    /// <summary>A store with this content.</summary>
    protected abstract ValueTask<IReadOnlyKeyValueStore> OpenAsync(IReadOnlyDictionary<string, byte[]> content);

    [Fact]
    public async Task Every_value_is_what_it_is()
    {
        await using var store = await OpenAsync(s_content);
        foreach (var (key, value) in s_content)
        {
            Assert.Equal(value, (await store.GetAsync(key))?.ToArray());
            Assert.Equal(StoreEntryKind.Value, await store.ExistsAsync(key));
            Assert.Equal(value.Length, (await store.GetInfoAsync(key))?.Size);
            Assert.Equal(SHA256.HashData(value), (await store.GetDigestAsync(key))?.ToArray());
        }
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("css/nothing")]
    [InlineData("index.html/below")]
    [InlineData("INDEX.HTML")]
    [InlineData("cs")]
    public async Task What_is_not_there_is_no_error(string key)
    {
        await using var store = await OpenAsync(s_content);
        Assert.Null(await store.GetAsync(key));
        Assert.Null(await store.GetPartAsync(key, 0, new byte[1]));
        Assert.Null(await store.GetInfoAsync(key));
        Assert.Null(await store.GetDigestAsync(key));
        Assert.Equal(StoreEntryKind.None, await store.ExistsAsync(key));
        Assert.Empty(await store.ListAsync(key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("css")]
    [InlineData("css/print")]
    public async Task A_folder_has_no_value(string key)
    {
        await using var store = await OpenAsync(s_content);
        Assert.Equal(StoreEntryKind.Folder, await store.ExistsAsync(key));
        Assert.Null(await store.GetAsync(key));
        Assert.Null(await store.GetPartAsync(key, 0, new byte[1]));
        Assert.Null(await store.GetInfoAsync(key));
    }

    [Fact]
    public async Task Entries_are_listed_in_order()
    {
        await using var store = await OpenAsync(s_content);
        var names = s_content.Keys.Select(k => k.Split('/')[0]).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(names, (await store.ListAsync(StoreKey.Root)).Select(e => e.Name));
        Assert.Equal([new("main.css", StoreEntryKind.Value), new("print", StoreEntryKind.Folder)], await store.ListAsync("css"));
        Assert.Empty(await store.ListAsync("index.html"));
    }

    [Fact]
    public async Task Walking_finds_every_key_once()
    {
        await using var store = await OpenAsync(s_content);
        var found = new List<string>();
        await foreach (var key in store.WalkAsync()) found.Add(key.Path);
        Assert.Equal(s_content.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0, 8, 8)]
    [InlineData(0, 3, 3)]
    [InlineData(5, 3, 3)]
    [InlineData(5, 100, 3)]
    [InlineData(8, 1, 0)]
    [InlineData(9, 1, 0)]
    [InlineData(long.MaxValue, 1, 0)]
    [InlineData(3, 0, 0)]
    public async Task Parts_of_a_value_are_what_lies_there(long offset, int length, int expected)
    {
        await using var store = await OpenAsync(s_content);
        byte[] part = new byte[length];
        Assert.Equal(expected, await store.GetPartAsync("index.html", offset, part));
        if (expected > 0) Assert.Equal(s_content["index.html"].AsSpan((int)offset, expected), part.AsSpan(0, expected));
    }

    [Fact]
    public async Task A_big_value_is_the_sum_of_its_parts()
    {
        await using var store = await OpenAsync(s_content);
        byte[] big = s_content["big"], read = new byte[big.Length];
        for (int at = 0; at < big.Length; at += 7001) Assert.Equal(Math.Min(7001, big.Length - at), await store.GetPartAsync("big", at, read.AsMemory(at, Math.Min(7001, big.Length - at))));
        Assert.Equal(big, read);
    }

    [Fact]
    public async Task A_negative_offset_is_a_mistake()
    {
        await using var store = await OpenAsync(s_content);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await store.GetPartAsync("index.html", -1, new byte[1]));
    }

    [Fact]
    public async Task A_store_may_be_empty()
    {
        await using var store = await OpenAsync(new Dictionary<string, byte[]>());
        Assert.Equal(StoreEntryKind.Folder, await store.ExistsAsync(StoreKey.Root));
        Assert.Empty(await store.ListAsync(StoreKey.Root));
        Assert.Null(await store.GetAsync("index.html"));
    }

    [Fact]
    public async Task Many_read_at_the_same_time()
    {
        await using var store = await OpenAsync(s_content);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            foreach (var (key, value) in s_content) Assert.Equal(value, (await store.GetAsync(key))?.ToArray());
        })));
    }

    [Fact]
    public async Task A_cancelled_request_is_not_begun()
    {
        await using var store = await OpenAsync(s_content);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.GetAsync("big", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.ListAsync(StoreKey.Root, cancelled));
    }

    [Fact]
    public async Task After_disposal_nothing_works_and_disposing_again_does_no_harm()
    {
        var store = await OpenAsync(s_content);
        await store.DisposeAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GetAsync("index.html"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ListAsync(StoreKey.Root));
    }

    private static byte[] Big(int length)
    {
        byte[] big = new byte[length];
        new Random(1).NextBytes(big);
        return big;
    }
}
