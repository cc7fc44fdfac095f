using System.Buffers.Binary;
using Morgana.Protocols.Tcp;

namespace Morgana.Protocols.Ip;

/// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012) of two words under the host's secret, for one of the secret's uses.</summary>
public readonly struct KeyedHash
{
    private readonly SipHash _hash;

    /// <summary>Keys the function.</summary>
    /// <param name="secret">At least 16 octets.</param>
    /// <param name="purpose">Keeps the uses of one secret apart.</param>
    public KeyedHash(ReadOnlySpan<byte> secret, ulong purpose)
    {
        if (secret.Length < 16) throw new ArgumentException("A secret has at least 16 octets.", nameof(secret));
        _hash = new(BinaryPrimitives.ReadUInt64LittleEndian(secret) ^ purpose, BinaryPrimitives.ReadUInt64LittleEndian(secret[8..]));
    }

    /// <summary>The hash of two words.</summary>
    public ulong Of(ulong a, ulong b = 0) => _hash.Hash24([a, b], 16);
}
