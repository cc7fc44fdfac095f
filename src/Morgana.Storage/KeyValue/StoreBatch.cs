namespace Morgana.Storage;

/// <summary>Changes that are to be made together. The values' memory is lent until they were.</summary>
public sealed class StoreBatch
{
    private readonly List<StoreChange> _changes = [];

    /// <summary>The changes, in their order.</summary>
    public IReadOnlyList<StoreChange> Changes => _changes;

    /// <summary>Sets a value.</summary>
    /// <exception cref="ArgumentException">The key is the root.</exception>
    public StoreBatch Set(StoreKey key, ReadOnlyMemory<byte> value)
    {
        if (key.IsRoot) throw new ArgumentException("The root is a folder, and has no value.", nameof(key));
        _changes.Add(new(key, value));
        return this;
    }

    /// <summary>Removes a value, if it is there.</summary>
    public StoreBatch Remove(StoreKey key)
    {
        _changes.Add(new(key, null));
        return this;
    }
}

/// <summary>One change of a <see cref="StoreBatch"/>.</summary>
/// <param name="Key">Whose value.</param>
/// <param name="Value">The new one; null to remove it.</param>
public sealed record StoreChange(StoreKey Key, ReadOnlyMemory<byte>? Value);
