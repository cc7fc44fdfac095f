using System.Runtime.CompilerServices;

namespace Morgana.Core;

/// <summary>What a device is asked to finish in a packet, or says that it has checked (architecture.md, "Devices").</summary>
public struct OffloadMetadata
{
    /// <summary>Received: the device has verified the transport checksum, so the stack need not.</summary>
    public bool ChecksumVerified;

    /// <summary>To send: where the device starts to sum, from the packet's first octet; 0 where nothing is asked for.</summary>
    public ushort ChecksumStart;

    /// <summary>To send: where, from <see cref="ChecksumStart"/>, it stores the checksum.</summary>
    public ushort ChecksumOffset;

    /// <summary>To send: the payload of each segment that the device cuts, or 0.</summary>
    public ushort SegmentSize;
}

/// <summary>
/// A packet on its way up or down: a first block, in which headers are pushed and pulled in place, and the blocks behind it if the packet is
/// longer, up to 64 KB.
/// </summary>
/// <remarks>
/// <code>
/// first block:  | headroom | data ........ | room |     next blocks:  | data ... | room |
///                 ^Prepend   ^TrimStart      ^Append
/// </code>
/// It has one owner at a time: whoever is handed a packet must hand it on or <see cref="Release"/> it. Loop's thread only.
/// </remarks>
public sealed unsafe class PacketBuffer
{
    /// <summary>Room for the headers of every layer, TCP options and an offload header included.</summary>
    public const int Headroom = 128;

    /// <summary>The longest packet: IP's 65,535 octets behind an Ethernet header with a VLAN tag.</summary>
    public const int MaxLength = 65535 + 18;

    private readonly BufferPool _pool;
    private PoolBlock _first = null!;
    private PoolBlock _last = null!;
    private bool _rented;

    internal PacketBuffer(BufferPool pool) => _pool = pool;

    /// <summary>Octets in the packet.</summary>
    public int Length { get; private set; }

    /// <summary>What devices are asked for or have said.</summary>
    public OffloadMetadata Offload;

    /// <summary>When the packet was taken from its device.</summary>
    public Instant ReceivedAt { get; set; }

    /// <summary>Whether all octets lie in the first block.</summary>
    public bool IsContiguous => ReferenceEquals(_first, _last);

    /// <summary>The first block, from which <see cref="PoolBlock.NextBlock"/> leads through the packet. For devices and copies.</summary>
    public PoolBlock FirstBlock => _first;

    /// <summary>The octets in the first block: all of them if <see cref="IsContiguous"/>. Headers are read and written here.</summary>
    public Span<byte> Span => _first.Data;

    /// <summary>The pool that the packet came from.</summary>
    public BufferPool Pool => _pool;

    /// <summary>What it costs while it waits: the octets of its blocks, however little of them is used.</summary>
    public int MemorySize
    {
        get
        {
            int size = 0;
            for (PoolBlock? block = _first; block is not null; block = block.NextBlock) size += PoolBlock.Size;
            return size;
        }
    }

    /// <summary>Makes room for <paramref name="count"/> octets in front and returns it, uncleared.</summary>
    /// <exception cref="InvalidOperationException">The headroom is used up: a mistake of ours.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Prepend(int count)
    {
        if (count > _first.Start) ThrowNoRoom();
        _first.Start -= count;
        Length += count;
        return new(_first.Pointer + _first.Start, count);
    }

    /// <summary>Takes <paramref name="count"/> octets off the front: a header that has been read. Blocks that are passed go back to the pool.</summary>
    /// <remarks>A first block whose octets are all taken stays, as headroom for an answer; <see cref="TryPullUp"/> fills it again.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void TrimStart(int count)
    {
        if ((uint)count > (uint)Length) ThrowNoRoom();
        Length -= count;
        if (count > _first.Length) count = DropBlocks(count);
        _first.Start += count;
    }

    private int DropBlocks(int count)
    {
        while (count > _first.Length)
        {
            count -= _first.Length;
            var spent = _first;
            _first = spent.NextBlock!;
            _pool.Return(spent);
        }

        return count;
    }

    /// <summary>Cuts the packet to its first <paramref name="length"/> octets: what follows is padding.</summary>
    public void Truncate(int length)
    {
        if ((uint)length > (uint)Length) ThrowNoRoom();
        Length = length;
        var block = _first;
        while (length > block.Length)
        {
            length -= block.Length;
            block = block.NextBlock!;
        }

        block.End = block.Start + length;
        var spare = block.NextBlock;
        block.NextBlock = null;
        _last = block;
        while (spare is not null)
        {
            var next = spare.NextBlock;
            _pool.Return(spare);
            spare = next;
        }
    }

    /// <summary>Makes room for up to <paramref name="count"/> octets behind the data within the last block and returns it, uncleared. Never spans blocks.</summary>
    /// <returns>As much as fits into the last block and into <see cref="MaxLength"/>; add a block with <see cref="TryExtend"/> for the rest.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Append(int count)
    {
        count = Math.Min(count, Math.Min(PoolBlock.Size - _last.End, MaxLength - Length));
        var room = new Span<byte>(_last.Pointer + _last.End, count);
        _last.End += count;
        Length += count;
        return room;
    }

