using System.Net;
using Morgana.Core;
using Morgana.Devices;

namespace Morgana.Gateway;

/// <summary>What a <see cref="Gateway"/> is made of. Read once, by its constructor.</summary>
public sealed record GatewayOptions
{
    /// <summary>The pool's octets, by default 32 MB of native memory, of which only what was used becomes resident.</summary>
    public int BufferMemory { get; init; } = 32 << 20;

    /// <summary>Makes the gateway's end of the link, with the pool that its frames are to be rented from. The gateway disposes of it.</summary>
    public Func<BufferPool, INetworkDevice>? OpenDevice { get; init; }

    /// <summary>The router's own link address.</summary>
    public MacAddress Mac { get; init; } = new(0x0200_0A00_0202);

    /// <summary>The router's address, by default 10.0.2.2.</summary>
    public Ipv4Address Address { get; init; } = Ipv4Address.From(10, 0, 2, 2);

    /// <summary>The address at which names are resolved, by default 10.0.2.3.</summary>
    public Ipv4Address DnsAddress { get; init; } = Ipv4Address.From(10, 0, 2, 3);

    /// <summary>The guest's address, by default 10.0.2.15: published ports lead there.</summary>
    public Ipv4Address GuestAddress { get; init; } = Ipv4Address.From(10, 0, 2, 15);

    /// <summary>The link's prefix length.</summary>
    public int PrefixLength { get; init; } = 24;

    /// <summary>Whether the guest reaches the host's own services: its loopback as <see cref="Address"/>, and its other addresses. Off by default.</summary>
    public bool AllowHost { get; init; }

    /// <summary>Where to write every frame of the link as pcapng; disposed of with the gateway.</summary>
    public Stream? Capture { get; init; }

    /// <summary>Takes a line for whatever a person should know. Called on the gateway's threads; must not block for long.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Where names are asked for. Null: those of /etc/resolv.conf, read again when it changes.</summary>
    public IReadOnlyList<IPEndPoint>? Resolvers { get; init; }

    /// <summary>Guest and published TCP connections at one time. At the limit the longest idle one gives way, if it has been idle for a minute.</summary>
    public int MaxTcpFlows { get; init; } = 4096;

    /// <summary>UDP mappings and published UDP peers at one time, each. At the limit the longest idle one gives way.</summary>
    public int MaxUdpFlows { get; init; } = 1024;

    /// <summary>Names that are being asked for at one time. At the limit the oldest question is given up.</summary>
    public int MaxDnsQueries { get; init; } = 256;

    /// <summary>Pings from the guest that wait for an answer at one time.</summary>
    public int MaxPings { get; init; } = 64;

    /// <summary>How long a guest's connection may take to be opened on the host.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a UDP mapping lives without a datagram. RFC 4787 4.3 asks for two minutes at least.</summary>
    public TimeSpan UdpIdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long to wait for one resolver before the next is asked.</summary>
    public TimeSpan DnsTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>32 octets of secret for sequence numbers, ports and tables; null draws them from the system.</summary>
    public byte[]? Secret { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
