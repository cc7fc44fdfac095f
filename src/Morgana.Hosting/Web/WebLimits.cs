using Microsoft.AspNetCore.Server.Kestrel.Core;
using Morgana.AspNetCore;
using Morgana.Sockets;

namespace Morgana.Hosting;

/// <summary>How much of the guest one peer may take, and for how long. An application's own <c>ConfigureKestrel</c> comes later, and wins.</summary>
internal static class WebLimits
{
    /// <summary>A request's line and fields have to arrive within this: whoever sends them octet by octet is ended.</summary>
    public static readonly TimeSpan RequestHeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection without a request is closed after this.</summary>
    public static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(60);

    /// <summary>What requests that are under way get when the guest is told to stop; then their connections are reset. The runner waits 0.75 s.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromMilliseconds(500);

    public static MorganaTransportOptions Transport(GuestMemory memory) => new()
    {
        MaximumConnections = memory.WebConnections,
        MaximumHttp2Connections = memory.Http2Connections,
        Listener = new TcpListenerOptions { Connection = new TcpConnectOptions { SendBuffer = memory.ConnectionBuffer, ReceiveBuffer = memory.ConnectionBuffer } },
    };

    public static void Apply(KestrelServerLimits limits, GuestMemory memory)
    {
        limits.RequestHeadersTimeout = RequestHeadersTimeout;
        limits.KeepAliveTimeout = KeepAliveTimeout;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxResponseBufferSize = 32 << 10;
        // A body that nobody has read yet waits in the collector's heap under HTTP/2: these windows bound it (RFC 9113 6.9.2).
        limits.Http2.InitialStreamWindowSize = 65_535;
        limits.Http2.InitialConnectionWindowSize = 128 << 10;
        limits.Http2.MaxStreamsPerConnection = memory.Http2Streams;
    }
}
