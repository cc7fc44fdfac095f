using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>The network as an application sees it: what it names in its constructor. Every member may be called from any thread.</summary>
public interface INetworkStack
{
    /// <summary>Listens for TCP connections.</summary>
    /// <param name="local">Address and port; <c>::</c> or <c>0.0.0.0</c> for every address of the host, port 0 for a free one.</param>
    /// <param name="options">Backlog and buffers; null for the defaults.</param>
    /// <param name="cancel">Gives up waiting for the loop.</param>
    /// <exception cref="SocketException">The address is in use, or not the host's.</exception>
    ValueTask<TcpListener> ListenAsync(IpEndpoint local, TcpListenerOptions? options = null, CancellationToken cancel = default);

    /// <summary>Connects to a TCP port.</summary>
    /// <exception cref="SocketException">Refused, unreachable, timed out, or no port is left.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled; nothing is left behind.</exception>
    ValueTask<TcpConnection> ConnectAsync(IpEndpoint remote, TcpConnectOptions? options = null, CancellationToken cancel = default);

    /// <summary>Opens a UDP socket.</summary>
    /// <exception cref="SocketException">The port is in use, or the address not the host's.</exception>
    ValueTask<UdpSocket> BindAsync(IpEndpoint local, CancellationToken cancel = default);

    /// <summary>Sends one ICMP echo request and waits for its reply.</summary>
    ValueTask<PingReply> PingAsync(IpAddress destination, TimeSpan timeout, int payloadLength = 56, CancellationToken cancel = default);

    /// <summary>The addresses of a name: a literal address gives itself, others are asked of the configured name servers.</summary>
    /// <exception cref="SocketException">The name is unknown (<see cref="SocketError.HostNotFound"/>) or no server answered.</exception>
    ValueTask<IpAddress[]> ResolveAsync(string name, CancellationToken cancel = default);

    /// <summary>What the stack has counted so far.</summary>
    NetworkSnapshot Snapshot();
}

/// <summary>Settings of a listener.</summary>
public sealed record TcpListenerOptions
{
    /// <summary>Connections that may wait to be accepted.</summary>
    public int Backlog { get; init; } = 512;

    /// <summary>Half-open connections.</summary>
    public int SynBacklog { get; init; } = 512;

    /// <summary>Connections that one source may have at a time, or null for no limit. Behind our gateway all peers are one source; the host's own sockets know no such limit.</summary>
    public int? ConnectionsPerSource { get; init; }

    /// <summary>Settings of the connections that are accepted.</summary>
    public TcpConnectOptions Connection { get; init; } = TcpConnectOptions.Default;
}

/// <summary>Settings of a connection.</summary>
public sealed record TcpConnectOptions
{
    /// <summary>The defaults.</summary>
    public static TcpConnectOptions Default { get; } = new();

    /// <summary>Octets that may be queued and not acknowledged before <c>FlushAsync</c> waits.</summary>
    public int SendBuffer { get; init; } = 256 * 1024;

    /// <summary>Octets that may arrive before they are read: the largest window.</summary>
    public int ReceiveBuffer { get; init; } = 256 * 1024;

    /// <summary>Send small segments at once, without Nagle's algorithm (RFC 9293 3.7.4).</summary>
    public bool NoDelay { get; init; } = true;

    /// <summary>Probe an idle peer after this time; null never does.</summary>
    public TimeSpan? KeepAlive { get; init; }

    /// <summary>The time between two probes of an idle peer.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Probes without an answer after which the connection has timed out.</summary>
    public int KeepAliveProbes { get; init; } = 5;
}

/// <summary>What became of an echo request.</summary>
/// <param name="Received">Whether the reply came in time.</param>
/// <param name="RoundTrip">The time it took, if it came.</param>
/// <param name="From">Who answered.</param>
public readonly record struct PingReply(bool Received, TimeSpan RoundTrip, IpAddress From);
