using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Morgana.Core;

namespace Morgana.SystemNative;

/// <summary>Addresses as Linux lays them out: <c>sockaddr_in</c>.</summary>
internal static class SocketAddress
{
    public const ushort Unspecified = 0;
    public const ushort Ipv4 = 2;

    /// <summary>Octets of a <c>sockaddr_in</c>.</summary>
    public const int Ipv4Size = 16;

    /// <summary>The family, or <c>EINVAL</c> if not even that is there.</summary>
    public static Error ReadFamily(ReadOnlySpan<byte> address, out ushort family)
    {
        family = 0;
        if (address.Length < 2) return Error.EINVAL;
        family = MemoryMarshal.Read<ushort>(address);
        return Error.Success;
    }

    /// <summary>An IPv4 endpoint; <c>EINVAL</c> if it is too short, <c>EAFNOSUPPORT</c> for another family.</summary>
    public static Error Read(ReadOnlySpan<byte> address, out IpEndpoint endpoint)
    {
        endpoint = default;
        if (address.Length < Ipv4Size) return Error.EINVAL;
        if (MemoryMarshal.Read<ushort>(address) != Ipv4) return Error.EAFNOSUPPORT;
        endpoint = new(Ipv4Address.Read(address[4..]), BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        return Error.Success;
    }

    /// <summary>An endpoint of any address, of no family.</summary>
    public static bool TryReadUnspecified(ReadOnlySpan<byte> address, out IpEndpoint endpoint)
    {
        endpoint = default;
        if (address.Length < Ipv4Size || MemoryMarshal.Read<ushort>(address) != Unspecified || !Ipv4Address.Read(address[4..]).Equals(Ipv4Address.Any)) return false;
        endpoint = new(Ipv4Address.Any, BinaryPrimitives.ReadUInt16BigEndian(address[2..]));
        return true;
    }

    /// <summary>Writes as much as fits, as Linux does, and says how long it is.</summary>
    public static int Write(IpEndpoint endpoint, Span<byte> address)
    {
        Span<byte> whole = stackalloc byte[Ipv4Size];
        whole.Clear();
        ushort family = Ipv4;
        MemoryMarshal.Write(whole, in family);
        BinaryPrimitives.WriteUInt16BigEndian(whole[2..], endpoint.Port);
        endpoint.Address.Ipv4.WriteTo(whole[4..]);
        whole[..Math.Min(address.Length, Ipv4Size)].CopyTo(address);
        return Ipv4Size;
    }
}
