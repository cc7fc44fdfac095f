using System.Buffers.Binary;
using System.Net;
using Morgana.Core;

namespace Morgana.AspNetCore;

/// <summary>Between the BCL's endpoints, which Kestrel speaks, and ours.</summary>
internal static class EndPoints
{
    public static IpEndpoint ToMorgana(this IPEndPoint endPoint) => new(endPoint.Address.ToMorgana(), (ushort)endPoint.Port);

    public static IpAddress ToMorgana(this IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out int written);
        if (written == 4) return new Ipv4Address(BinaryPrimitives.ReadUInt32BigEndian(octets));
        return new Ipv6Address(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[8..]));
    }

    public static IPEndPoint ToSystem(this IpEndpoint endpoint) => new(endpoint.Address.ToSystem(), endpoint.Port);

    public static IPAddress ToSystem(this IpAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        if (address.IsIpv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(octets, address.Ipv4.Value);
            return new(octets[..4]);
        }

        BinaryPrimitives.WriteUInt64BigEndian(octets, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], address.Low);
        return new(octets);
    }
}
