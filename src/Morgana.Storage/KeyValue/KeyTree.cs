using System.Diagnostics.CodeAnalysis;

namespace Morgana.Storage;

/// <summary>An index of values by key, as a tree of folders. Not thread-safe.</summary>
/// <remarks>It keeps the rule that a key is a value's or a folder's, and that folders without entries are not there.</remarks>
internal sealed class KeyTree<T> where T : class
{
    private readonly Node _root = new();

    /// <summary>Values in the tree.</summary>
    public int Count { get; private set; }

    /// <summary>The value at a key.</summary>
    public bool TryGet(StoreKey key, [NotNullWhen(true)] out T? value)
    {
        value = Find(key)?.Value;
        return value is not null;
    }

    /// <summary>What is at a key.</summary>
    public StoreEntryKind KindOf(StoreKey key) => Find(key) is { } node ? node.Kind : StoreEntryKind.None;

    /// <summary>The entries of a folder, in the order of their names.</summary>
    public IReadOnlyList<StoreEntry> List(StoreKey folder)
    {
        if (Find(folder)?.Children is not { } children) return [];
        string[] names = new string[children.Count];
        children.Keys.CopyTo(names, 0);
        Array.Sort(names, StringComparer.Ordinal);
        var entries = new StoreEntry[names.Length];
        for (int i = 0; i < names.Length; i++) entries[i] = new(names[i], children[names[i]].Kind);
        return entries;
    }

    /// <summary>Whether a value may be at a key.</summary>
    /// <exception cref="ArgumentException">The key is the root.</exception>
    /// <exception cref="StoreException">A folder is there, or a value above.</exception>
    public void CheckSet(StoreKey key)
    {
        if (key.IsRoot) throw new ArgumentException("The root is a folder, and has no value.", nameof(key));
        var node = _root;
        foreach (var range in key.Path.AsSpan().Split('/'))
        {
            if (node.Value is not null) throw new StoreException(StoreError.IsValue, $"'{key}' would lie below a value.");
            if (!node.TryGetChild(key.Path.AsSpan()[range], out node)) return;
        }

        if (node.Value is null) throw new StoreException(StoreError.IsFolder, $"'{key}' is a folder.");
    }

    /// <summary>Puts a value at a key.</summary>
    /// <returns>The one that was there.</returns>
    public T? Set(StoreKey key, T value)
    {
        CheckSet(key);
        var node = _root;
        foreach (var range in key.Path.AsSpan().Split('/')) node = node.GetOrAddChild(key.Path.AsSpan()[range]);
        var old = node.Value;
        node.Value = value;
        if (old is null) Count++;
        return old;
    }

    /// <summary>Removes the value at a key, and folders that have become empty.</summary>
    /// <returns>The value; null if there was none.</returns>
    public T? Remove(StoreKey key)
    {
        if (key.IsRoot) return null;
        string[] names = key.Segments;
        var folders = new Node[names.Length];
        var node = _root;
        for (int i = 0; i < names.Length; i++)
        {
            folders[i] = node;
            if (!node.TryGetChild(names[i], out node)) return null;
        }

        if (node.Value is not { } value) return null;
        Count--;
        for (int i = names.Length - 1; i >= 0; i--)
        {
            folders[i].Children!.Remove(names[i]);
            if (folders[i].Children!.Count > 0) break;
            folders[i].Children = null;
        }

        return value;
    }

    /// <summary>The values at a key and below, in no order.</summary>
    public List<Kept<T>> ValuesIn(StoreKey key)
    {
        List<Kept<T>> found = [];
        var waiting = new Stack<Kept<Node>>();
        if (Find(key) is { } start) waiting.Push(new(key, start));
        while (waiting.TryPop(out var next))
        {
            if (next.Value.Value is { } value) found.Add(new(next.Key, value));
            if (next.Value.Children is not { } children) continue;
            foreach (var (name, node) in children) waiting.Push(new(next.Key / name, node));
        }

        return found;
    }

    private Node? Find(StoreKey key)
    {
        var node = _root;
        if (key.IsRoot) return node;
        foreach (var range in key.Path.AsSpan().Split('/'))
            if (!node.TryGetChild(key.Path.AsSpan()[range], out node)) return null;
        return node;
    }

    private sealed class Node
    {
        public T? Value;
        public Dictionary<string, Node>? Children;

        public StoreEntryKind Kind => Value is null ? StoreEntryKind.Folder : StoreEntryKind.Value;

        public bool TryGetChild(ReadOnlySpan<char> name, [NotNullWhen(true)] out Node? child)
        {
            child = null;
            return Children is not null && Children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out child);
        }

        public Node GetOrAddChild(ReadOnlySpan<char> name)
        {
            if (TryGetChild(name, out var child)) return child;
            Children ??= new(StringComparer.Ordinal);
            Children.Add(name.ToString(), child = new());
            return child;
        }
    }
}

/// <summary>Something and its key.</summary>
/// <remarks>A class, as lists, sets and sorting are compiled once for all classes, but for each type of values anew; and each image has them.</remarks>
internal sealed class Kept<T>(StoreKey key, T value)
{
    public StoreKey Key => key;

    public T Value => value;
}
