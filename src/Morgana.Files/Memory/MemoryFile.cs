namespace Morgana.Files;

/// <summary>A regular file in memory: pages that are there once they were written.</summary>
internal sealed partial class MemoryFile(MemoryFileSystem fileSystem, in NewFile file) : MemoryInode(fileSystem, file)
{
    private const int PageSize = MemoryFileSystem.PageSize;
    private readonly MemoryFileSystem _memory = fileSystem;

    /// <summary>By number; what is not here is zeroes. Not an array: a file may be cut to any length, and be all hole.</summary>
    private readonly Dictionary<long, byte[]> _pages = [];
    private long _size;

    public override FileType Type => FileType.Regular;

    protected override long Size => _size;

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        lock (Sync)
        {
            count = (int)Math.Clamp(_size - offset, 0, destination.Length);
            TouchAccessed();
            for (int done = 0; done < count;)
            {
                var (page, within) = Math.DivRem(offset + done, PageSize);
                var part = destination[done..Math.Min(count, done + PageSize - (int)within)];
                if (TryFind(page, out var octets)) octets.Slice((int)within, part.Length).CopyTo(part);
                else part.Clear();
                done += part.Length;
            }
        }

        return Errno.None;
    }

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        lock (Sync)
        {
            if (offset < 0) offset = _size;
            (count, end) = (0, offset);
            if (source.IsEmpty) return Errno.None;
            // write(2), EFBIG: at the largest size nothing can be written; before it, what fits.
            if (offset == long.MaxValue) return Errno.EFBIG;
            if (source.Length > long.MaxValue - offset) source = source[..(int)(long.MaxValue - offset)];
            while (count < source.Length)
            {
                var (page, within) = Math.DivRem(offset + count, PageSize);
                if (!TryGetPage(page, out var octets)) break;
                var part = source[count..Math.Min(source.Length, count + PageSize - (int)within)];
                part.CopyTo(octets[(int)within..]);
                count += part.Length;
            }

            // A partial write is a success; the next one says why there was no more.
            if (count == 0) return Errno.ENOSPC;
            end = offset + count;
            _size = Math.Max(_size, end);
            TouchModified();
        }

        return Errno.None;
    }

    public override Errno SetLength(long length)
    {
        lock (Sync)
        {
            if (length < _size) RemovePagesFrom(length);
            _size = length;
            TouchModified();
        }

        return Errno.None;
    }

    public override Errno Allocate(long offset, long length)
    {
        lock (Sync)
        {
            var (first, last) = (offset / PageSize, (offset + length - 1) / PageSize);
            // All or nothing: what is there already is counted once.
            if (!CouldHold(last - first + 1 - _pages.Count - _mappedPages)) return Errno.ENOSPC;
            Dictionary<long, object?> added = [];
            for (long page = first; page <= last; page++)
            {
                if (TryFind(page, out _)) continue;
                if (TryGetPage(page, out _))
                {
                    added.Add(page, null);
                    continue;
                }

                foreach (long undone in added.Keys) _pages.Remove(undone);
                _memory.ReleasePages(added.Count);
                return Errno.ENOSPC;
            }
        }

        return Errno.None;
    }

    protected override void Discard()
    {
        lock (Sync)
        {
            _memory.ReleasePages(_pages.Count);
            _pages.Clear();
            _pages.TrimExcess();
        }

        base.Discard();
    }

    private bool CouldHold(long pages) => pages <= _memory.GetSpace().FreeOctets / PageSize;

    private bool TryFind(long page, out Span<byte> octets)
    {
        if (page < _mappedPages) octets = MappedPage(page);
        else if (_pages.TryGetValue(page, out byte[]? own)) octets = own;
        else octets = default;
        return !octets.IsEmpty;
    }

    private bool TryGetPage(long page, out Span<byte> octets)
    {
        if (TryFind(page, out octets)) return true;
        if (!_memory.TryReservePages(1)) return false;
        byte[] own = new byte[PageSize];
        _pages.Add(page, own);
        octets = own;
        return true;
    }

    private void RemovePagesFrom(long length)
    {
        var (kept, within) = Math.DivRem(length, PageSize);
        // What is cut off must read as zeroes when the file grows again.
        if (within > 0 && TryFind(kept, out var octets)) octets[(int)within..].Clear();
        long first = within > 0 ? kept + 1 : kept;
        for (long page = first; page < _mappedPages; page++) MappedPage(page).Clear();
        int before = _pages.Count;
        // Removing while enumerating is what Dictionary allows.
        foreach (long page in _pages.Keys)
            if (page >= first) _pages.Remove(page);
        _memory.ReleasePages(before - _pages.Count);
    }
}
