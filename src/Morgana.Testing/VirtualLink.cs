namespace Morgana.Testing;

/// <summary>What a link of a <see cref="VirtualNetwork"/> does to frames. Chances are between 0 and 1, for each frame.</summary>
public sealed record VirtualLink
{
    /// <summary>The time from sender to receiver.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Chance that a frame is lost.</summary>
    public double Loss { get; init; }

    /// <summary>Chance that a frame comes twice.</summary>
    public double Duplication { get; init; }

    /// <summary>Chance that a frame is held up, by up to four latencies, and so overtaken.</summary>
    public double Reordering { get; init; }

    /// <summary>Chance that a bit of a frame is turned round.</summary>
    public double Corruption { get; init; }

    /// <summary>Bits that a host can send in a second; 0 for no limit.</summary>
    public long BitsPerSecond { get; init; }
}
