using System.Diagnostics.CodeAnalysis;
using Morgana.Core;

namespace Morgana.Protocols.Ip;

/// <summary>What tells the fragments of one packet from those of others (RFC 791 3.2).</summary>
/// <param name="Source">The sender.</param>
/// <param name="Destination">The receiver.</param>
/// <param name="Protocol">What it carries.</param>
/// <param name="Identification">The sender's number for it.</param>
public readonly record struct FragmentKey(Ipv4Address Source, Ipv4Address Destination, byte Protocol, ushort Identification);

/// <summary>Puts fragmented IPv4 packets together again, within limits.</summary>
/// <remarks>
/// Fragments wait in their own packet buffers, linked in the order of their offsets; a packet is whole when the first begins at 0, each
/// begins where the one before ends, and the last is there: RFC 815's holes, seen from the other side. Loop's thread only.
/// </remarks>
public sealed class Ipv4Reassembler
{
    private readonly ReassemblyOptions _options;
    private readonly DropCounters _drops;
    private readonly Entry[] _entries;
    private readonly Queue<PacketBuffer> _expired = new();
    private int _count;

    private readonly record struct Fragment(int Offset, int HeaderLength, PacketBuffer Packet)
    {
        public int End => Offset + Packet.Length;
    }

    private sealed class Entry
    {
        public FragmentKey Key;
        public bool IsUsed;
        public bool IsPoisoned;     // Overlaps were found: all that still comes of it is dropped (RFC 5722 4).
        public Instant Deadline;
        public int Total;           // Octets in the whole payload, -1 while the last fragment is missing.
        public int Received;
        public int Octets;
        public readonly List<Fragment> Fragments = new(8);
    }

    /// <summary>A reassembler without fragments.</summary>
    public Ipv4Reassembler(ReassemblyOptions options, DropCounters drops)
    {
        _options = options;
        _drops = drops;
        _entries = new Entry[options.Packets];
        for (int i = 0; i < _entries.Length; i++) _entries[i] = new();
    }

    /// <summary>Packets that wait for fragments, or whose late fragments are still refused.</summary>
    public int Count => _count;

    /// <summary>Octets of pool blocks that wait.</summary>
    public int Octets { get; private set; }

    /// <summary>Packets that were put together.</summary>
    public long Reassembled { get; private set; }

    /// <summary>When <see cref="HandleTimeouts"/> is to be called.</summary>
    public Instant NextTimeout { get; private set; } = Instant.Never;

    /// <summary>Takes a fragment over, which begins behind its IP header; the header's octets still stand in front, in the headroom.</summary>
    /// <param name="key">Whose fragment.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="moreFragments">Whether it is not the last.</param>
    /// <param name="headerLength">Octets of its IP header.</param>
    /// <param name="fragment">The payload; the reassembler owns it now.</param>
    /// <param name="now">The time.</param>
    /// <param name="whole">The whole payload, its first fragment's IP header still in front, or null: wait for more. The caller owns it.</param>
    /// <param name="wholeHeaderLength">Octets of that header.</param>
    /// <returns>Why the fragment was dropped (and counted), or none.</returns>
    public DropReason HandleFragment(
        in FragmentKey key, int offset, bool moreFragments, int headerLength, PacketBuffer fragment, Instant now,
        out PacketBuffer? whole, out int wholeHeaderLength)
    {
        whole = null;
        wholeHeaderLength = 0;
        int length = fragment.Length, end = offset + length;
        // Empty, misaligned in the middle, or beyond what a packet can hold with its header ("ping of death").
        if (length == 0 || (moreFragments && (length & 7) != 0) || end > 65535 - headerLength) return Drop(DropReason.BadFragment, fragment);

        var entry = Find(key) ?? Begin(key, now);
        if (entry.IsPoisoned) return Drop(DropReason.FragmentOverlap, fragment);
        if (entry.Total >= 0 && (end > entry.Total || (!moreFragments && end != entry.Total))) return Poison(entry, DropReason.BadFragment, fragment);
        if (!moreFragments && entry.Fragments.Count > 0 && entry.Fragments[^1].End > end) return Poison(entry, DropReason.BadFragment, fragment);

        int at = entry.Fragments.Count;
        while (at > 0 && entry.Fragments[at - 1].Offset > offset) at--;
        if (at > 0 && entry.Fragments[at - 1].Offset == offset && entry.Fragments[at - 1].Packet.Length == length)
            return Drop(DropReason.Duplicate, fragment); // The network's own copy: RFC 8200 4.5 lets it be ignored.
        // RFC 5722 4: if any fragments overlap, the whole packet is dropped, and what is still to come of it.
        bool overlaps = (at > 0 && entry.Fragments[at - 1].End > offset) || (at < entry.Fragments.Count && entry.Fragments[at].Offset < end);
        if (overlaps) return Poison(entry, DropReason.FragmentOverlap, fragment);

        int cost = fragment.MemorySize;
        if (entry.Fragments.Count >= _options.FragmentsPerPacket || entry.Octets + cost > _options.OctetsPerPacket)
            return Poison(entry, DropReason.ReassemblyLimit, fragment);
        while (!HasRoomFor(fragment, cost) && Oldest(except: entry) is { } oldest) Evict(oldest);
        if (!HasRoomFor(fragment, cost)) return Poison(entry, DropReason.ReassemblyLimit, fragment);

        if (!moreFragments) entry.Total = end;
        entry.Fragments.Insert(at, new(offset, headerLength, fragment));
        entry.Received += length;
        entry.Octets += cost;
        Octets += cost;
        if (entry.Received == entry.Total) return Complete(entry, out whole, out wholeHeaderLength);
        return DropReason.None;
    }

