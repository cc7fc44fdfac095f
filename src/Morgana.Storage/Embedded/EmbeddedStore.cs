using System.Reflection;

namespace Morgana.Storage;

/// <summary>A folder that is embedded in the image, for reading. Values are memory of the image itself: nothing is copied.</summary>
/// <remarks>
/// <c>&lt;EmbeddedResource Include="data/**" LogicalName="data/%(RecursiveDir)%(Filename)%(Extension)" /&gt;</c> embeds one;
/// <c>EmbeddedStore.FromResources(assembly, "data/")</c> is its store.
/// </remarks>
public sealed class EmbeddedStore : IReadOnlyKeyValueStore
{
    private readonly KeyTree<Value> _tree = new();
    private volatile bool _disposed;

    /// <summary>A store over values that are there anyway, and must not change any more.</summary>
    /// <exception cref="StoreException">Two keys of which one lies below the other.</exception>
    public EmbeddedStore(IEnumerable<KeyValuePair<StoreKey, ReadOnlyMemory<byte>>> values)
    {
        foreach (var (key, content) in values) _tree.Set(key, new(content));
    }

    /// <summary>The resources of <paramref name="assembly"/> whose names begin with <paramref name="prefix"/>; what follows is the key.</summary>
    /// <exception cref="FormatException">What follows is no key.</exception>
    /// <exception cref="FileNotFoundException">There are none: the prefix is wrong, or the folder was not embedded.</exception>
    public static EmbeddedStore FromResources(Assembly assembly, string prefix)
    {
        // MSBuild's %(RecursiveDir) brings the separators of the machine that built it.
        var values = assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
            .Select(n => KeyValuePair.Create(StoreKey.Parse(n[prefix.Length..].Replace('\\', '/').TrimStart('/')), EmbeddedResource.Open(assembly, n))).ToArray();
        return values.Length > 0 ? new(values) : throw new FileNotFoundException($"{assembly.GetName().Name} has no resource whose name begins with '{prefix}'.");
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(StoreKey key, CancellationToken cancel = default) => new(Find(key, cancel)?.Content);

    /// <inheritdoc/>
    public ValueTask<int?> GetPartAsync(StoreKey key, long offset, Memory<byte> destination, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new(Find(key, cancel) is { } value ? StorePart.Copy(value.Content.Span, offset, destination.Span) : (int?)null);
    }

    /// <inheritdoc/>
    public ValueTask<StoreEntryKind> ExistsAsync(StoreKey key, CancellationToken cancel = default)
    {
        Begin(cancel);
        return new(_tree.KindOf(key));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreEntry>> ListAsync(StoreKey folder, CancellationToken cancel = default)
    {
        Begin(cancel);
        return new(_tree.List(folder));
    }

    /// <inheritdoc/>
    public ValueTask<StoreInfo?> GetInfoAsync(StoreKey key, CancellationToken cancel = default) =>
        new(Find(key, cancel) is { } value ? new StoreInfo(value.Content.Length, null) : (StoreInfo?)null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    private Value? Find(StoreKey key, CancellationToken cancel)
    {
        Begin(cancel);
        return _tree.TryGet(key, out var value) ? value : null;
    }

    private void Begin(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
    }

    private sealed record Value(ReadOnlyMemory<byte> Content);
}
