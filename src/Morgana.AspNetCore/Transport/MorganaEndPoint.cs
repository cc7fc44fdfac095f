using System.Net;

namespace Morgana.AspNetCore;

/// <summary>Which connections of a port an endpoint of Kestrel's gets.</summary>
public enum ConnectionPreface
{
    /// <summary>All that do not begin with HTTP/2's preface.</summary>
    Http1,

    /// <summary>Those that begin with HTTP/2's preface (RFC 9113 3.4): prior knowledge.</summary>
    Http2,
}

/// <summary>One half of a port that serves HTTP/1.1 and HTTP/2 without TLS.</summary>
/// <remarks>Kestrel refuses both on one cleartext endpoint. So there are two for the same port, and the transport picks one by how a connection begins.</remarks>
public sealed class MorganaEndPoint(IPAddress address, int port, ConnectionPreface preface) : IPEndPoint(address, port)
{
    /// <summary>Which connections it gets.</summary>
    public ConnectionPreface Preface { get; } = preface;

    /// <inheritdoc/>
    public override bool Equals(object? comparand) => comparand is MorganaEndPoint other && other.Preface == Preface && base.Equals(comparand);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode() ^ (int)Preface;
}