    /// <summary>Appends <paramref name="bytes"/>, in further blocks if need be.</summary>
    /// <returns>False when the pool is empty or the packet would be longer than <see cref="MaxLength"/>; the packet is then to be released.</returns>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var room = Append(bytes.Length);
            bytes[..room.Length].CopyTo(room);
            bytes = bytes[room.Length..];
            if (bytes.IsEmpty) return true;
            if (!TryExtend()) return false;
        }
    }

    /// <summary>Adds an empty block at the end.</summary>
    /// <returns>False when the pool is empty or the packet is at <see cref="MaxLength"/>.</returns>
    public bool TryExtend()
    {
        if (Length >= MaxLength || !_pool.TryRentBlock(out var block)) return false;
        _last.NextBlock = block;
        _last = block;
        return true;
    }

    /// <summary>Takes over another packet of the same pool, whose octets follow this one's. The other one is gone afterwards.</summary>
    /// <returns>False, and nothing has changed, when the packet would be longer than <see cref="MaxLength"/>.</returns>
    public bool TryJoin(PacketBuffer tail)
    {
        if (!tail._rented || !ReferenceEquals(tail._pool, _pool)) ThrowReleased();
        if (tail.Length > MaxLength - Length) return false;
        _last.NextBlock = tail._first;
        _last = tail._last;
        Length += tail.Length;
        tail._rented = false;
        _pool.ReturnPacket(tail);
        return true;
    }

    /// <summary>Moves data so that the first <paramref name="count"/> octets lie in the first block, where headers can be read.</summary>
    /// <remarks>It keeps the headroom where it can, and shortens it where the octets would not fit behind it.</remarks>
    /// <returns>False if the packet is shorter, or no block is that long.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPullUp(int count) => count <= _first.Length || MoveUp(count);

    private bool MoveUp(int count)
    {
        if (count > Length || count > PoolBlock.Size) return false;
        if (count > PoolBlock.Size - _first.Start)
        {
            int start = Math.Min(Headroom, PoolBlock.Size - count);
            int length = _first.Length;
            _first.Data.CopyTo(new(_first.Pointer + start, length));
            _first.Start = start;
            _first.End = start + length;
        }

        while (_first.Length < count)
        {
            var next = _first.NextBlock!;
            int n = Math.Min(next.Length, count - _first.Length);
            next.Data[..n].CopyTo(_first.Room);
            _first.End += n;
            next.Start += n;
            if (next.Length > 0) continue;
            _first.NextBlock = next.NextBlock;
            if (ReferenceEquals(_last, next)) _last = _first;
            _pool.Return(next);
        }

        return true;
    }

    /// <summary>Copies the octets from <paramref name="offset"/> on into <paramref name="destination"/>, filling it.</summary>
    public void CopyTo(int offset, Span<byte> destination)
    {
        if (offset < 0 || destination.Length > Length - offset) ThrowNoRoom();
        for (var block = _first; destination.Length > 0; block = block.NextBlock!)
        {
            int skip = Math.Min(offset, block.Length);
            offset -= skip;
            int n = Math.Min(block.Length - skip, destination.Length);
            block.Data.Slice(skip, n).CopyTo(destination);
            destination = destination[n..];
        }
    }

    /// <summary>The partial checksum over the octets from <paramref name="offset"/> to the end (<see cref="InternetChecksum"/>).</summary>
    public ulong Sum(int offset = 0, ulong initial = 0)
    {
        if (IsContiguous) return InternetChecksum.Sum(_first.Data[offset..], initial);
        ulong sum = initial;
        int position = 0;
        for (var block = _first; block is not null; block = block.NextBlock)
        {
            int skip = Math.Min(offset, block.Length);
            offset -= skip;
            sum = InternetChecksum.Combine(sum, InternetChecksum.Sum(block.Data[skip..]), position);
            position += block.Length - skip;
        }

        return sum;
    }

    /// <summary>Gives the packet's memory back to the pool. The packet must not be used afterwards.</summary>
    /// <exception cref="InvalidOperationException">It was released before: a mistake of ours.</exception>
    public void Release()
    {
        if (!_rented) ThrowReleased();
        _rented = false;
        for (PoolBlock? block = _first; block is not null;)
        {
            var next = block.NextBlock;
            _pool.Return(block);
            block = next;
        }

        _pool.ReturnPacket(this);
    }

    /// <summary>Like <see cref="Release"/>, from another thread than the pool's loop. The packet's descriptor is left to the collector: for rare paths, such as unplugging.</summary>
    /// <exception cref="InvalidOperationException">It was released before: a mistake of ours.</exception>
    public void ReleaseShared()
    {
        if (!_rented) ThrowReleased();
        _rented = false;
        for (PoolBlock? block = _first; block is not null;)
        {
            var next = block.NextBlock;
            _pool.ReturnShared(block);
            block = next;
        }

        _pool.Observer?.Returned(this);
    }

    internal void Begin(PoolBlock block, int headroom)
    {
        block.Start = block.End = headroom;
        _first = _last = block;
        _rented = true;
        Length = 0;
        Offload = default;
        ReceivedAt = default;
    }

    private static void ThrowNoRoom() => throw new InvalidOperationException("The packet has not that many octets, or not that much room.");

    private static void ThrowReleased() => throw new InvalidOperationException("The packet was released before.");
}
