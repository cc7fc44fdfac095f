using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;
using Morgana.Sockets;

namespace Morgana.Hosting.Tests;

public class NetworkPartTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Behind_the_gateway_a_guest_that_is_told_nothing_has_the_gateways_addresses(bool isTold0000)
    {
        var pool = new BufferPool(MemoryRegion.Pinned(1 << 20));
        var (ours, _) = MemoryLink.Create(pool, pool);
        var loop = (NetworkLoop)NetworkParts.Direct(new Port(ours, pool), isTold0000 ? default(InterfaceAddress) : null, isTold0000 ? default(Ipv4Address) : null);
        await loop.DisposeAsync();
        Assert.Equal("10.0.2.15/24", Assert.Single(loop.Stack.Interfaces[0].Addresses).ToString());
        Assert.True(loop.Stack.TrySelectSource(Ipv4Address.Parse("192.0.2.1"), out var source, out _));
        Assert.Equal("10.0.2.15", source.ToString());
    }

    private sealed class Port(INetworkDevice device, BufferPool pool) : INetworkPort
    {
        public bool IsBehindGateway => true;

        public (INetworkDevice Device, BufferPool Pool) Open(int poolSize) => (device, pool);
    }
}
