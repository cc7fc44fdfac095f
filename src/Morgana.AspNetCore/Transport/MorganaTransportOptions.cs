using Morgana.Sockets;

namespace Morgana.AspNetCore;

/// <summary>Limits of Kestrel's transport.</summary>
public sealed record MorganaTransportOptions
{
    /// <summary>Connections that may be open at once, on all ports together. One more is reset, and counted by the <see cref="ConnectionLimit"/>.</summary>
    public int MaximumConnections { get; init; } = 1024;

    /// <summary>How many of them may speak HTTP/2.</summary>
    public int MaximumHttp2Connections { get; init; } = 256;

    /// <summary>The clock of the transport's own timers.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Backlog, and buffers of each connection.</summary>
    public TcpListenerOptions Listener { get; init; } = new();
}
