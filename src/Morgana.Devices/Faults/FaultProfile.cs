namespace Morgana.Devices.Faults;

/// <summary>What a bad line does to frames. Everything is off by default. Probabilities go from 0 to 1, for each frame.</summary>
public sealed record FaultProfile
{
    /// <summary>A line without faults.</summary>
    public static FaultProfile None { get; } = new();

    /// <summary>How likely a frame is lost by itself.</summary>
    public double Loss { get; init; }

    /// <summary>How likely a good line turns bad and loses every frame until it recovers (Gilbert's model).</summary>
    public double BurstStart { get; init; }

    /// <summary>How likely a bad line recovers, at each frame.</summary>
    public double BurstEnd { get; init; } = 0.25;

    /// <summary>How long a bad line stays bad at most. Bursts are counted in frames: without this, a line that carries a frame now and then
    /// would stay bad for minutes.</summary>
    public TimeSpan BurstLimit { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How likely a frame comes twice.</summary>
    public double Duplication { get; init; }

    /// <summary>How likely a frame is held back by <see cref="ReorderDelay"/>, so that later ones overtake it.</summary>
    public double Reordering { get; init; }

    /// <summary>How long such a frame is held back.</summary>
    public TimeSpan ReorderDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How likely one bit of a frame is turned over.</summary>
    public double Corruption { get; init; }

    /// <summary>How long every frame takes.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>By how much more a frame may take; evenly distributed. More than the distance between frames reorders them.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Octets a second that the line carries; 0 for no limit.</summary>
    public long Rate { get; init; }

    /// <summary>Octets that wait for a line of limited rate before it drops.</summary>
    public int QueueLimit { get; init; } = 256 * 1024;

    /// <summary>Longer frames are cut to this many octets, as a broken bridge does; 0 for no limit.</summary>
    public int TruncateAt { get; init; }
}
