using Morgana.Core;
using Morgana.Protocols.Icmp;

namespace Morgana.Protocols.Udp;

/// <summary>Limits of a <see cref="UdpStack"/>.</summary>
public sealed record UdpStackOptions
{
    /// <summary>Endpoints at a time.</summary>
    public int Endpoints { get; init; } = 65536;

    /// <summary>Octets of pool blocks that all receive queues together may hold; at most a quarter of the pool.</summary>
    public int QueuedOctets { get; init; } = 4 * 1024 * 1024;
}

/// <summary>How an endpoint is bound.</summary>
public sealed record UdpBindOptions
{
    /// <summary>The usual.</summary>
    public static UdpBindOptions Default { get; } = new();

    /// <summary>Datagrams that wait to be received, at most.</summary>
    public int QueueDatagrams { get; init; } = 256;

    /// <summary>Octets of pool blocks that wait, at most: a datagram costs whole blocks of 2,048.</summary>
    public int QueueOctets { get; init; } = 256 * 1024;

    /// <summary>Whether it may send to broadcast addresses, and receives what was sent to them.</summary>
    public bool AllowBroadcast { get; init; }

    /// <summary>For routers: receives what nobody else is bound to, for every address and port that the interfaces accept.</summary>
    public bool AnyAddressAnyPort { get; init; }

    /// <summary>The time to live of what it sends.</summary>
    public byte TimeToLive { get; init; } = 64;

    /// <summary>Whether others that say so too may be bound to the same address and port. Datagrams to one host then go to who was bound last; those to groups and to everybody to all.</summary>
    public bool ReuseAddress { get; init; }

    /// <summary>The same, but that the endpoints of one address share what comes to it, each flow going to one of them. What counts is what it is as it is bound.</summary>
    public bool ReusePort { get; init; }

    /// <summary>The first of the ports of which one is chosen for port 0, and the last: RFC 6335 6, unless it says otherwise.</summary>
    public (ushort First, ushort Last) EphemeralPorts { get; init; } = (49152, 65535);

    /// <summary>The time to live of what it sends to groups (RFC 1112 6.1).</summary>
    public byte GroupTimeToLive { get; init; } = 1;

    /// <summary>Whether what it sends to groups and to everybody comes back to this host's own members.</summary>
    public bool IsLooped { get; init; }

    /// <summary>The number of the link on which it sends to groups, or null for the one that routes name.</summary>
    public int? GroupLink { get; init; }

    /// <summary>The address that it sends to groups from, where it is bound to none.</summary>
    public Ipv4Address? GroupSource { get; init; }

    /// <summary>The groups of its socket. Without any it takes what is for groups only with <see cref="AllowBroadcast"/>.</summary>
    public Igmp.GroupMemberships? Groups { get; init; }
}

/// <summary>Why an endpoint could not be bound.</summary>
public enum UdpBindError
{
    /// <summary>It was bound.</summary>
    None,
    /// <summary>Another endpoint has the port.</summary>
    AddressInUse,
    /// <summary>The address is not one of the host's.</summary>
    AddressNotAvailable,
    /// <summary>Every ephemeral port is taken.</summary>
    NoPort,
    /// <summary>There are as many endpoints as may be.</summary>
    TooManyEndpoints,
}

/// <summary>An error about a datagram that an endpoint sent.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Remote">Where the datagram was to go.</param>
/// <param name="Mtu">Of <see cref="PathErrorKind.FragmentationNeeded"/>: the path's MTU.</param>
public readonly record struct UdpPathError(PathErrorKind Kind, IpEndpoint Remote, int Mtu);
