using Morgana.Core;

namespace Morgana.Protocols.Ip;

/// <summary>Where a packet is to go, and how.</summary>
/// <param name="Source">One of our addresses.</param>
/// <param name="Destination">The receiver.</param>
/// <param name="Protocol">What the packet carries.</param>
public readonly record struct IpRoute(IpAddress Source, IpAddress Destination, byte Protocol)
{
    /// <summary>Hops that it may go.</summary>
    public byte TimeToLive { get; init; } = 64;

    /// <summary>Whether it may not be fragmented: by us neither.</summary>
    public bool DontFragment { get; init; }

    /// <summary>To a group: the number of the link to send on, or null for the one that routes and source name.</summary>
    public int? Link { get; init; }

    /// <summary>To a group or to everybody: whether this host gets it too, if it is a member.</summary>
    public bool IsLooped { get; init; }
}

/// <summary>The way down from the datagram protocols: the host's IP layer.</summary>
public interface IIpOutput
{
    /// <summary>Sends <paramref name="payload"/>, which begins at the protocol's header, and takes it over whatever the answer is.</summary>
    /// <returns>Why it was dropped at once (and has been counted), or none; a neighbour that does not answer is found out later.</returns>
    DropReason Send(in IpRoute route, PacketBuffer payload, Instant now);

    /// <summary>The address to send from.</summary>
    /// <returns>False without a route.</returns>
    bool TrySelectSource(IpAddress destination, out IpAddress source);

    /// <summary>The address to send from to a group on a link; null for the one that routes name.</summary>
    /// <returns>False without a route, or without an address there.</returns>
    bool TrySelectSource(IpAddress group, int? link, out IpAddress source) => TrySelectSource(group, out source);

    /// <summary>Whether <paramref name="destination"/> is a broadcast address on any of our links.</summary>
    bool IsBroadcast(IpAddress destination);
}
