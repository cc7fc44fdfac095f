using Morgana.Core;
using Morgana.Devices;
using Morgana.Devices.Memory;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Bench;

/// <summary>Two network loops, each with a thread and a pool of its own, joined in memory, and one connection between them.</summary>
internal sealed class TwoLoops
{
    public TwoLoops()
    {
        BufferPool first = new(MemoryRegion.Native(16 << 20)), second = new(MemoryRegion.Native(16 << 20));
        var (a, b) = MemoryLink.Create(first, second, new() { Mtu = 1500 });
        var client = Start(a, first, 1);
        var server = Start(b, second, 2);
        (Client, Server) = ConnectAsync(client, server).GetAwaiter().GetResult();
    }

    public Stream Client { get; }

    public Stream Server { get; }

    /// <summary>Starts a loop with a fixed secret.</summary>
    public static NetworkLoop Start(INetworkDevice device, BufferPool pool, byte number, Ipv4Address? address = null, Ipv4Address? gateway = null)
    {
        var loop = new NetworkLoop(new NetworkLoopOptions
        {
            Pool = pool,
            Secret = TwoHosts.Secret,
            Attachments =
            [
                new(device, new InterfaceOptions
                {
                    Name = "link",
                    Mac = new MacAddress(0x0200_0000_0000UL + number),
                    Mtu = device.Capabilities.Mtu,
                    Addresses = [new(address ?? Ipv4Address.From(10, 0, 0, number), 24)],
                    Gateway = gateway,
                }),
            ],
        });
        loop.Start();
        return loop;
    }

    private static async Task<(Stream Client, Stream Server)> ConnectAsync(NetworkLoop client, NetworkLoop server)
    {
        var to = new IpEndpoint(Ipv4Address.From(10, 0, 0, 2), 80);
        var listener = await server.ListenAsync(to).ConfigureAwait(false);
        var accepting = listener.AcceptAsync();
        var connection = await client.ConnectAsync(to).ConfigureAwait(false);
        var accepted = await accepting.ConfigureAwait(false);
        return (connection.AsStream(), accepted!.AsStream());
    }
}
