using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>How many connections each source has with one listener. It has no more entries than there are connections.</summary>
internal sealed class SourceCounts(KeyedSourceComparer comparer, int limit)
{
    private readonly Dictionary<ulong, int> _counts = new(comparer);

    /// <summary>Counts one more.</summary>
    /// <returns>False if the source has as many as it may have.</returns>
    public bool TryAdd(IpAddress source)
    {
        ulong key = KeyOf(source);
        int count = _counts.GetValueOrDefault(key);
        if (count >= limit) return false;
        _counts[key] = count + 1;
        return true;
    }

    public void Remove(IpAddress source)
    {
        ulong key = KeyOf(source);
        int count = _counts[key] - 1;
        if (count == 0) _counts.Remove(key);
        else _counts[key] = count;
    }

    // RFC 6177 2, RFC 7934 6: whoever has an IPv6 address has at least the 2^64 of its subnet.
    private static ulong KeyOf(IpAddress source) => source.IsIpv4 ? source.Low : source.High;
}

/// <summary>Peers choose their addresses, but not which of them share a bucket.</summary>
internal sealed class KeyedSourceComparer(SipHash hash) : IEqualityComparer<ulong>
{
    public bool Equals(ulong x, ulong y) => x == y;

    public int GetHashCode(ulong source) => (int)hash.Hash24([source], 8);
}
