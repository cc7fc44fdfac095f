using Morgana.Core;
using Morgana.Wire.Arp;

namespace Morgana.Protocols.Arp;

/// <summary>What <see cref="ArpCache.Resolve"/> found.</summary>
public enum ArpResolution
{
    /// <summary>The neighbour's hardware address is known.</summary>
    Resolved,

    /// <summary>It is being asked for; the packet waits in the cache, which owns it now.</summary>
    Pending,
}

/// <summary>The neighbours on one Ethernet link (RFC 826): a bounded cache, requests with retries, and the packets that wait for answers.</summary>
/// <remarks>
/// Sans-IO: packets and time go in, requests and what became of waiting packets are polled out. A table entry comes into being only when we
/// want to send, or when somebody asks for our address; an answer that nobody asked for changes at most what is there. Loop's thread only.
/// </remarks>
public sealed partial class ArpCache
{
    private const int OutputLimit = 64;

    private readonly ArpOptions _options;
    private readonly Entry[] _entries;
    private readonly int[] _buckets;
    private readonly Ipv4Address[] _sources; // Ours, that asks for each entry.
    private readonly PacketBuffer?[] _pending;
    private readonly MacAddress _mac;
    private readonly DropCounters _drops;
    private int _free;
    private int _count;
    private readonly uint _hashKey;

    private struct Entry
    {
        public Ipv4Address Address;
        public MacAddress Mac;
        public State State;
        public Instant LastUsed;
        public Instant Deadline;    // Incomplete and Probing: the next try. Reachable: when it is to be confirmed.
        public int Tries;
        public int PendingCount;
        public int Next;            // In its bucket, or in the free list; -1 ends either.
    }

    private enum State : byte
    {
        Free,
        Incomplete,
        Reachable,
        Stale,      // Known, but old: the next use asks again while it is still believed.
        Probing,
    }

