using System.Net;

namespace Morgana.Gateway;

/// <summary>A host port that was to be published is taken, or may not be taken by this user.</summary>
/// <param name="endpoint">Where the gateway wanted to listen.</param>
/// <param name="protocol">"tcp" or "udp".</param>
/// <param name="inner">What the host said.</param>
public sealed class PortInUseException(IPEndPoint endpoint, string protocol, Exception inner)
    : IOException($"Cannot publish {protocol} port {endpoint.Port} on {endpoint.Address}: {inner.Message}. Choose another host port.", inner)
{
    /// <summary>Where the gateway wanted to listen.</summary>
    public IPEndPoint Endpoint { get; } = endpoint;

    /// <summary>The host port.</summary>
    public int Port => Endpoint.Port;
}
