namespace Morgana.Files;

/// <summary>A regular file whose content is in a store, in pieces. What is not there is zeroes.</summary>
/// <remarks>Locks: the content's first, then the file system's tree, then the attributes'.</remarks>
internal sealed partial class StoredFile(StoreFileSystem fileSystem, in NewFile file, long size = 0) : MemoryInode(fileSystem, file)
{
    private const int PieceLength = StoreFileSystem.PieceLength;
    private readonly StoreJournal _journal = fileSystem.Journal;
    private readonly Lock _content = new();
    private long _size = size;

    public override FileType Type => FileType.Regular;

    protected override long Size => _size;

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        count = 0;
        try
        {
            lock (_content)
            {
                int most = (int)Math.Clamp(_size - offset, 0, destination.Length);
                for (int done = 0; done < most;)
                {
                    var (piece, within) = Math.DivRem(offset + done, PieceLength);
                    var part = destination[done..Math.Min(most, done + PieceLength - (int)within)];
                    if (!TryReadMapped(offset + done, part)) ReadPiece(piece, (int)within, part);
                    done += part.Length;
                }

                count = most;
            }

            lock (Sync) TouchAccessed();
            return Errno.None;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return _journal.Fail(e);
        }
    }

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        (count, end) = (0, offset);
        try
        {
            lock (_content)
            {
                if (offset < 0) end = offset = _size;
                if (source.IsEmpty) return Errno.None;
                // write(2), EFBIG: at the largest size nothing can be written; before it, what fits.
                if (offset == long.MaxValue) return Errno.EFBIG;
                if (source.Length > long.MaxValue - offset) source = source[..(int)(long.MaxValue - offset)];
                while (count < source.Length)
                {
                    // Each piece is a step of its own, so that what waits in memory stays bounded.
                    var error = _journal.Prepare();
                    if (error != Errno.None) return count > 0 ? Errno.None : error;
                    int within = (int)((offset + count) % PieceLength);
                    var part = source[count..Math.Min(source.Length, count + PieceLength - within)];
                    if (!TryWritePart(offset + count, part)) break;
                    count += part.Length;
                    end = offset + count;
                }
            }

            // A partial write is a success; the next one says why there was no more.
            return count > 0 ? Errno.None : Errno.ENOSPC;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return count > 0 ? Errno.None : _journal.Fail(e);
        }
    }

    public override Errno SetLength(long length)
    {
        try
        {
            lock (_content)
            {
                var error = _journal.Prepare();
                if (error != Errno.None) return error;
                var (kept, within) = Math.DivRem(length, PieceLength);
                // What is cut off must read as zeroes when the file grows again.
                var last = length < _size && within > 0 ? _journal.Get(Key(kept)) : default;
                lock (fileSystem.Tree)
                {
                    if (length < _size) RemovePiecesFrom(within > 0 ? kept + 1 : kept);
                    if (last.Length > within) _journal.Set(Key(kept), last[..(int)within].ToArray());
                    Resize(length);
                }

                CutMapped(length);
            }

            return Errno.None;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return _journal.Fail(e);
        }
    }

    // posix_fallocate's promise is not kept: a store has no space of a file's own. But what could never fit is said now.
    public override Errno Allocate(long offset, long length)
    {
        lock (fileSystem.Tree) return _journal.HasRoom(length) ? Errno.None : Errno.ENOSPC;
    }

    public override Errno Flush()
    {
        try
        {
            lock (_content)
            {
                var error = StoreMapped();
                if (error != Errno.None) return error;
            }

            return _journal.Commit();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return _journal.Fail(e);
        }
    }

    private Morgana.Storage.StoreKey Key(long piece) => StoreFileSystem.PieceKey(Number, piece);

    private void ReadPiece(long piece, int within, Span<byte> destination)
    {
        var octets = _journal.Get(Key(piece)).Span;
        if (octets.Length > PieceLength) throw new Morgana.Storage.StoreException(Morgana.Storage.StoreError.Damaged, $"A piece of file {Number} has {octets.Length} octets.");
        int count = Math.Clamp(octets.Length - within, 0, destination.Length);
        if (count > 0) octets.Slice(within, count).CopyTo(destination);
        destination[count..].Clear();
    }

    /// <summary>Writes within one piece.</summary>
    private bool TryWritePart(long offset, ReadOnlySpan<byte> part)
    {
        bool inMemory = TryWriteMapped(offset, part);
        var (piece, within) = Math.DivRem(offset, PieceLength);
        // What is replaced whole need not be read.
        var old = inMemory || (within == 0 && part.Length == PieceLength) ? default : _journal.Get(Key(piece));
        lock (fileSystem.Tree)
        {
            if (!inMemory && !_journal.TryWrite(Key(piece), old, (int)within, part, PieceLength)) return false;
            Resize(Math.Max(_size, offset + part.Length));
        }

        return true;
    }

    private void RemovePiecesFrom(long first)
    {
        foreach (Morgana.Storage.StoreKey key in _journal.KeysIn(StoreFileSystem.ContentKey(Number)))
            if (long.Parse(key.Name, System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture) >= first) _journal.Remove(key);
    }

    // With the tree held: the record goes with the content it belongs to, in one batch.
    private void Resize(long length)
    {
        lock (Sync)
        {
            _size = length;
            TouchModified();
        }

        Memory.Changed(this);
    }
}
