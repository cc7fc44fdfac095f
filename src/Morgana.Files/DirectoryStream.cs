namespace Morgana.Files;

/// <summary>An open directory: the entries as they were when it was opened, <c>.</c> and <c>..</c> first.</summary>
/// <remarks>
/// readdir(3) leaves open whether what is made or removed meanwhile is seen; here it is not, and what stays is seen exactly once. One
/// thread at a time.
/// </remarks>
public sealed class DirectoryStream : IDisposable
{
    private readonly FileNamespace _namespace;
    private readonly List<DirectoryEntry> _entries;
    private int _next;
    private int _closed;

    internal DirectoryStream(FileNamespace owner, List<DirectoryEntry> entries) => (_namespace, _entries) = (owner, entries);

    /// <summary>The next entry; false at the end.</summary>
    public bool TryRead(out DirectoryEntry entry)
    {
        bool more = _next < _entries.Count && Volatile.Read(ref _closed) == 0;
        entry = more ? _entries[_next++] : default;
        return more;
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0) _namespace.ReleaseOpenFile();
    }
}
