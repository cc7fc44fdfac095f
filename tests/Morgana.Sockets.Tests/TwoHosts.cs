using Morgana.Core;
using Morgana.Drivers.FrameSocket;
using Morgana.Network;

namespace Morgana.Sockets.Tests;

/// <summary>Two hosts, each with a loop, a stack and a pool of its own, joined by a frame socket.</summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    public static readonly Ipv4Address ClientAddress = Ipv4Address.From(10, 0, 0, 1);
    public static readonly Ipv4Address ServerAddress = Ipv4Address.From(10, 0, 0, 2);

    public TwoHosts(int poolSize = 8 << 20, bool handlersOnLoop = false, IReadOnlyList<IpEndpoint>? nameServers = null, int mtu = 1500, TimeProvider? clientClock = null)
    {
        ClientPool = new BufferPool(MemoryRegion.Native(poolSize));
        ServerPool = new BufferPool(MemoryRegion.Native(poolSize));
        var (clientMac, serverMac) = (MacAddress.Parse("02:00:00:00:00:01"), MacAddress.Parse("02:00:00:00:00:02"));
        var (clientDevice, serverDevice) = FrameSocketDevice.CreatePair(
            ClientPool, ServerPool, new FrameSocketSettings { Mac = clientMac, Mtu = mtu }, new FrameSocketSettings { Mac = serverMac, Mtu = mtu });
        Client = Start(clientDevice, ClientPool, ClientAddress, clientMac, mtu, handlersOnLoop, nameServers ?? [], clientClock);
        Server = Start(serverDevice, ServerPool, ServerAddress, serverMac, mtu, handlersOnLoop, []);
    }

    public BufferPool ClientPool { get; }

    public BufferPool ServerPool { get; }

    public NetworkLoop Client { get; }

    public NetworkLoop Server { get; }

    /// <summary>A connection from the client to a listener of the server's, both ends.</summary>
    public async Task<(TcpConnection Client, TcpConnection Server)> ConnectAsync(TcpConnectOptions? options = null)
    {
        await using var listener = await Server.ListenAsync(new(ServerAddress, 0), new TcpListenerOptions { Connection = options ?? new() });
        var accept = listener.AcceptAsync();
        var client = await Client.ConnectAsync(listener.LocalEndpoint, options);
        var server = await accept;
        Assert.NotNull(server);
        return (client, server);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        Assert.Null(Client.Failure);
        Assert.Null(Server.Failure);
    }

    private static NetworkLoop Start(
        FrameSocketDevice device, BufferPool pool, Ipv4Address address, MacAddress mac, int mtu, bool handlersOnLoop, IReadOnlyList<IpEndpoint> nameServers, TimeProvider? clock = null)
    {
        var loop = new NetworkLoop(new NetworkLoopOptions
        {
            Attachments = [new(device, new InterfaceOptions { Mac = mac, Mtu = mtu, Addresses = [new(address, 24)] })],
            Pool = pool,
            HandlersOnLoop = handlersOnLoop,
            NameServers = nameServers,
            Clock = clock ?? TimeProvider.System,
            Name = address.ToString(),
        });
        loop.Start();
        return loop;
    }
}

/// <summary>A clock whose timers never ring: on a busy machine nothing is given up that merely takes long.</summary>
internal sealed class PatientClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Silent();

    private sealed class Silent : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
