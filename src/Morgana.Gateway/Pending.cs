using System.Net;
using Morgana.Core;
using Morgana.Gateway.Dns;

// The gateway's own stack follows with Morgana.Network and Morgana.Protocols.Tcp.
#pragma warning disable CS9113, CA1822

namespace Morgana.Gateway.Loop
{
    internal interface ILoopService;

    internal sealed class GatewayLoop
    {
        public GatewayLoop(GatewayOptions options, GatewayCounters counters) => throw new NotSupportedException("The gateway needs Morgana.Network.");
        public Morgana.Gateway.Tcp.StackPlaceholder Stack => null!;
        public int Mtu => 0;
        public Task Completion => Task.CompletedTask;
        public void Start(ILoopService[] services) { }
        public void Stop() { }
        public void Abandon(ILoopService[] services) { }
        public bool TryPost(Action<Instant> work) => false;
    }
}

namespace Morgana.Gateway.Tcp
{
    using Morgana.Gateway.Loop;

    internal sealed class StackPlaceholder { public object Tcp => this; }
    internal sealed class TcpRelays(GatewayLoop loop, GatewayOptions options, HostPolicy policy, ResolverList resolvers) : ILoopService { public void Add(PublishedTcpPort port, Instant now) { } }
    internal sealed class PublishedTcpPort(GatewayLoop loop, TcpRelays relays, IPEndPoint hostLocal, ushort guestPort) { public IPEndPoint Endpoint => hostLocal; public void Close() { } }
    internal sealed class GuestProbe { public Task<bool> Answer => Task.FromResult(false); public void Begin(object tcp, GatewayOptions options, ushort port, int mtu, Instant now) { } public void GiveUp(Instant now) { } }
}

namespace Morgana.Gateway.Udp
{
    using Morgana.Gateway.Loop;

    internal sealed class UdpRelays(GatewayLoop loop, GatewayOptions options, HostPolicy policy, ResolverList resolvers) : ILoopService { public void Add(PublishedUdpPort port, Instant now) { } }
    internal sealed class PublishedUdpPort(GatewayLoop loop, UdpRelays relays, GatewayOptions options, IPEndPoint hostLocal, ushort guestPort) { public IPEndPoint Endpoint => hostLocal; public void Close() { } }
}

namespace Morgana.Gateway.Icmp
{
    using Morgana.Gateway.Loop;

    internal sealed class EchoRelay(GatewayLoop loop, GatewayOptions options, HostPolicy policy) : ILoopService;
}
