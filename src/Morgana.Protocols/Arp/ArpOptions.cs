namespace Morgana.Protocols.Arp;

/// <summary>Limits and times of an <see cref="ArpCache"/>.</summary>
public sealed record ArpOptions
{
    /// <summary>Neighbours that are remembered at a time.</summary>
    public int Capacity { get; init; } = 512;

    /// <summary>Packets that wait for one neighbour's answer; the oldest makes room (RFC 1122 2.3.2.2 wants at least one).</summary>
    public int PendingPerNeighbour { get; init; } = 4;

    /// <summary>How long an answer is believed before the neighbour is asked again, by unicast (RFC 1122 2.3.2.1).</summary>
    public TimeSpan ReachableTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after its last use a neighbour counts as active, and is not evicted for one who merely asked us.</summary>
    public TimeSpan ActiveTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between two requests for the same address (RFC 1122 2.3.2.1: at most one a second).</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests until a neighbour counts as unreachable.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Least time between two defences of an address (RFC 5227 2.4: DEFEND_INTERVAL).</summary>
    public TimeSpan DefendInterval { get; init; } = TimeSpan.FromSeconds(10);
}
