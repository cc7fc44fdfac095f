using System.Runtime.InteropServices;

namespace Morgana.Files;

// A file that is mapped for sharing: its beginning lies in native memory, where the program's pointers and read(2) and write(2) meet. It goes
// back to the store when it is flushed, and when the last mapping ends.
internal sealed unsafe partial class StoredFile
{
    private const int PageSize = 4096;
    private byte* _mapped;
    private long _mappedLength;
    private int _mappings;

    public override Errno Map(long length, bool writes, out nint address)
    {
        address = 0;
        try
        {
            lock (_content)
            {
                if (_mappings == 0)
                {
                    // Whole pieces, so that no read or write is half in memory.
                    long all = (Math.Max(length, _size) + PieceLength - 1) / PieceLength * PieceLength;
                    if (all > int.MaxValue || !fileSystem.TryReserveMapped(all)) return Errno.ENOMEM;
                    byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)all, PageSize);
                    try
                    {
                        for (long at = 0; at < all; at += PieceLength) ReadPiece(at / PieceLength, 0, new(memory + at, PieceLength));
                    }
                    catch
                    {
                        NativeMemory.AlignedFree(memory);
                        fileSystem.ReleaseMapped(all);
                        throw;
                    }

                    _mapped = memory;
                    _mappedLength = all;
                }
                else if (length > _mappedLength)
                {
                    // The program has pointers to what is there: it cannot move to where there is more room.
                    return Errno.ENOMEM;
                }

                _mappings++;
                address = (nint)_mapped;
                return Errno.None;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return _journal.Fail(e);
        }
    }

    public override void Unmap(nint address, long length)
    {
        lock (_content)
        {
            if (--_mappings > 0) return;
            try
            {
                StoreMapped();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _journal.Fail(e);
            }

            NativeMemory.AlignedFree(_mapped);
            fileSystem.ReleaseMapped(_mappedLength);
            _mapped = null;
            _mappedLength = 0;
        }
    }

    // Safe: with the content's lock held, below _mappedLength, which is what was allocated; it is freed with that lock, when nobody maps it.
    private bool TryReadMapped(long offset, Span<byte> destination)
    {
        if (offset + destination.Length > _mappedLength) return false;
        new ReadOnlySpan<byte>(_mapped + offset, destination.Length).CopyTo(destination);
        return true;
    }

    private bool TryWriteMapped(long offset, ReadOnlySpan<byte> part)
    {
        if (offset + part.Length > _mappedLength) return false;
        part.CopyTo(new(_mapped + offset, part.Length));
        return true;
    }

    private void CutMapped(long length)
    {
        if (length < _mappedLength) new Span<byte>(_mapped + length, (int)(_mappedLength - length)).Clear();
    }

    /// <summary>What has become of the pieces in memory, to the journal. What lies behind the end is not the file's.</summary>
    private Errno StoreMapped()
    {
        for (long at = 0; at < Math.Min(_mappedLength, _size); at += PieceLength)
        {
            var error = _journal.Prepare();
            if (error != Errno.None) return error;
            var now = new ReadOnlySpan<byte>(_mapped + at, (int)Math.Min(PieceLength, Math.Min(_mappedLength, _size) - at));
            var old = _journal.Get(Key(at / PieceLength));
            var kept = now.TrimEnd((byte)0);
            if (kept.Length <= old.Length && old.Span[..kept.Length].SequenceEqual(kept) && !old.Span[kept.Length..].ContainsAnyExcept((byte)0)) continue;
            lock (fileSystem.Tree)
            {
                if (!_journal.TryWrite(Key(at / PieceLength), old, 0, now, PieceLength)) return Errno.ENOSPC;
                Resize(_size);
            }
        }

        return Errno.None;
    }
}