    // What waits for fragments leaves three quarters of a small pool, and all of its reserve, to others.
    private bool HasRoomFor(PacketBuffer fragment, int cost) =>
        Octets + cost <= Math.Min(_options.Octets, fragment.Pool.Capacity / 4 * PoolBlock.Size) && fragment.Pool.HasRoom;

    /// <summary>Gives up packets whose fragments did not come in time.</summary>
    public void HandleTimeouts(Instant now)
    {
        if (now < NextTimeout) return;
        NextTimeout = Instant.Never;
        foreach (var entry in _entries)
        {
            if (!entry.IsUsed) continue;
            if (now >= entry.Deadline) Expire(entry);
            else NextTimeout = Instant.Min(NextTimeout, entry.Deadline);
        }
    }

    /// <summary>The first fragment, from its IP header on, of a packet that was given up in time-out: for the ICMP error. The caller owns it now.</summary>
    /// <remarks>RFC 792: only where fragment zero came.</remarks>
    public bool TryTakeExpired([NotNullWhen(true)] out PacketBuffer? firstFragment) => _expired.TryDequeue(out firstFragment);

    private void Expire(Entry entry)
    {
        if (!entry.IsPoisoned)
        {
            _drops.Count(DropReason.ReassemblyTimeout);
            if (entry.Fragments.Count > 0 && entry.Fragments[0].Offset == 0)
            {
                entry.Fragments[0].Packet.Prepend(entry.Fragments[0].HeaderLength); // It still stands there.
                _expired.Enqueue(entry.Fragments[0].Packet);
                entry.Fragments.RemoveAt(0);
            }
        }

        Free(entry);
    }

    private DropReason Complete(Entry entry, out PacketBuffer? whole, out int headerLength)
    {
        headerLength = entry.Fragments[0].HeaderLength;
        whole = entry.Fragments[0].Packet;
        bool fits = true;
        for (int i = 1; i < entry.Fragments.Count && fits; i++)
            for (var block = entry.Fragments[i].Packet.FirstBlock; block is not null && fits; block = block.NextBlock)
                fits = whole.TryAppend(block.Data);
        if (fits) entry.Fragments.RemoveAt(0);
        else whole = null;
        Free(entry);
        if (!fits) return _drops.Count(DropReason.NoBuffer);
        Reassembled++;
        // What the device has verified was a fragment's checksum, not the whole one's.
        whole!.Offload = default;
        return DropReason.None;
    }

    private Entry? Find(in FragmentKey key)
    {
        if (_count == 0) return null;
        foreach (var entry in _entries)
            if (entry.IsUsed && entry.Key == key) return entry;
        return null;
    }

    private Entry Begin(in FragmentKey key, Instant now)
    {
        int ofSource = 0;
        Entry? free = null, oldestOfSource = null;
        foreach (var entry in _entries)
        {
            if (!entry.IsUsed)
            {
                free ??= entry;
                continue;
            }

            if (entry.Key.Source != key.Source) continue;
            ofSource++;
            if (oldestOfSource is null || entry.Deadline < oldestOfSource.Deadline) oldestOfSource = entry;
        }

        if (ofSource >= _options.PacketsPerSource) Evict(free = oldestOfSource!);
        else if (free is null) Evict(free = Oldest(except: null)!);
        free.Key = key;
        free.IsUsed = true;
        free.IsPoisoned = false;
        free.Total = -1;
        free.Deadline = now + _options.Timeout;
        NextTimeout = Instant.Min(NextTimeout, free.Deadline);
        _count++;
        return free;
    }

    private Entry? Oldest(Entry? except)
    {
        Entry? oldest = null;
        foreach (var entry in _entries)
            if (entry.IsUsed && entry != except && (oldest is null || entry.Deadline < oldest.Deadline)) oldest = entry;
        return oldest;
    }

    private void Evict(Entry entry)
    {
        if (!entry.IsPoisoned) _drops.Count(DropReason.ReassemblyLimit);
        Free(entry);
    }

    private void Free(Entry entry)
    {
        DropFragments(entry);
        entry.IsUsed = false;
        _count--;
    }

    private DropReason Poison(Entry entry, DropReason reason, PacketBuffer fragment)
    {
        entry.IsPoisoned = true;
        DropFragments(entry);
        return Drop(reason, fragment);
    }

    private void DropFragments(Entry entry)
    {
        foreach (var fragment in entry.Fragments) fragment.Packet.Release();
        entry.Fragments.Clear();
        Octets -= entry.Octets;
        entry.Octets = entry.Received = 0;
    }

    private DropReason Drop(DropReason reason, PacketBuffer fragment)
    {
        fragment.Release();
        return _drops.Count(reason);
    }
}
