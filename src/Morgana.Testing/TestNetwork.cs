using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Faults;
using Morgana.Sockets;

namespace Morgana.Testing;

/// <summary>A switch in memory, with a running stack for each host: what whole unikernels are tested on.</summary>
/// <remarks>
/// Unlike <see cref="VirtualNetwork"/>, it runs on the system's clock and threads, since a unikernel's own code does. Faults are drawn from
/// a seed, but where they fall depends on when frames are sent.
/// </remarks>
/// <example>
/// <code>
/// await using var network = new TestNetwork { Link = new() { Loss = 0.01 } };
/// await using var notes = await UnikernelTest.StartAsync&lt;Notes&gt;(g => g.Bind(network.AddHost("10.0.0.2")));
/// await using var client = await network.AddHost("10.0.0.1").ConnectAsync(IpEndpoint.Parse("10.0.0.2:80"));
/// </code>
/// </example>
/// <param name="seed">Decides which frames meet with what.</param>
public sealed class TestNetwork(ulong seed = 1) : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly List<NetworkLoop> _hosts = [];
    private volatile SwitchPort[] _ports = [];

    /// <summary>The seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>What happens to frames that hosts send. Set it before hosts are added; each host's cable has its own dice.</summary>
    public FaultProfile Link { get; set; } = FaultProfile.None;

    /// <summary>Frames that were lost: by the link, or at a port's limit.</summary>
    public long FramesLost => _ports.Sum(p => p.Lost);

    /// <summary>Adds a host, whose stack runs from now on. The network disposes of it.</summary>
    /// <param name="address">Its address, in a network of 24 bits.</param>
    /// <param name="gateway">Its default route, if it has one.</param>
    /// <param name="poolOctets">Memory of its pool.</param>
    public NetworkLoop AddHost(string address, string? gateway = null, int poolOctets = 4 << 20)
    {
        lock (_gate)
        {
            int index = _hosts.Count;
            var pool = new BufferPool(MemoryRegion.Pinned(poolOctets));
            var port = Open(pool);
            var loop = new NetworkLoop(new()
            {
                Attachments =
                [
                    new(port, new()
                    {
                        Name = $"host{index}",
                        Mac = port.Capabilities.Mac,
                        Mtu = port.Capabilities.Mtu,
                        Addresses = [new(Ipv4Address.Parse(address), 24)],
                        Gateway = gateway is null ? null : Ipv4Address.Parse(gateway),
                    }),
                ],
                Pool = pool,
                Name = $"host {address}",
            });
            _hosts.Add(loop);
            loop.Start();
            return loop;
        }
    }

    /// <summary>Plugs a cable in, for a stack that somebody else makes.</summary>
    /// <param name="pool">What it receives is rented from it.</param>
    public INetworkDevice OpenDevice(BufferPool pool)
    {
        lock (_gate) return Open(pool);
    }

    private SwitchPort Open(BufferPool pool)
    {
        var port = new SwitchPort(this, pool, new(0x0200_0000_0001 + (ulong)_ports.Length), new(Link, Seed ^ ((ulong)(_ports.Length + 1) << 32)));
        _ports = [.. _ports, port];
        return port;
    }

    /// <summary>Stops every host.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkLoop[] hosts;
        lock (_gate) hosts = [.. _hosts];
        foreach (var host in hosts) await host.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Hands a frame to those that it is for. The sender's thread.</summary>
    internal void Forward(SwitchPort from, byte[] frame, TimeSpan delay)
    {
        ulong destination = 0;
        for (int i = 0; i < 6; i++) destination = (destination << 8) | frame[i];
        // IEEE 802: the lowest bit of the first octet marks a group; a switch sends those, and what it does not know, everywhere.
        bool isGroup = (frame[0] & 1) != 0;
        foreach (var port in _ports)
            if (port != from && (isGroup || port.Capabilities.Mac.Value == destination)) port.Deliver(frame, delay);
    }
}
