using System.Buffers.Binary;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Network;

namespace Morgana.Sockets.Tests;

public sealed class DatagramTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Datagrams_go_there_and_back_with_their_addresses()
    {
        await using var hosts = new TwoHosts();
        await using var server = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7));
        await using var client = await hosts.Client.BindAsync(new(Ipv4Address.Any, 0));
        var buffer = new byte[2000];
        for (int size = 0; size < 2000; size += 199)
        {
            await client.SendAsync(Enumerable.Repeat((byte)size, size).ToArray(), server.LocalEndpoint);
            var received = await server.ReceiveAsync(buffer).AsTask().WaitAsync(Limit);
            Assert.Equal(size, received.Length);
            Assert.Equal(new IpEndpoint(TwoHosts.ServerAddress, 7), received.To);
            Assert.Equal(new IpEndpoint(TwoHosts.ClientAddress, client.LocalEndpoint.Port), received.From);
            await server.SendAsync(buffer.AsMemory(0, received.Length), received.From);
            var echoed = await client.ReceiveAsync(buffer).AsTask().WaitAsync(Limit);
            Assert.Equal(size, echoed.Length);
        }
    }

    // With nobody on its link the host has no timers either, which would only hide that a round ended with something left to tell.
    [Fact]
    public async Task A_datagram_to_the_host_itself_comes_though_nothing_else_happens()
    {
        var pool = new BufferPool(MemoryRegion.Native(1 << 20));
        var (device, _) = MemoryLink.Create(pool, pool);
        await using var host = new NetworkLoop(new() { Attachments = [new(device, new InterfaceOptions { Mac = new(0x0200_0000_0001UL), Addresses = [] })], Pool = pool });
        host.Start();
        await using var server = await host.BindAsync(new(Ipv4Address.Any, 7));
        await using var client = await host.BindAsync(new(Ipv4Address.Any, 0));
        var receiving = server.ReceiveAsync(new byte[10]).AsTask();
        await client.SendAsync(new byte[3], new(Ipv4Address.Loopback, 7));
        Assert.Equal(3, (await receiving.WaitAsync(Limit)).Length);
    }

    [Fact]
    public async Task A_datagram_longer_than_the_buffer_is_cut_and_says_so()
    {
        await using var hosts = new TwoHosts();
        await using var server = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7));
        await using var client = await hosts.Client.BindAsync(new(Ipv4Address.Any, 0));
        await client.SendAsync(new byte[100], server.LocalEndpoint);
        var received = await server.ReceiveAsync(new byte[10]).AsTask().WaitAsync(Limit);
        Assert.Equal((10, true), (received.Length, received.IsTruncated));
    }

    [Fact]
    public async Task A_receive_that_is_cancelled_loses_no_datagram_that_comes_later()
    {
        await using var hosts = new TwoHosts();
        await using var server = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7));
        await using var client = await hosts.Client.BindAsync(new(Ipv4Address.Any, 0));
        using var cancel = new CancellationTokenSource();
        var cancelled = server.ReceiveAsync(new byte[10], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await client.SendAsync(new byte[3], server.LocalEndpoint);
        Assert.Equal(3, (await server.ReceiveAsync(new byte[10]).AsTask().WaitAsync(Limit)).Length);
    }

    [Fact]
    public async Task A_closed_socket_frees_its_port_and_ends_its_receives()
    {
        await using var hosts = new TwoHosts();
        var socket = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7));
        var receive = socket.ReceiveAsync(new byte[10]).AsTask();
        var busy = await Assert.ThrowsAsync<SocketException>(() => hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7)).AsTask());
        Assert.Equal(SocketError.AddressAlreadyInUse, busy.SocketErrorCode);
        await socket.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(() => receive);
        await using var again = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 7));
        Assert.Equal(7, again.LocalEndpoint.Port);
    }

    [Fact]
    public async Task A_ping_is_answered_with_the_time_it_took_and_one_to_nobody_times_out()
    {
        await using var hosts = new TwoHosts();
        var reply = await hosts.Client.PingAsync(TwoHosts.ServerAddress, Limit);
        Assert.True(reply.Received);
        Assert.Equal((IpAddress)TwoHosts.ServerAddress, reply.From);
        Assert.True(reply.RoundTrip > TimeSpan.Zero);
        Assert.False((await hosts.Client.PingAsync(Ipv4Address.From(10, 0, 0, 99), TimeSpan.FromMilliseconds(20))).Received);
    }

    [Fact]
    public async Task Names_are_asked_of_the_name_server()
    {
        await using var hosts = new TwoHosts(nameServers: [new(TwoHosts.ServerAddress, 53)], clientClock: new PatientClock());
        await using var dns = await hosts.Server.BindAsync(new(TwoHosts.ServerAddress, 53));
        var serving = ServeDnsAsync(dns);
        Assert.Equal([Ipv4Address.From(192, 0, 2, 7)], await hosts.Client.ResolveAsync("www.example").AsTask().WaitAsync(Limit));
        var error = await Assert.ThrowsAsync<SocketException>(() => hosts.Client.ResolveAsync("nowhere.example").AsTask().WaitAsync(Limit));
        Assert.Equal(SocketError.HostNotFound, error.SocketErrorCode);
        Assert.Equal([Ipv4Address.From(10, 1, 2, 3)], await hosts.Client.ResolveAsync("10.1.2.3"));
        Assert.Equal([Ipv4Address.Loopback], await hosts.Client.ResolveAsync("localhost"));
        await dns.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(() => serving);
    }

    private static async Task ServeDnsAsync(UdpSocket socket)
    {
        var buffer = new byte[512];
        while (true)
        {
            var request = await socket.ReceiveAsync(buffer);
            bool known = System.Text.Encoding.ASCII.GetString(buffer, 0, request.Length).Contains("www", StringComparison.OrdinalIgnoreCase);
            byte[] answer = [.. buffer[..request.Length], .. known ? Convert.FromHexString("C00C000100010000003C0004C0000207") : []];
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), (ushort)(known ? 0x8180 : 0x8183));
            BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)(known ? 1 : 0));
            await socket.SendAsync(answer, request.From);
        }
    }
}
