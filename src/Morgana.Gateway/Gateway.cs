using System.Net;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Drivers.FrameSocket;
using Morgana.Gateway.Dns;
using Morgana.Gateway.Icmp;
using Morgana.Gateway.Loop;
using Morgana.Gateway.Tcp;
using Morgana.Gateway.Udp;

namespace Morgana.Gateway;

/// <summary>A network for one guest, without privileges: a router with a stack of its own, which carries flows between the guest's link and host sockets.</summary>
/// <remarks>Every member may be called from any thread.</remarks>
public sealed class Gateway : IAsyncDisposable
{
    /// <summary>The link's MTU when both ends are frame sockets of ours: large frames are what makes it fast.</summary>
    public const int DefaultMtu = FrameSocketDevice.MaxMtu;

    /// <summary>How long one attempt to reach the guest's port may take: a guest that has just been started loses the first SYN.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(5);

    private readonly GatewayOptions _options;
    private readonly GatewayCounters _counters = new();
    private readonly GatewayLoop _loop;
    private readonly TcpRelays _tcp;
    private readonly UdpRelays _udp;
    private readonly EchoRelay _echo;
    private readonly object _starting = new();
    private bool _started;

    /// <summary>Opens the device and builds the stack; <see cref="Start"/> sets it going.</summary>
    public Gateway(GatewayOptions options)
    {
        _options = options;
        var policy = new HostPolicy(options);
        var resolvers = new ResolverList(options.Resolvers);
        _loop = new GatewayLoop(options, _counters);
        _tcp = new TcpRelays(_loop, options, policy, resolvers);
        _udp = new UdpRelays(_loop, options, policy, resolvers);
        _echo = new EchoRelay(_loop, options, policy);
    }

    /// <summary>Completes when the gateway has ended: after <see cref="DisposeAsync"/>, or because the guest's end of the link has gone.</summary>
    public Task Completion => _loop.Completion;

    /// <summary>The counters as they are now.</summary>
    public GatewayStatistics Statistics => _counters.Snapshot();

    /// <summary>Starts a gateway whose link ends in this process: for a guest under the JIT, and for tests.</summary>
    /// <param name="options">The settings; <see cref="GatewayOptions.OpenDevice"/> is not used.</param>
    /// <param name="guestPool">The guest's pool, from which its device rents what it receives.</param>
    /// <param name="mtu">The link's MTU.</param>
    /// <returns>The guest's end of the link, which belongs to the caller, and the gateway.</returns>
    public static (INetworkDevice GuestDevice, Gateway Gateway) StartInProcess(GatewayOptions options, BufferPool guestPool, int mtu = DefaultMtu)
    {
        INetworkDevice? guest = null;
        var gateway = new Gateway(options with
        {
            OpenDevice = pool =>
            {
                var (ours, theirs) = FrameSocketDevice.CreatePair(pool, guestPool, new() { Mtu = mtu, Mac = options.Mac }, new() { Mtu = mtu });
                guest = theirs;
                return ours;
            },
        });
        gateway.Start();
        return (guest!, gateway);
    }

    /// <summary>Starts the gateway's thread. What was published before begins to be served.</summary>
    public void Start()
    {
        lock (_starting)
        {
            if (_started) throw new InvalidOperationException("The gateway has been started.");
            _started = true;
            _loop.Start([_tcp, _udp, _echo]);
        }
    }

    /// <summary>Leads connections to <paramref name="hostLocal"/> to the guest's TCP port.</summary>
    /// <returns>The host's endpoint, with the port that the host chose if 0 was asked for.</returns>
    /// <exception cref="PortInUseException">The host port is taken.</exception>
    public IPEndPoint PublishTcp(IPEndPoint hostLocal, ushort guestPort)
    {
        var port = new PublishedTcpPort(_loop, _tcp, hostLocal, guestPort);
        if (!_loop.TryPost(now => _tcp.Add(port, now))) port.Close();
        return port.Endpoint;
    }

    /// <summary>Leads datagrams to <paramref name="hostLocal"/> to the guest's UDP port, and the answers back.</summary>
    /// <returns>The host's endpoint, with the port that the host chose if 0 was asked for.</returns>
    /// <exception cref="PortInUseException">The host port is taken.</exception>
    public IPEndPoint PublishUdp(IPEndPoint hostLocal, ushort guestPort)
    {
        var port = new PublishedUdpPort(_loop, _udp, _options, hostLocal, guestPort);
        if (!_loop.TryPost(now => _udp.Add(port, now))) port.Close();
        return port.Endpoint;
    }

    /// <summary>Leads a port of the host to a port of the guest.</summary>
    /// <returns>The same, with the port that the host chose if 0 was asked for.</returns>
    /// <exception cref="PortInUseException">The host port is taken.</exception>
    public PublishedPort Publish(PublishedPort port) => port with { Host = port.IsUdp ? PublishUdp(port.Host, port.GuestPort) : PublishTcp(port.Host, port.GuestPort) };

    /// <summary>Waits until the guest accepts connections at a TCP port. It sees a connection that is opened and closed again.</summary>
    /// <returns>False if the gateway has ended before, since the guest has gone.</returns>
    public async Task<bool> WaitUntilServingAsync(ushort guestPort, CancellationToken cancel = default)
    {
        while (!Completion.IsCompleted)
        {
            var probe = new GuestProbe();
            if (!_loop.TryPost(now => probe.Begin(_loop.Stack.Tcp, _options, guestPort, _loop.Mtu, now))) return false;
            await Task.WhenAny(probe.Answer, Completion, Task.Delay(ProbeTimeout, cancel)).ConfigureAwait(false);
            if (probe.Answer.IsCompletedSuccessfully && await probe.Answer.ConfigureAwait(false)) return true;
            _loop.TryPost(probe.GiveUp);
            await Task.Delay(ProbeInterval, cancel).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Has the loop look at its clock, which only tests move by hand.</summary>
    internal void Wake() => _loop.TryPost(_ => { });

    /// <summary>Gives the host ports back, resets what is open, closes the link and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        bool started;
        lock (_starting)
        {
            started = _started;
            _started = true;
        }

        if (!started) _loop.Abandon([_tcp, _udp, _echo]);
        else _loop.Stop();
        await _loop.Completion.ConfigureAwait(false);
    }
}
