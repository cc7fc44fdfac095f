using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Sockets;

/// <summary>A datagram that was received.</summary>
/// <param name="Length">Octets copied into the buffer.</param>
/// <param name="IsTruncated">Whether the datagram was longer than the buffer; its rest is lost.</param>
/// <param name="From">Who sent it.</param>
/// <param name="To">The address it was sent to.</param>
public readonly record struct UdpReceiveResult(int Length, bool IsTruncated, IpEndpoint From, IpEndpoint To);

/// <summary>A UDP socket, of whichever network stack gave it. Any thread; several may receive and send at once.</summary>
public abstract class UdpSocket : IAsyncDisposable
{
    /// <summary>Where the socket is bound; the port that was chosen, if 0 was asked for.</summary>
    public abstract IpEndpoint LocalEndpoint { get; }

    /// <summary>Waits for a datagram and copies it into <paramref name="buffer"/>, which must stay untouched until then.</summary>
    /// <exception cref="SocketException">The socket is closed, or its network has stopped. That a receiver was unreachable is no reason: a socket speaks with many.</exception>
    public abstract ValueTask<UdpReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel = default);

    /// <summary>Sends one datagram. It completes once the stack has taken it, which does not mean that it arrives.</summary>
    /// <exception cref="SocketException">No route, too large, or the socket is closed.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IpEndpoint to, CancellationToken cancel = default);

    /// <summary>Closes the socket; waiting receives end with <see cref="SocketError.OperationAborted"/>.</summary>
    public abstract ValueTask DisposeAsync();
}
