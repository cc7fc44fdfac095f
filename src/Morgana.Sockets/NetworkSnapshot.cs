using Morgana.Core;
using Morgana.Network;

namespace Morgana.Sockets;

/// <summary>What a stack has counted so far: plain numbers, safe to keep and to read from any thread.</summary>
/// <param name="At">When, on the loop's time line.</param>
/// <param name="Uptime">How long the loop has run.</param>
/// <param name="Statistics">Counters of every layer.</param>
/// <param name="ConnectionsByState">TCP connections, indexed by <see cref="Protocols.Tcp.TcpState"/>.</param>
/// <param name="DropsByReason">Dropped packets, indexed by <see cref="DropReason"/>.</param>
public sealed record NetworkSnapshot(
    Instant At,
    TimeSpan Uptime,
    NetworkStatistics Statistics,
    IReadOnlyList<int> ConnectionsByState,
    IReadOnlyList<long> DropsByReason);
