namespace Morgana.Storage;

public sealed partial class LogStore
{
    /// <summary>The octets of a compaction's commits: so many sectors that their headers and paddings weigh little.</summary>
    private long ChunkLength => Math.Max(256 << 10, 64L * _sectorSize);

    /// <summary>Whether a compaction would make room enough: what it cannot free, it need not look for.</summary>
    private void CheckWorthCompacting(long length)
    {
        // Each chunk but the last, together with the next one, is longer than ChunkLength; each costs a header and less than a sector.
        long chunks = (2 * _live / ChunkLength) + 1;
        long copied = SectorsOf(_live + (chunks * (LogCommitHeader.Size + _sectorSize)));
        if (copied + SectorsOf(length) > HalfSectors) throw NoSpace(length);
    }

    /// <summary>Copies what lives to the other half, and makes that the log.</summary>
    /// <remarks>
    /// The old half stays in force until the new superblock is on disk, and that is written only when the copy is: whenever the power is cut, one
    /// of the two is whole. The new salt keeps commits of an earlier attempt, which lie in the same place, from being taken for this one's.
    /// </remarks>
    private async ValueTask CompactAsync()
    {
        List<Kept<Entry>> living;
        lock (_lock) living = _tree.ValuesIn(StoreKey.Root);
        // In the order in which they lie there: the device is read forwards.
        living.Sort((a, b) => a.Value.Offset.CompareTo(b.Value.Offset));

        var next = new LogSuperblock(_superblock.Generation + 1, _options.Random(), HalfSectors);
        var copy = new Copy(this, next);
        foreach (var kept in living) await copy.AddAsync(kept).ConfigureAwait(false);
        await copy.FinishAsync().ConfigureAwait(false);
        await _device.FlushAsync().ConfigureAwait(false);

        _failed = true;                                     // From here on, which half is in force is not known until it is written.
        await WriteSuperblockAsync(next).ConfigureAwait(false);
        _failed = false;
        lock (_lock) (_tree, _superblock, _tail, _number, _previous) = (copy.Tree, next, copy.Tail, copy.Number, copy.Previous);
    }

    private async ValueTask WriteSuperblockAsync(LogSuperblock superblock)
    {
        byte[] sector = new byte[_sectorSize];
        superblock.WriteTo(sector);
        // One after the other: while one is torn, the other is whole.
        for (int i = 0; i < LogSuperblock.Sectors; i++)
        {
            await _device.WriteAsync(i, sector).ConfigureAwait(false);
            await _device.FlushAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A log in the making: values that are gathered to large commits.</summary>
    private sealed class Copy(LogStore store, LogSuperblock superblock)
    {
        private readonly List<Kept<Entry>> _gathered = [];
        private long _length = LogCommitHeader.Size;

        public KeyTree<Entry> Tree { get; } = new();

        public long Tail { get; private set; } = superblock.Start;

        public long Number { get; private set; }

        public uint Previous { get; private set; }

        public async ValueTask AddAsync(Kept<Entry> kept)
        {
            long length = LogEntry.LengthOf(kept.Key, kept.Value.Length);
            if (_length + length > store.ChunkLength) await FinishAsync().ConfigureAwait(false);
            _gathered.Add(kept);
            _length += length;
        }

        public async ValueTask FinishAsync()
        {
            if (_gathered.Count == 0) return;
            byte[] commit = new byte[store.SectorsOf(_length) * store._sectorSize];
            int at = LogCommitHeader.Size;
            foreach (var kept in _gathered)
            {
                var (key, old) = (kept.Key, kept.Value);
                var entry = new LogEntry(LogEntryKind.Set, key, old.Length, old.Checksum, old.Modified);
                at += entry.WriteTo(commit.AsSpan(at));
                await store._device.ReadOctetsAsync(old.Offset, commit.AsMemory(at, old.Length), CancellationToken.None).ConfigureAwait(false);
                // A damaged value is not to get a commit's right checksum around it.
                if (Crc32C.Of(commit.AsSpan(at, old.Length)) != old.Checksum) throw new StoreException(StoreError.Damaged, $"The value of '{key}' does not match its checksum.");
                Tree.Set(key, new((Tail * store._sectorSize) + at, old.Length, old.Checksum, old.Modified));
                at += old.Length;
            }

            Previous = LogCommitHeader.Write(commit.AsSpan(0, at), Previous, superblock.Salt, ++Number);
            await store._device.WriteAsync(Tail, commit).ConfigureAwait(false);
            Tail += commit.Length / store._sectorSize;
            _gathered.Clear();
            _length = LogCommitHeader.Size;
        }
    }
}
