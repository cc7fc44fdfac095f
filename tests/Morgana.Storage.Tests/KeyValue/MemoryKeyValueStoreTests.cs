namespace Morgana.Storage.Tests;

public class MemoryKeyValueStoreTests : KeyValueStoreContract
{
    protected override ValueTask<IKeyValueStore> OpenAsync() => new(new MemoryKeyValueStore());

    [Fact]
    public async Task At_its_limits_it_takes_no_more_and_keeps_what_it_has()
    {
        await using var store = new MemoryKeyValueStore(new() { MaxOctets = 100, MaxValues = 3 });
        await store.SetAsync("a", new byte[90]);
        await AssertErrorAsync(StoreError.NoSpace, () => store.SetAsync("b", new byte[20]));
        await AssertErrorAsync(StoreError.TooLarge, () => store.SetAsync("b", new byte[101]));
        Assert.Equal(91, store.Octets);
        await store.SetAsync("a", new byte[10]);
        await store.SetAsync("b", default);
        await store.SetAsync("c", default);
        await AssertErrorAsync(StoreError.NoSpace, () => store.SetAsync("d", default));
        await store.SetAsync("c", new byte[1]);
        Assert.Equal(["a", "b", "c"], await KeysAsync(store));
        await store.RemoveAsync(StoreKey.Root);
        Assert.Equal(0, store.Octets);
    }
}
