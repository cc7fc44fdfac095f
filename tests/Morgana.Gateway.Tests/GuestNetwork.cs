using System.Net;
using Morgana.Core;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Gateway.Tests;

/// <summary>A guest with a whole stack in this process, at the other end of a gateway's link.</summary>
internal sealed class GuestNetwork : IAsyncDisposable
{
    /// <summary>No test may hang: everything in here takes milliseconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _limit = new(Patience);

    public GuestNetwork(GatewayOptions? options = null, int mtu = Gateway.DefaultMtu)
    {
        Pool = new BufferPool(MemoryRegion.Native(32 << 20));
        (var device, Gateway) = Gateway.StartInProcess(options ?? new GatewayOptions { AllowHost = true }, Pool, mtu);
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
        while (!condition()) await Task.Delay(1, Limit);
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
