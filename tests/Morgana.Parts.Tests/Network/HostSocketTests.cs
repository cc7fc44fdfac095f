using System.Net.Sockets;
using System.Text;
using Morgana.Core;
using Morgana.HostSockets;
using Morgana.Sockets;

namespace Morgana.Parts.Tests;

/// <summary>The host's sockets keep the contract of our own stack. Everything is on loopback.</summary>
public class HostSocketTests
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;
    private readonly HostNetworkStack _network = new();

    [Fact]
    public async Task A_large_transfer_arrives_whole_and_ends()
    {
        await using var listener = await _network.ListenAsync(new(Ipv4Address.Loopback, 0));
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        var sending = Task.Run(async () =>
        {
            await using var client = await _network.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
            await client.Output.WriteAsync(data, s_limit);
            await client.Output.CompleteAsync();
            return await GuestBook.ReadAsync(client, s_limit);      // Our end is open for reading until the peer's FIN.
        });
        await using var server = (await listener.AcceptAsync(s_limit))!;
        var received = new MemoryStream();
        await server.Input.CopyToAsync(received, s_limit);
        Assert.Equal(data, received.ToArray());
        await server.Output.WriteAsync("done"u8.ToArray(), s_limit);
        await server.Output.CompleteAsync();
        Assert.Equal("done", await sending);
    }

    [Fact]
    public async Task A_refused_connection_says_so() =>
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(async () => await _network.ConnectAsync(await UnusedAsync(), cancel: s_limit))).SocketErrorCode);

    [Fact]
    public async Task A_listener_that_is_stopped_accepts_no_more()
    {
        var listener = await _network.ListenAsync(new(Ipv4Address.Loopback, 0));
        var accepting = listener.AcceptAsync(s_limit);
        await listener.DisposeAsync();
        Assert.Null(await accepting);
        Assert.Null(await listener.AcceptAsync(s_limit));
    }

    [Fact]
    public async Task An_abort_resets_the_peer()
    {
        await using var listener = await _network.ListenAsync(new(Ipv4Address.Loopback, 0));
        var client = await _network.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
        await using var server = (await listener.AcceptAsync(s_limit))!;
        client.Abort();
        Assert.True(client.Closed.IsCancellationRequested);
        await Assert.ThrowsAsync<IOException>(async () => await server.Input.ReadAsync(s_limit));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Datagrams_go_both_ways()
    {
        await using var one = await _network.BindAsync(new(Ipv4Address.Loopback, 0));
        await using var two = await _network.BindAsync(new(Ipv4Address.Any, 0));
        byte[] buffer = new byte[100];
        await one.SendAsync("hello"u8.ToArray(), new(Ipv4Address.Loopback, two.LocalEndpoint.Port), s_limit);
        var received = await two.ReceiveAsync(buffer, s_limit);
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, received.Length));
        Assert.Equal(one.LocalEndpoint, received.From);
        Assert.Equal(Ipv4Address.Loopback, received.To.Address);
        await two.SendAsync("yes"u8.ToArray(), received.From, s_limit);
        Assert.Equal(3, (await one.ReceiveAsync(buffer, s_limit)).Length);
    }

    [Fact]
    public async Task A_name_is_resolved_and_its_own_counters_are_empty()
    {
        Assert.Contains(Ipv4Address.Loopback, (await _network.ResolveAsync("127.0.0.1", s_limit)).Select(a => a.Ipv4));
        Assert.Equal(0, _network.Snapshot().ConnectionsByState.Sum());
    }

    private async Task<IpEndpoint> UnusedAsync()
    {
        await using var listener = await _network.ListenAsync(new(Ipv4Address.Loopback, 0));
        return listener.LocalEndpoint;
    }
}
