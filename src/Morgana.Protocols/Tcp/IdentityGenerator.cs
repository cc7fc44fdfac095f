using Morgana.Core;

namespace Morgana.Protocols.Tcp;

/// <summary>The numbers of a connection that nobody may guess: ISS (RFC 6528), timestamp offset (RFC 7323 7.1), ephemeral port (RFC 6056).</summary>
internal sealed class IdentityGenerator
{
    private readonly SipHash _iss, _timestamps, _ports;
    private uint _portCounter;

    public IdentityGenerator(ReadOnlySpan<byte> secret)
    {
        _iss = new(DeriveKey(secret, 1));
        _timestamps = new(DeriveKey(secret, 2));
        _ports = new(DeriveKey(secret, 3));
    }

    /// <summary>A key for one use, from the secret that came in.</summary>
    public static byte[] DeriveKey(ReadOnlySpan<byte> secret, ulong use)
    {
        if (secret.Length < 16) throw new ArgumentException("The secret needs at least 16 octets.", nameof(secret));
        var hash = new SipHash(secret);
        byte[] key = new byte[16];
        BitConverter.TryWriteBytes(key, hash.Hash24([use, 0], 16));
        BitConverter.TryWriteBytes(key.AsSpan(8), hash.Hash24([use, 1], 16));
        return key;
    }

    /// <summary>RFC 6528 3: ISN = M + F(tuple, secret), M a clock that ticks every 4 µs.</summary>
    public SequenceNumber Iss(in TcpTuple tuple, Instant now) =>
        new((uint)(now.Nanoseconds >> 12) + (uint)_iss.Hash24(tuple.RemoteHigh, tuple.RemoteLow, tuple.LocalHigh, tuple.LocalLow, tuple.Ports));

    /// <summary>The same for every connection of a pair of hosts, so that PAWS and RFC 6191 work between them.</summary>
    public uint TimestampOffset(in TcpTuple tuple) =>
        (uint)_timestamps.Hash24(tuple.RemoteHigh, tuple.RemoteLow, tuple.LocalHigh, tuple.LocalLow, 0);

    /// <summary>RFC 6056 3.3.3: where the search for a port begins: a hash of the peer, and a counter.</summary>
    public uint PortStart(IpAddress local, IpEndpoint remote) =>
        (uint)_ports.Hash24(remote.Address.High, remote.Address.Low, local.High, local.Low, remote.Port) + _portCounter++;
}
