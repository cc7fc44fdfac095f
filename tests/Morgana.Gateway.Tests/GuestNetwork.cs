using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Drivers.FrameSocket;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Gateway.Tests;

/// <summary>A guest with a whole stack in this process, at the other end of a gateway's link.</summary>
internal sealed class GuestNetwork : IAsyncDisposable
{
    /// <summary>No test may hang: everything in here takes milliseconds, unless the machine is busy with something else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _limit = new(Patience);

    private readonly int _guestSocket;

    public GuestNetwork(GatewayOptions? options = null, int mtu = Gateway.DefaultMtu, Func<INetworkDevice, INetworkDevice>? decorate = null)
    {
        options ??= new GatewayOptions { AllowHost = true };
        Pool = new BufferPool(MemoryRegion.Native(16 << 20));
        (int ours, _guestSocket) = FrameSockets.CreatePair();
        var device = FrameSocketDevice.FromDescriptor(_guestSocket, Pool, new() { Mtu = mtu });
        Gateway = new Gateway(options with
        {
            BufferMemory = 16 << 20,
            OpenDevice = pool =>
            {
                INetworkDevice link = FrameSocketDevice.FromDescriptor(ours, pool, new() { Mtu = mtu, Mac = options.Mac });
                return decorate is null ? link : decorate(link);
            },
        });
        Gateway.Start();
        Guest = new NetworkLoop(new NetworkLoopOptions
        {
            Pool = Pool,
            Attachments = [new(device, new InterfaceOptions { Mac = new MacAddress(0x0200_0A00_020F), Mtu = mtu, Addresses = [new(Ipv4Address.Parse("10.0.2.15"), 24)], Gateway = Ipv4Address.Parse("10.0.2.2") })],
            NameServers = [new IpEndpoint(Ipv4Address.Parse("10.0.2.3"), 53)],
            Name = "guest",
        });
        Guest.Start();
    }

    public BufferPool Pool { get; }

    public Gateway Gateway { get; }

    public NetworkLoop Guest { get; }

    /// <summary>Ends what has taken too long.</summary>
    public CancellationToken Limit => _limit.Token;

    public static IpEndpoint Router(int port) => new(Ipv4Address.Parse("10.0.2.2"), (ushort)port);

    public static IpEndpoint Self(int port) => new(Ipv4Address.Parse("10.0.2.15"), (ushort)port);

    public static IPEndPoint Loopback(int port = 0) => new(IPAddress.Loopback, port);

    /// <summary>Waits until something is so, within the test's patience.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Gateway.Wake();                                 // Its clock may be one that stands still.
            await Task.Delay(1, Limit);
        }
    }

    /// <summary>The guest is gone from one moment to the next, as a process that is killed: not one frame more comes from it.</summary>
    public void Vanish()
    {
        using var socket = new Socket(new SafeSocketHandle(_guestSocket, ownsHandle: false));
        socket.Shutdown(SocketShutdown.Both);
    }

    /// <summary>Everything that was opened is closed: no flow and no buffer is left.</summary>
    public async Task AssertNothingIsLeftAsync()
    {
        await UntilAsync(() => Gateway.Statistics is { TcpFlows: 0, DnsPending: 0 });
        await UntilAsync(() => Gateway.Statistics.BlocksInUse == 0);
    }

    public async ValueTask DisposeAsync()
    {
        await Guest.DisposeAsync();
        await Gateway.DisposeAsync();
        Assert.Equal(0, Gateway.Statistics.TcpFlows);
        Assert.Equal(0, Gateway.Statistics.UdpFlows);
        Assert.Equal(0, Gateway.Statistics.DnsPending);
        _limit.Dispose();
    }
}
