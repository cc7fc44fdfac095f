using System.Runtime.InteropServices;

namespace Morgana.Storage.Tests;

public class EmbeddedStoreTests : ReadOnlyKeyValueStoreContract
{
    protected override ValueTask<IReadOnlyKeyValueStore> OpenAsync(IReadOnlyDictionary<string, byte[]> content) =>
        new(new EmbeddedStore(content.Select(c => KeyValuePair.Create((StoreKey)c.Key, (ReadOnlyMemory<byte>)c.Value))));

    [Fact]
    public async Task An_embedded_folder_is_read_where_it_lies()
    {
        await using var store = EmbeddedStore.FromResources(typeof(EmbeddedStoreTests).Assembly, "data/");
        Assert.Equal([new("folder", StoreEntryKind.Folder), new("hello.txt", StoreEntryKind.Value)], await store.ListAsync(StoreKey.Root));
        Assert.Equal("hello\n", await store.GetTextAsync("hello.txt"));
        Assert.False(MemoryMarshal.TryGetArray((await store.GetAsync("folder/disk.img"))!.Value, out _));
    }

    [Fact]
    public void A_prefix_that_no_resource_has_is_a_mistake() =>
        Assert.Throws<FileNotFoundException>(() => EmbeddedStore.FromResources(typeof(EmbeddedStoreTests).Assembly, "dta/"));
}
