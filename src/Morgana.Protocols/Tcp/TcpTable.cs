using System.Runtime.CompilerServices;
using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>The four numbers that name a connection. Compared by hand: the generated equality of records costs five times as much.</summary>
internal readonly struct TcpTuple
{
    public readonly ulong RemoteHigh, RemoteLow, LocalHigh, LocalLow;
    public readonly uint Ports;

    public TcpTuple(IpAddress local, ushort localPort, IpAddress remote, ushort remotePort)
    {
        (RemoteHigh, RemoteLow) = (remote.High, remote.Low);
        (LocalHigh, LocalLow) = (local.High, local.Low);
        Ports = ((uint)remotePort << 16) | localPort;
    }

    // Tuples never mix versions: the stack refuses that.
    public bool IsIpv4 => RemoteHigh == 0 && RemoteLow >> 32 == 0xFFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(in TcpTuple other) =>
        Ports == other.Ports && RemoteLow == other.RemoteLow && LocalLow == other.LocalLow &&
        RemoteHigh == other.RemoteHigh && LocalHigh == other.LocalHigh;
}

/// <summary>Finds connections by their tuple: open addressing with linear probing and a keyed hash.</summary>
internal sealed class TcpTable(ReadOnlySpan<byte> key)
{
    private readonly SipHash _hash = new(key);
    private Entry[] _entries = new Entry[64];

    public int Count { get; private set; }

    public uint Hash(in TcpTuple tuple) => (uint)_hash.Hash13(tuple);

    public TcpControlBlock? Find(in TcpTuple tuple, uint hash)
    {
        var entries = _entries;
        for (uint i = hash & (uint)(entries.Length - 1); ; i = (i + 1) & (uint)(entries.Length - 1))
        {
            ref var entry = ref entries[i];
            if (entry.Block is null) return null;
            if (entry.Hash == hash && entry.Block.Tuple.Matches(tuple)) return entry.Block;
        }
    }

    public void Add(TcpControlBlock block)
    {
        if (2 * (Count + 1) > _entries.Length) Grow();
        Place(_entries, new() { Hash = block.TupleHash, Block = block });
        Count++;
    }

    public void Remove(TcpControlBlock block)
    {
        uint mask = (uint)(_entries.Length - 1), hole = block.TupleHash & mask;
        while (!ReferenceEquals(_entries[hole].Block, block)) hole = (hole + 1) & mask;
        // Close the gap: an entry moves into the hole unless that would put it before its home.
        for (uint i = (hole + 1) & mask; _entries[i].Block is not null; i = (i + 1) & mask)
        {
            if (((i - _entries[i].Hash) & mask) < ((i - hole) & mask)) continue;
            _entries[hole] = _entries[i];
            hole = i;
        }

        _entries[hole] = default;
        Count--;
    }

    /// <summary>All of them, in no order. For statistics: it allocates.</summary>
    public TcpControlBlock[] All()
    {
        var all = new List<TcpControlBlock>(Count);
        foreach (var entry in _entries)
            if (entry.Block is { } block) all.Add(block);
        return [.. all];
    }

    private void Grow()
    {
        var grown = new Entry[_entries.Length * 2];
        foreach (ref readonly var entry in _entries.AsSpan())
            if (entry.Block is not null) Place(grown, entry);
        _entries = grown;
    }

    private static void Place(Entry[] entries, in Entry entry)
    {
        uint mask = (uint)(entries.Length - 1), i = entry.Hash & mask;
        while (entries[i].Block is not null) i = (i + 1) & mask;
        entries[i] = entry;
    }

    private struct Entry
    {
        public uint Hash;
        public TcpControlBlock? Block;
    }
}
