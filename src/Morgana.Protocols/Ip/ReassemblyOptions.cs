namespace Morgana.Protocols.Ip;

/// <summary>Limits of an <see cref="Ipv4Reassembler"/>. Memory is counted as what it costs: whole blocks.</summary>
public sealed record ReassemblyOptions
{
    /// <summary>Packets that are put together at a time; the oldest makes room.</summary>
    public int Packets { get; init; } = 64;

    /// <summary>Packets of one sender at a time; its own oldest makes room.</summary>
    public int PacketsPerSource { get; init; } = 16;

    /// <summary>Fragments of one packet.</summary>
    public int FragmentsPerPacket { get; init; } = 128;

    /// <summary>Octets of pool blocks for one packet's fragments.</summary>
    public int OctetsPerPacket { get; init; } = 256 * 1024;

    /// <summary>Octets of pool blocks for all of them, and at most a quarter of the pool; the oldest make room.</summary>
    public int Octets { get; init; } = 1024 * 1024;

    /// <summary>How long a packet waits for its missing fragments (RFC 791 3.2; RFC 1122 3.3.2 wants it fixed).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
