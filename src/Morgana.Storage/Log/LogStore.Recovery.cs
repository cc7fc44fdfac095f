namespace Morgana.Storage;

public sealed partial class LogStore
{
    /// <summary>How far behind the log's end is looked for commits which would mean that it is not the end, but damage.</summary>
    private const int LookAhead = 1 << 20;

    private async ValueTask RecoverAsync(CancellationToken cancel)
    {
        if (!await TryReadSuperblocksAsync(cancel).ConfigureAwait(false)) await FormatAsync().ConfigureAwait(false);
        _tail = _superblock.Start;
        while (await TryReadCommitAsync(_tail, cancel).ConfigureAwait(false) is { } commit)
        {
            LogCommitHeader.TryRead(commit.Span, _superblock.Salt, out var header);
            if (header.Number != _number + 1 || header.Previous != _previous) break;
            Replay(commit.Span, _tail * _sectorSize);
            (_previous, _number, _tail) = (header.Checksum, header.Number, _tail + SectorsOf(commit.Length));
        }

        await CheckEndAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Finds the newest superblock, and mends the other one if it is older or torn. False on a device of zeroes.</summary>
    private async ValueTask<bool> TryReadSuperblocksAsync(CancellationToken cancel)
    {
        byte[] sectors = new byte[LogSuperblock.Sectors * _sectorSize];
        await _device.ReadAsync(0, sectors, cancel).ConfigureAwait(false);
        int found = 0;
        bool differ = false;
        for (int i = 0; i < LogSuperblock.Sectors; i++)
        {
            if (!LogSuperblock.TryRead(sectors.AsSpan(i * _sectorSize, _sectorSize), out var superblock) || superblock.Generation < 1) continue;
            differ = found > 0 && superblock != _superblock;
            if (found++ == 0 || superblock.Generation > _superblock.Generation) _superblock = superblock;
        }

        if (found > 0)
        {
            if (_superblock.HalfSectors == HalfSectors)
            {
                if (differ || found < LogSuperblock.Sectors) await WriteSuperblockAsync(_superblock).ConfigureAwait(false);
                return true;
            }

            throw new StoreException(StoreError.Damaged, $"The store was made for a device of {(2 * _superblock.HalfSectors) + LogSuperblock.Sectors} sectors; this one has {_device.Geometry.SectorCount}.");
        }

        if (!_options.FormatIfEmpty || sectors.AsSpan().ContainsAnyExcept((byte)0)) throw new StoreException(StoreError.Damaged, "The device does not hold a log store, or its first sectors are damaged.");
        return false;
    }

    private async ValueTask FormatAsync()
    {
        _superblock = new(1, _options.Random(), HalfSectors);
        await WriteSuperblockAsync(_superblock).ConfigureAwait(false);
    }

    /// <summary>The commit of this log that begins at a sector, without its padding; null if there is no whole one.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> TryReadCommitAsync(long sector, CancellationToken cancel)
    {
        long end = _superblock.Start + HalfSectors;
        if (sector >= end) return null;
        // Most commits are short: so one request mostly reads all.
        long first = Math.Min(end - sector, Math.Max(1, 4096 / _sectorSize));
        byte[] octets = new byte[first * _sectorSize];
        await _device.ReadAsync(sector, octets, cancel).ConfigureAwait(false);
        if (!LogCommitHeader.TryRead(octets, _superblock.Salt, out var header)) return null;
        // Every length is a lie until checked.
        long length = (long)LogCommitHeader.Size + header.Length;
        if (SectorsOf(length) > end - sector || length > Array.MaxLength - _sectorSize) return null;
        if (length > octets.Length)
        {
            Array.Resize(ref octets, (int)SectorsOf(length) * _sectorSize);
            await _device.ReadAsync(sector + first, octets.AsMemory((int)first * _sectorSize), cancel).ConfigureAwait(false);
        }

        return Crc32C.Of(octets.AsSpan(8, (int)length - 8)) == header.Checksum ? octets.AsMemory(0, (int)length) : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>
    /// A commit is begun only when the one before is on disk. So behind a torn commit there is none: if there is, the log did not end here, but
    /// was damaged.
    /// </summary>
    private async ValueTask CheckEndAsync(CancellationToken cancel)
    {
        long end = Math.Min(_superblock.Start + HalfSectors, _tail + SectorsOf(LookAhead));
        byte[] octets = new byte[64 * _sectorSize];
        for (long sector = _tail; sector < end;)
        {
            int count = (int)Math.Min(64, end - sector);
            await _device.ReadAsync(sector, octets.AsMemory(0, count * _sectorSize), cancel).ConfigureAwait(false);
            for (int i = 0; i < count; i++)
            {
                if (!LogCommitHeader.TryRead(octets.AsSpan(i * _sectorSize), _superblock.Salt, out var header)) continue;
                if (sector + i == _tail) TornOctets = header.Length;
                else if (header.Number > _number && await TryReadCommitAsync(sector + i, cancel).ConfigureAwait(false) is not null)
                    throw new StoreException(StoreError.Damaged, $"The log is damaged at sector {_tail}: commit {header.Number} follows at sector {sector + i}, and those from {_number + 1} on do not.");
            }

            sector += count;
        }
    }
}
