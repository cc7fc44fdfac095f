using Morgana.Core;

namespace Morgana.Protocols.Ip;

/// <summary>The MTU of paths that are narrower than our link (RFC 1191), for a bounded number of destinations.</summary>
/// <remarks>A table with one place for each hash: a new destination takes the place of an old one, which then learns again.</remarks>
public sealed class PathMtuCache
{
    /// <summary>The least MTU that we believe. RFC 791 guarantees 576 to every host; smaller claims only make us slow.</summary>
    public const int Floor = 576;

    private const int Capacity = 256;

    // RFC 1191 7: what links there are, for routers that do not say the next hop's MTU.
    private static ReadOnlySpan<ushort> Plateaus => [32000, 17914, 8166, 4352, 2002, 1492, 1006, Floor];

    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly uint _hashKey;

    private struct Entry
    {
        public Ipv4Address Destination;
        public int Mtu;             // 0: unused.
        public Instant Expires;
    }

    /// <summary>An empty cache.</summary>
    /// <param name="hashKey">Secret, so that a peer cannot aim at another's place.</param>
    public PathMtuCache(uint hashKey) => _hashKey = hashKey;

    /// <summary>Destinations with a known, narrower path.</summary>
    public int Count { get; private set; }

    /// <summary>Counts up with each change.</summary>
    public int Generation { get; private set; }

    /// <summary>The MTU of the path to <paramref name="destination"/>, at most <paramref name="linkMtu"/>.</summary>
    public int Get(Ipv4Address destination, int linkMtu, Instant now)
    {
        if (Count == 0) return linkMtu;
        ref Entry entry = ref _entries[Place(destination)];
        if (entry.Mtu == 0 || entry.Destination != destination) return linkMtu;
        if (now < entry.Expires) return Math.Min(entry.Mtu, linkMtu);
        // RFC 1191 6.3: after ten minutes the path may have become wider.
        entry = default;
        Count--;
        Generation++;
        return linkMtu;
    }

    /// <summary>The MTU that an ICMP error claims, or 0 if it contradicts itself.</summary>
    /// <param name="nextHopMtu">What the router says, or 0.</param>
    /// <param name="packetLength">The packet's length.</param>
    public static int Claimed(int nextHopMtu, int packetLength)
    {
        int mtu = nextHopMtu != 0 ? nextHopMtu : NextPlateau(packetLength);
        // A router that could have sent it on does not complain (RFC 5927 7.2).
        return mtu >= packetLength ? 0 : Math.Max(mtu, Floor);
    }

    /// <summary>Learns from an ICMP error that a packet of <paramref name="packetLength"/> octets was too big.</summary>
    /// <remarks>Anybody can send such an error: only call this for a packet that its own protocol knows to be under way.</remarks>
    /// <param name="destination">Where it was to go.</param>
    /// <param name="nextHopMtu">What the router says, or 0.</param>
    /// <param name="packetLength">The packet's length.</param>
    /// <param name="now">The time.</param>
    /// <returns>The path's MTU now, or 0 if the error is not to be believed.</returns>
    public int Learn(Ipv4Address destination, int nextHopMtu, int packetLength, Instant now)
    {
        int mtu = Claimed(nextHopMtu, packetLength);
        if (mtu == 0) return 0;
        ref Entry entry = ref _entries[Place(destination)];
        bool isKnown = entry.Mtu != 0 && entry.Destination == destination && now < entry.Expires;
        if (isKnown && entry.Mtu <= mtu) return entry.Mtu; // RFC 1191 3: an error never makes it larger.
        if (entry.Mtu == 0) Count++;
        entry = new() { Destination = destination, Mtu = mtu, Expires = now + TimeSpan.FromMinutes(10) };
        Generation++;
        return mtu;
    }

    private static int NextPlateau(int length)
    {
        foreach (ushort plateau in Plateaus)
            if (plateau < length) return plateau;
        return Floor;
    }

    private int Place(Ipv4Address address)
    {
        uint h = unchecked((address.Value ^ _hashKey) * 0x9E37_79B1u);
        h ^= h >> 15;
        return (int)(unchecked(h * 0x85EB_CA6Bu) >> 24) & (Capacity - 1);
    }
}
