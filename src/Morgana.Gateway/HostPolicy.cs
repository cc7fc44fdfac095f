using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Morgana.Core;

namespace Morgana.Gateway;

/// <summary>Where a guest may go: anywhere outside, and to the host's own services only if that was allowed.</summary>
internal sealed class HostPolicy
{
    private static readonly TimeSpan OwnAddressesAge = TimeSpan.FromSeconds(10);

    private readonly GatewayOptions _options;
    private readonly Func<IReadOnlySet<uint>> _readOwnAddresses;
    private IReadOnlySet<uint> _ownAddresses = new HashSet<uint>();
    private Instant _ownAddressesUntil = Instant.Zero;
    private bool _ownAddressesRead;

    public HostPolicy(GatewayOptions options, Func<IReadOnlySet<uint>>? readOwnAddresses = null)
    {
        _options = options;
        _readOwnAddresses = readOwnAddresses ?? ReadOwnAddresses;
    }

    /// <summary>Where on the host's side the guest's <paramref name="destination"/> is.</summary>
    /// <returns>False if the guest may not go there.</returns>
    public bool TryTranslate(IpAddress destination, Instant now, out Ipv4Address outside)
    {
        outside = default;
        if (!destination.IsIpv4) return false;
        var address = destination.Ipv4;
        if (address == _options.Address)
        {
            // The router stands for the host: its loopback.
            outside = Ipv4Address.Loopback;
            return _options.AllowHost;
        }

        if (!IsOutside(address)) return false;
        outside = address;
        return _options.AllowHost || !IsHostsOwn(address, now);
    }

    /// <summary>The inverse: as whom the guest sees <paramref name="outside"/>.</summary>
    public IpAddress Translate(Ipv4Address outside) => outside.IsLoopback ? _options.Address : outside;

    /// <summary>Whether the address can be one of a host somewhere outside the link (RFC 6890 2.2.2's special purposes).</summary>
    private bool IsOutside(Ipv4Address address)
    {
        uint value = address.Value;
        uint mask = _options.PrefixLength == 0 ? 0 : uint.MaxValue << (32 - _options.PrefixLength);
        if ((value & mask) == (_options.Address.Value & mask)) return false;    // the link itself: nobody else is on it
        if (value >> 24 is 0 or 127) return false;                              // this network, loopback
        if (address.IsLinkLocal) return false;                                  // also the metadata services of clouds
        return value >> 28 < 0xE;                                               // multicast, reserved, broadcast
    }

    private bool IsHostsOwn(Ipv4Address address, Instant now)
    {
        if (!_ownAddressesRead || now >= _ownAddressesUntil)
        {
            try
            {
                _ownAddresses = _readOwnAddresses();
                _ownAddressesRead = true;
            }
            catch (NetworkInformationException)
            {
                // The host cannot say, without a descriptor for example. As long as it never could, every address may be its own.
                if (!_ownAddressesRead) return true;
            }

            _ownAddressesUntil = now + OwnAddressesAge;
        }

        return _ownAddresses.Contains(address.Value);
    }

    private static HashSet<uint> ReadOwnAddresses()
    {
        var own = new HashSet<uint>();
        foreach (var adapter in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (var unicast in adapter.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.AddressFamily == AddressFamily.InterNetwork) own.Add(unicast.Address.ToCore().Value);
            }
        }

        return own;
    }
}

/// <summary>Between the host's address types and ours.</summary>
internal static class HostAddresses
{
    /// <summary>An IPv4 address of the host's library as ours.</summary>
    public static Ipv4Address ToCore(this IPAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        if (!address.TryWriteBytes(octets, out int length)) return default;
        return length == 4 ? Ipv4Address.Read(octets) : Ipv4Address.Read(octets[12..]);
    }

    /// <summary>Our IPv4 address as the host library's.</summary>
    public static IPAddress ToHost(this Ipv4Address address)
    {
        Span<byte> octets = stackalloc byte[4];
        address.WriteTo(octets);
        return new IPAddress(octets);
    }
}
