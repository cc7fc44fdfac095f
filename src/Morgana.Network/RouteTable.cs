using Morgana.Core;

namespace Morgana.Network;

/// <summary>A route.</summary>
/// <param name="Prefix">Destinations that begin like this.</param>
/// <param name="PrefixLength">So many bits of it count: 0 is the default route.</param>
/// <param name="Gateway">The next hop, or null where destinations are on the link.</param>
/// <param name="Interface">Where to send.</param>
public readonly record struct Route(Ipv4Address Prefix, int PrefixLength, Ipv4Address? Gateway, NetworkInterface Interface);

/// <summary>The host's routes: the longest prefix that matches decides (RFC 1122 3.3.1, RFC 1812 5.2.4.3).</summary>
/// <remarks>Sorted by prefix length and searched in order: a host has a handful, and the stack remembers recent answers. Loop's thread only.</remarks>
public sealed class RouteTable
{
    private readonly List<Route> _routes = [];
    private readonly int _limit;

    internal RouteTable(int limit) => _limit = limit;

    /// <summary>How many there are.</summary>
    public int Count => _routes.Count;

    /// <summary>The routes, longest prefix first.</summary>
    public IReadOnlyList<Route> Routes => _routes;

    /// <summary>Counts up with each change.</summary>
    public int Generation { get; private set; }

    /// <summary>Adds a route, or replaces the one with the same prefix and interface.</summary>
    /// <returns>False if there are as many as may be.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The prefix length is not in 0 to 32.</exception>
    public bool TryAdd(Route route)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(route.PrefixLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(route.PrefixLength, 32);
        route = route with { Prefix = new(route.Prefix.Value & InterfaceAddress.MaskOf(route.PrefixLength)) };
        Remove(route.Prefix, route.PrefixLength, route.Interface);
        if (_routes.Count >= _limit) return false;
        int at = 0;
        while (at < _routes.Count && _routes[at].PrefixLength >= route.PrefixLength) at++;
        _routes.Insert(at, route);
        Generation++;
        return true;
    }

    /// <summary>Adds a default route.</summary>
    public bool TryAddDefault(Ipv4Address gateway, NetworkInterface interface_) => TryAdd(new(default, 0, gateway, interface_));

    /// <summary>Removes a route.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(Ipv4Address prefix, int prefixLength, NetworkInterface interface_)
    {
        int removed = _routes.RemoveAll(r => r.Prefix == prefix && r.PrefixLength == prefixLength && r.Interface == interface_);
        if (removed > 0) Generation++;
        return removed > 0;
    }

    /// <summary>The way to <paramref name="destination"/>.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="interface_">Where to send.</param>
    /// <param name="nextHop">The neighbour to send to: a gateway, or the destination itself.</param>
    public bool TryFind(Ipv4Address destination, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NetworkInterface? interface_, out Ipv4Address nextHop)
    {
        foreach (var route in _routes)
        {
            if (((destination.Value ^ route.Prefix.Value) & InterfaceAddress.MaskOf(route.PrefixLength)) != 0) continue;
            interface_ = route.Interface;
            nextHop = route.Gateway ?? destination;
            return true;
        }

        (interface_, nextHop) = (null, default);
        return false;
    }
}
