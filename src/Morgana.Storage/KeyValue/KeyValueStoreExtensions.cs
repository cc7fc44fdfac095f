using System.Runtime.CompilerServices;
using System.Text;

namespace Morgana.Storage;

/// <summary>What is often wanted of a store.</summary>
public static class KeyValueStoreExtensions
{
    /// <summary>A value that is UTF-8 text. Null if there is none.</summary>
    public static async ValueTask<string?> GetTextAsync(this IReadOnlyKeyValueStore store, StoreKey key, CancellationToken cancel = default) =>
        await store.GetAsync(key, cancel).ConfigureAwait(false) is { } value ? Encoding.UTF8.GetString(value.Span) : null;

    /// <summary>Sets a value to UTF-8 text.</summary>
    public static ValueTask SetTextAsync(this IKeyValueStore store, StoreKey key, string text, CancellationToken cancel = default) =>
        store.SetAsync(key, Encoding.UTF8.GetBytes(text), cancel);

    /// <summary>The keys of all values in a folder and below, folder by folder, in order.</summary>
    public static async IAsyncEnumerable<StoreKey> WalkAsync(this IReadOnlyKeyValueStore store, StoreKey folder = default, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var waiting = new Stack<(StoreKey Key, StoreEntryKind Kind)>([(folder, StoreEntryKind.Folder)]);
        while (waiting.TryPop(out var next))
        {
            if (next.Kind == StoreEntryKind.Value)
            {
                yield return next.Key;
                continue;
            }

            var entries = await store.ListAsync(next.Key, cancel).ConfigureAwait(false);
            for (int i = entries.Count - 1; i >= 0; i--) waiting.Push((next.Key / entries[i].Name, entries[i].Kind));
        }
    }
}