    /// <summary>An empty cache.</summary>
    /// <param name="options">Limits and times.</param>
    /// <param name="mac">The interface's own hardware address.</param>
    /// <param name="hashKey">Secret, so that a peer cannot choose addresses which share a bucket.</param>
    /// <param name="drops">Where drops are counted.</param>
    public ArpCache(ArpOptions options, MacAddress mac, uint hashKey, DropCounters drops)
    {
        _options = options;
        _mac = mac;
        _hashKey = hashKey;
        _drops = drops;
        _entries = new Entry[options.Capacity];
        _sources = new Ipv4Address[options.Capacity];
        _pending = new PacketBuffer?[options.Capacity * options.PendingPerNeighbour];
        _buckets = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)options.Capacity)];
        Array.Fill(_buckets, -1);
        for (int i = 0; i < _entries.Length; i++) _entries[i].Next = i + 1 < _entries.Length ? i + 1 : -1;
    }

    /// <summary>Neighbours in the cache, those that have not answered yet included.</summary>
    public int Count => _count;

    /// <summary>Packets that wait for an answer.</summary>
    public int PendingCount { get; private set; }

    /// <summary>Entries that made room for others.</summary>
    public long Evictions { get; private set; }

    /// <summary>Counts up whenever a known hardware address changes or goes: what was derived from the cache is then void.</summary>
    public int Generation { get; private set; }

    /// <summary>When <see cref="HandleTimeouts"/> is to be called; <see cref="Instant.Never"/> if not at all.</summary>
    public Instant NextTimeout { get; private set; } = Instant.Never;

    /// <summary>The neighbour's hardware address, or else the packet is kept until it answers.</summary>
    /// <param name="address">The neighbour: the next hop.</param>
    /// <param name="source">Our address that asks.</param>
    /// <param name="packet">What is to be sent. When the answer is <see cref="ArpResolution.Pending"/>, the cache owns it.</param>
    /// <param name="now">The time.</param>
    /// <param name="mac">The hardware address.</param>
    /// <param name="validUntil">How long the answer may be used without asking again.</param>
    public ArpResolution Resolve(Ipv4Address address, Ipv4Address source, PacketBuffer packet, Instant now, out MacAddress mac, out Instant validUntil)
    {
        mac = default;
        validUntil = now;
        int index = Find(address);
        if (index < 0)
        {
            index = Insert(address, now, isSolicited: true);
            Begin(index, State.Incomplete, source, now);
        }

        ref Entry entry = ref _entries[index];
        entry.LastUsed = now;
        if (entry.State == State.Incomplete)
        {
            Hold(index, packet);
            return ArpResolution.Pending;
        }

        // RFC 1122 2.3.2.1: unicast poll; meanwhile the old answer is believed.
        if (entry.State == State.Stale || (entry.State == State.Reachable && now >= entry.Deadline)) Begin(index, State.Probing, source, now);
        mac = entry.Mac;
        // Short, so that the entry's last use stays known though the caller keeps the answer.
        if (entry.State == State.Reachable) validUntil = Instant.Min(entry.Deadline, now + _options.RetryInterval);
        return ArpResolution.Resolved;
    }

    /// <summary>Whether the neighbour's hardware address is known; asks nobody.</summary>
    public bool TryGet(Ipv4Address address, out MacAddress mac)
    {
        int index = Find(address);
        bool isKnown = index >= 0 && _entries[index].State != State.Incomplete;
        mac = isKnown ? _entries[index].Mac : default;
        return isKnown;
    }

    /// <summary>Somebody who talks to this neighbour gets no answers: the next use asks whether it is still there.</summary>
    /// <remarks>An answer that was wrong from the start, forged or damaged on the way, would otherwise be believed for as long as a right one.</remarks>
    public void Doubt(Ipv4Address address, Instant now)
    {
        int index = Find(address);
        if (index < 0 || _entries[index].State != State.Reachable) return;
        ref Entry entry = ref _entries[index];
        entry.State = State.Stale;
        entry.Deadline = now + _options.ReachableTime;
        Generation++;
    }

    /// <summary>Sends retries, lets entries age, gives neighbours up that do not answer.</summary>
    public void HandleTimeouts(Instant now)
    {
        if (now < NextTimeout) return;
        NextTimeout = Instant.Never;
        for (int i = 0; i < _entries.Length; i++)
        {
            ref Entry entry = ref _entries[i];
            if (entry.State == State.Free) continue;
            if (now >= entry.Deadline) HandleTimeout(i, now);
            if (entry.State != State.Free) NextTimeout = Instant.Min(NextTimeout, entry.Deadline);
        }

        HandleAnnouncements(now);
    }

    /// <summary>Gives up all that waits, and forgets every neighbour.</summary>
    public void Clear()
    {
        for (int i = 0; i < _entries.Length; i++)
            if (_entries[i].State != State.Free) Remove(i, fail: true);
    }

    private void HandleTimeout(int index, Instant now)
    {
        ref Entry entry = ref _entries[index];
        switch (entry.State)
        {
            case State.Reachable:
                entry.State = State.Stale;
                Generation++;
                entry.Deadline = now + _options.ReachableTime;
                break;
            case State.Stale:
                // Not used for a whole period: forgotten.
                Remove(index, fail: false);
                break;
            case State.Incomplete or State.Probing when entry.Tries >= _options.Tries:
                Remove(index, fail: true);
                break;
            default:
                Ask(index, now);
                break;
        }
    }

    private void Begin(int index, State state, Ipv4Address source, Instant now)
    {
        _entries[index].State = state;
        _entries[index].Tries = 0;
        _sources[index] = source;
        Ask(index, now);
    }

    private void Ask(int index, Instant now)
    {
        ref Entry entry = ref _entries[index];
        entry.Tries++;
        entry.Deadline = now + _options.RetryInterval;
        NextTimeout = Instant.Min(NextTimeout, entry.Deadline);
        bool isUnicast = entry.State == State.Probing;
        Queue(new(ArpOperation.Request, _mac, _sources[index], default, entry.Address), isUnicast ? entry.Mac : MacAddress.Broadcast);
    }

    private void Learn(int index, MacAddress mac, Instant now)
    {
        ref Entry entry = ref _entries[index];
        bool wasIncomplete = entry.State == State.Incomplete;
        if (!wasIncomplete && entry.Mac != mac) Generation++;
        entry.Mac = mac;
        entry.State = State.Reachable;
        entry.Deadline = now + _options.ReachableTime;
        NextTimeout = Instant.Min(NextTimeout, entry.Deadline);
        if (wasIncomplete) Release(index, isAnswered: true);
    }

    private int Insert(Ipv4Address address, Instant now, bool isSolicited)
    {
        if (_free < 0)
        {
            int victim = ChooseVictim(now, isSolicited);
            if (victim < 0) return -1;
            Evictions++;
            Remove(victim, fail: true);
        }

        int index = _free;
        ref Entry entry = ref _entries[index];
        _free = entry.Next;
        ref int bucket = ref _buckets[Bucket(address)];
        entry = new Entry { Address = address, State = State.Stale, LastUsed = now, Next = bucket };
        bucket = index;
        _count++;
        return index;
    }

    // Who has not answered goes first, then who has not been used for longest. For somebody who only asked us, no active neighbour goes.
    private int ChooseVictim(Instant now, bool isSolicited)
    {
        int victim = -1;
        for (int i = 0; i < _entries.Length; i++)
        {
            ref Entry entry = ref _entries[i];
            bool isActive = now - entry.LastUsed < _options.ActiveTime;
            if (isActive && !isSolicited) continue;
            if (victim < 0 || IsBetterVictim(entry, _entries[victim])) victim = i;
        }

        return victim;
    }

    private static bool IsBetterVictim(in Entry a, in Entry b)
    {
        bool isOpen = a.State == State.Incomplete, wasOpen = b.State == State.Incomplete;
        return isOpen != wasOpen ? isOpen : a.LastUsed < b.LastUsed;
    }

    private void Remove(int index, bool fail)
    {
        if (fail) Release(index, isAnswered: false);
        Generation++;
        ref int link = ref _buckets[Bucket(_entries[index].Address)];
        while (link != index) link = ref _entries[link].Next;
        link = _entries[index].Next;
        _entries[index] = new Entry { Next = _free };
        _free = index;
        _count--;
    }

    private int Find(Ipv4Address address)
    {
        for (int i = _buckets[Bucket(address)]; i >= 0; i = _entries[i].Next)
            if (_entries[i].Address == address) return i;
        return -1;
    }

    private int Bucket(Ipv4Address address)
    {
        uint h = unchecked((address.Value ^ _hashKey) * 0x9E37_79B1u);
        h ^= h >> 15;
        return (int)(unchecked(h * 0x85EB_CA6Bu) >> 8) & (_buckets.Length - 1);
    }
}
