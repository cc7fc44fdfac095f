namespace Morgana.Drivers.Virtio;

/// <summary>Takes what was asked for apart into requests that the device takes, some at a time.</summary>
/// <param name="operation">Reading or writing.</param>
/// <param name="sector">The first sector, of 512 octets.</param>
/// <param name="pieces">The memory, piece by piece. What is read into has to have been <see cref="Memory{T}"/>.</param>
/// <param name="most">Octets in one request at most: a number of sectors.</param>
internal struct BlockSplitter(BlockOperation operation, long sector, IReadOnlyList<ReadOnlyMemory<byte>> pieces, int most)
{
    private int _piece, _at;

    /// <summary>The next requests, at most so many. Nothing at the end.</summary>
    public BlockRequest[] Next(int count)
    {
        var requests = new List<BlockRequest>();
        while (requests.Count < count && NextMemory() is { Length: > 0 } memory)
        {
            long sectors = BlockRequest.LengthOf(memory) / BlockRequest.SectorSize;
            requests.Add(new(operation, sector, sectors, memory));
            sector += sectors;
        }

        return [.. requests];
    }

    private ReadOnlyMemory<byte>[] NextMemory()
    {
        var memory = new List<ReadOnlyMemory<byte>>();
        for (int left = most; left > 0 && _piece < pieces.Count;)
        {
            var rest = pieces[_piece][_at..];
            var taken = rest[..Math.Min(rest.Length, left)];
            if (!taken.IsEmpty) memory.Add(taken);
            left -= taken.Length;
            _at += taken.Length;
            if (taken.Length < rest.Length) continue;
            _piece++;
            _at = 0;
        }

        return [.. memory];
    }
}
