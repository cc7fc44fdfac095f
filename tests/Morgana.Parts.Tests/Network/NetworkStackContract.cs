using System.Net.Sockets;
using System.Text;
using Morgana.Core;
using Morgana.HostSockets;
using Morgana.Sockets;
using Morgana.Testing;
using TcpListener = Morgana.Sockets.TcpListener;

namespace Morgana.Parts.Tests;

/// <summary>What every <see cref="INetworkStack"/> keeps, whoever serves it.</summary>
public abstract class NetworkStackContract
{
    private static readonly CancellationToken s_limit = new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;

    protected abstract INetworkStack Client { get; }

    protected abstract INetworkStack Server { get; }

    protected abstract Ipv4Address ServerAddress { get; }

    private ValueTask<TcpListener> ListenAsync() => Server.ListenAsync(new(ServerAddress, 0), cancel: s_limit);

    [Fact]
    public async Task A_large_transfer_arrives_whole_and_each_direction_ends_by_itself()
    {
        await using var listener = await ListenAsync();
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        var sending = Task.Run(async () =>
        {
            await using var client = await Client.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
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
    public async Task A_connection_knows_its_ends()
    {
        await using var listener = await ListenAsync();
        Assert.NotEqual(0, listener.LocalEndpoint.Port);
        await using var client = await Client.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
        await using var server = (await listener.AcceptAsync(s_limit))!;
        Assert.Equal(listener.LocalEndpoint, client.RemoteEndpoint);
        Assert.Equal(client.LocalEndpoint, server.RemoteEndpoint);
        Assert.Equal(client.RemoteEndpoint, server.LocalEndpoint);
    }

    [Fact]
    public async Task A_refused_connection_says_so()
    {
        IpEndpoint unused;
        await using (var listener = await ListenAsync()) unused = listener.LocalEndpoint;
        var e = await Assert.ThrowsAsync<SocketException>(async () => await Client.ConnectAsync(unused, cancel: s_limit));
        Assert.Equal(SocketError.ConnectionRefused, e.SocketErrorCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_cannot_be_listened_on()
    {
        await using var listener = await ListenAsync();
        var e = await Assert.ThrowsAsync<SocketException>(async () => await Server.ListenAsync(listener.LocalEndpoint, cancel: s_limit));
        Assert.Equal(SocketError.AddressAlreadyInUse, e.SocketErrorCode);
    }

    [Fact]
    public async Task A_listener_that_is_stopped_accepts_no_more()
    {
        var listener = await ListenAsync();
        var accepting = listener.AcceptAsync(s_limit);
        await listener.DisposeAsync();
        Assert.Null(await accepting);
        Assert.Null(await listener.AcceptAsync(s_limit));
    }

    [Fact]
    public async Task An_accept_that_is_given_up_loses_no_connection()
    {
        await using var listener = await ListenAsync();
        using var cancel = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await accepting);
        await using var client = await Client.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
        await using var server = await listener.AcceptAsync(s_limit);
        Assert.NotNull(server);
    }

    [Fact]
    public async Task An_abort_resets_the_peer_and_both_are_over()
    {
        await using var listener = await ListenAsync();
        await using var client = await Client.ConnectAsync(listener.LocalEndpoint, cancel: s_limit);
        await using var server = (await listener.AcceptAsync(s_limit))!;
        client.Abort();
        await Assert.ThrowsAsync<IOException>(async () => await server.Input.ReadAsync(s_limit));
        var over = new TaskCompletionSource();
        using var registration = client.Closed.Register(over.SetResult);
        await over.Task.WaitAsync(s_limit);
    }

    [Fact]
    public async Task A_connection_is_a_stream_too()
    {
        await using var listener = await ListenAsync();
        await using var client = (await Client.ConnectAsync(listener.LocalEndpoint, cancel: s_limit)).AsStream();
        await using var server = (await listener.AcceptAsync(s_limit))!.AsStream();
        await client.WriteAsync("hello"u8.ToArray(), s_limit);
        byte[] read = new byte[5];
        await server.ReadExactlyAsync(read, s_limit);
        Assert.Equal("hello", Encoding.ASCII.GetString(read));
    }

    [Fact]
    public async Task Datagrams_go_both_ways_and_are_cut_to_the_buffer()
    {
        await using var one = await Client.BindAsync(new(Ipv4Address.Any, 0), s_limit);
        await using var two = await Server.BindAsync(new(ServerAddress, 0), s_limit);
        byte[] buffer = new byte[3];
        await one.SendAsync("hello"u8.ToArray(), two.LocalEndpoint, s_limit);
        var received = await two.ReceiveAsync(buffer, s_limit);
        Assert.Equal((3, true, two.LocalEndpoint), (received.Length, received.IsTruncated, received.To));
        Assert.Equal(one.LocalEndpoint.Port, received.From.Port);
        await two.SendAsync("yes"u8.ToArray(), received.From, s_limit);
        Assert.Equal(3, (await one.ReceiveAsync(buffer, s_limit)).Length);
        Assert.Equal("yes", Encoding.ASCII.GetString(buffer));
    }

    [Fact]
    public async Task A_socket_that_is_closed_ends_who_waits()
    {
        var socket = await Server.BindAsync(new(ServerAddress, 0), s_limit);
        var receiving = socket.ReceiveAsync(new byte[10], s_limit);
        await socket.DisposeAsync();
        Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(async () => await receiving)).SocketErrorCode);
    }

    [Fact]
    public async Task An_address_is_its_own_name() => Assert.Equal([Ipv4Address.Parse("192.0.2.7")], await Client.ResolveAsync("192.0.2.7", s_limit));

    [Fact]
    public void A_snapshot_has_every_state_and_reason()
    {
        var snapshot = Server.Snapshot();
        Assert.Equal(11, snapshot.ConnectionsByState.Count);
        Assert.True(snapshot.DropsByReason.Count >= Enum.GetValues<DropReason>().Length);
    }
}

/// <summary>The host's sockets, on loopback.</summary>
public sealed class HostSocketTests : NetworkStackContract
{
    private readonly HostNetworkStack _network = new();

    protected override INetworkStack Client => _network;

    protected override INetworkStack Server => _network;

    protected override Ipv4Address ServerAddress => Ipv4Address.Loopback;
}

/// <summary>Two stacks of ours, on a network in memory.</summary>
public sealed class VirtualStackTests : NetworkStackContract, IAsyncLifetime
{
    private readonly TestNetwork _network = new();

    public VirtualStackTests() => (Client, Server) = (_network.AddHost("10.0.0.1"), _network.AddHost("10.0.0.2"));

    protected override INetworkStack Client { get; }

    protected override INetworkStack Server { get; }

    protected override Ipv4Address ServerAddress => Ipv4Address.Parse("10.0.0.2");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _network.DisposeAsync();
}
