using System.Runtime.InteropServices;

namespace Morgana.Files;

// A file that is mapped: its first pages lie in one piece of native memory instead of in arrays, so that the program's pointers and
// read(2) and write(2) meet the same octets.
internal sealed unsafe partial class MemoryFile
{
    private byte* _mapped;
    private long _mappedPages;
    private int _mappings;

    public override Errno Map(long length, bool writes, out nint address)
    {
        address = 0;
        lock (Sync)
        {
            long pages = (Math.Max(length, _size) + PageSize - 1) / PageSize;
            if (_mappings == 0)
            {
                var error = Gather(pages);
                if (error != Errno.None) return error;
            }
            else if ((length + PageSize - 1) / PageSize > _mappedPages)
            {
                // The program has pointers to what is there: it cannot move to where there is more room.
                return Errno.ENOMEM;
            }

            _mappings++;
            address = (nint)_mapped;
            return Errno.None;
        }
    }

    public override void Unmap(nint address, long length)
    {
        lock (Sync)
        {
            if (--_mappings == 0) Scatter();
        }
    }

    // Safe: page is less than _mappedPages, which is what was allocated; it is freed with Sync held, when nobody maps it any more.
    private Span<byte> MappedPage(long page) => new(_mapped + (page * PageSize), PageSize);

    private Errno Gather(long pages)
    {
        if (pages > int.MaxValue) return Errno.ENOMEM;
        long there = 0;
        foreach (long page in _pages.Keys)
            if (page < pages) there++;
        if (!_memory.TryReservePages(pages - there)) return Errno.ENOSPC;
        _mapped = (byte*)NativeMemory.AlignedAlloc((nuint)(pages * PageSize), PageSize);
        NativeMemory.Clear(_mapped, (nuint)(pages * PageSize));
        _mappedPages = pages;
        for (long page = 0; page < pages; page++)
            if (_pages.Remove(page, out byte[]? octets)) octets.CopyTo(MappedPage(page));
        return Errno.None;
    }

    private void Scatter()
    {
        // Behind the end a program may have written; that is not the file's.
        long kept = (_size + PageSize - 1) / PageSize;
        if (_size % PageSize is > 0 and var within && kept <= _mappedPages) MappedPage(kept - 1)[(int)within..].Clear();
        for (long page = 0; page < Math.Min(kept, _mappedPages); page++) _pages.Add(page, MappedPage(page).ToArray());
        _memory.ReleasePages(_mappedPages - Math.Min(kept, _mappedPages));
        NativeMemory.AlignedFree(_mapped);
        _mapped = null;
        _mappedPages = 0;
    }
}
