using System.Net.Sockets;
using System.Security.Cryptography;
using Morgana.Core;
using Morgana.Sockets;

namespace Morgana.Gateway.Tests;

public class OutgoingTcpTests
{
    private const int Much = 20 << 20;

    [Fact]
    public async Task A_guest_talks_to_a_server_on_the_host()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        var guest = connection.AsStream();
        await guest.WriteAsync("question"u8.ToArray(), network.Limit);
        Assert.Equal("question", await ReadTextAsync(host, 8, network.Limit));
        await host.SendAsync("answer"u8.ToArray(), network.Limit);
        byte[] answer = new byte[6];
        await guest.ReadExactlyAsync(answer, network.Limit);
        Assert.Equal("answer"u8.ToArray(), answer);
    }

    [Theory]
    [InlineData(1500)]
    [InlineData(Gateway.DefaultMtu)]
    public async Task Twenty_megabytes_go_both_ways_at_once_unchanged(int mtu)
    {
        await using var network = new GuestNetwork(mtu: mtu);
        using var server = Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        byte[] up = RandomBytes(Much, seed: 1), down = RandomBytes(Much, seed: 2);
        using var hostStream = new NetworkStream(host);
        var guest = connection.AsStream();
        var received = await Task.WhenAll(
            Task.Run(() => SendAllAsync(guest, up, network.Limit)), Task.Run(() => SendAllAsync(hostStream, down, network.Limit)),
            Task.Run(() => HashAsync(guest, Much, network.Limit)), Task.Run(() => HashAsync(hostStream, Much, network.Limit)));
        Assert.Equal(SHA256.HashData(down), received[2]);
        Assert.Equal(SHA256.HashData(up), received[3]);
        await network.UntilAsync(() => network.Gateway.Statistics.TcpBytesToHost == Much);     // Counted after the host has taken them.
        Assert.Equal(Much, network.Gateway.Statistics.TcpBytesToGuest);
    }

    [Fact]
    public async Task A_guests_half_close_reaches_the_host_and_the_answer_still_comes_back()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        var guest = connection.AsStream();
        await guest.WriteAsync("all I have"u8.ToArray(), network.Limit);
        await connection.Output.CompleteAsync();
        Assert.Equal("all I have", await ReadTextAsync(host, 10, network.Limit));
        Assert.Equal(0, await host.ReceiveAsync(new byte[1], network.Limit));
        await host.SendAsync("thank you"u8.ToArray(), network.Limit);
        host.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[9];
        await guest.ReadExactlyAsync(answer, network.Limit);
        Assert.Equal("thank you"u8.ToArray(), answer);
        Assert.Equal(0, await guest.ReadAsync(new byte[1], network.Limit));
        await connection.DisposeAsync();
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_hosts_half_close_reaches_the_guest_which_can_still_send()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        host.Shutdown(SocketShutdown.Send);
        var guest = connection.AsStream();
        Assert.Equal(0, await guest.ReadAsync(new byte[1], network.Limit));
        await guest.WriteAsync("still here"u8.ToArray(), network.Limit);
        Assert.Equal("still here", await ReadTextAsync(host, 10, network.Limit));
    }

    [Fact]
    public async Task A_hosts_reset_resets_the_guests_connection()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        var host = await server.AcceptAsync(network.Limit);
        host.LingerState = new LingerOption(true, 0);
        host.Dispose();
        await Assert.ThrowsAnyAsync<IOException>(async () => await connection.AsStream().ReadExactlyAsync(new byte[1], network.Limit));
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_guests_reset_resets_the_hosts_connection()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        connection.Abort();
        var failure = await Assert.ThrowsAsync<SocketException>(async () => await host.ReceiveAsync(new byte[1], network.Limit));
        Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
        await connection.DisposeAsync();
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_slow_reader_on_the_host_stops_the_guest_and_gets_everything_in_the_end()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        server.ReceiveBufferSize = 8192;
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        byte[] up = RandomBytes(Much, seed: 3);
        var sending = Task.Run(() => SendAllAsync(connection.AsStream(), up, network.Limit));
        // It comes to a stop while the host reads nothing: two buffers of ours, the kernel's, and no more.
        long before = -1;
        while (network.Gateway.Statistics.TcpBytesToHost is var now && (now == 0 || now != before))
        {
            before = now;
            await Task.Delay(50, network.Limit);
        }

        Assert.True(before < Much, $"{before} octets went over to a reader that reads nothing.");
        Assert.False(sending.IsCompleted);
        Assert.True(network.Gateway.Statistics.BlocksInUse * PoolBlock.Size < 1 << 20, $"{network.Gateway.Statistics.BlocksInUse} blocks wait in the gateway.");
        using var stream = new NetworkStream(host);
        Assert.Equal(SHA256.HashData(up), await HashAsync(stream, Much, network.Limit));
        await sending;
    }

    [Fact]
    public async Task A_slow_reader_in_the_guest_stops_the_host_and_gets_everything_in_the_end()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        await using var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        byte[] down = RandomBytes(Much, seed: 4);
        using var stream = new NetworkStream(host);
        var sending = Task.Run(() => SendAllAsync(stream, down, network.Limit));
        long before = -1;
        while (network.Gateway.Statistics.TcpBytesToGuest is var now && (now == 0 || now != before))
        {
            before = now;
            await Task.Delay(50, network.Limit);
        }

        Assert.True(before < Much, $"{before} octets went over to a reader that reads nothing.");
        Assert.True(network.Gateway.Statistics.BlocksInUse * PoolBlock.Size < 1 << 20, $"{network.Gateway.Statistics.BlocksInUse} blocks wait in the gateway.");
        Assert.Equal(SHA256.HashData(down), await HashAsync(connection.AsStream(), Much, network.Limit));
        await sending;
    }

    [Fact]
    public async Task A_port_where_nobody_listens_refuses_the_guest()
    {
        await using var network = new GuestNetwork();
        int port;
        using (var server = Listen()) port = PortOf(server);
        var failure = await Assert.ThrowsAnyAsync<SocketException>(async () => await network.Guest.ConnectAsync(GuestNetwork.Router(port), null, network.Limit));
        Assert.Equal(SocketError.ConnectionRefused, failure.SocketErrorCode);
        Assert.Equal(1, network.Gateway.Statistics.TcpFailed);
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Without_permission_the_hosts_loopback_refuses_the_guest()
    {
        await using var network = new GuestNetwork(new GatewayOptions());
        using var server = Listen();
        await Assert.ThrowsAnyAsync<SocketException>(async () => await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit));
        Assert.Equal(1, network.Gateway.Statistics.TcpRefusedByPolicy);
        Assert.False(server.Poll(0, SelectMode.SelectRead));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("224.0.0.1")]
    [InlineData("239.1.2.3")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    public async Task Special_addresses_refuse_the_guest_even_with_permission(string address)
    {
        await using var network = new GuestNetwork();
        await Assert.ThrowsAnyAsync<SocketException>(async () => await network.Guest.ConnectAsync(new(Ipv4Address.Parse(address), 80), null, network.Limit));
    }

    [Fact]
    public async Task Five_hundred_connections_in_a_row_leave_nothing_behind()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        var serving = EchoAsync(server, network.Limit);
        for (int i = 0; i < 500; i++) await EchoOnceAsync(network, PortOf(server), i);
        await network.AssertNothingIsLeftAsync();
        Assert.Equal(500, network.Gateway.Statistics.TcpOpened);
        server.Dispose();
        await serving;
    }

    [Fact]
    public async Task A_hundred_connections_at_once_do_not_disturb_each_other()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        var serving = EchoAsync(server, network.Limit);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => EchoOnceAsync(network, PortOf(server), i))));
        await network.AssertNothingIsLeftAsync();
        server.Dispose();
        await serving;
    }

    [Fact]
    public async Task At_the_limit_a_new_connection_is_refused_while_the_others_are_in_use()
    {
        await using var network = new GuestNetwork(new GatewayOptions { AllowHost = true, MaxTcpFlows = 2 });
        using var server = Listen();
        await using var first = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        await using var second = await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        await Assert.ThrowsAnyAsync<SocketException>(async () => await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit));
        Assert.Equal(1, network.Gateway.Statistics.TcpEvicted);
    }

    [Fact]
    public async Task When_the_guest_goes_its_connections_are_reset_and_the_gateway_ends()
    {
        await using var network = new GuestNetwork();
        using var server = Listen();
        await network.Guest.ConnectAsync(GuestNetwork.Router(PortOf(server)), null, network.Limit);
        using var host = await server.AcceptAsync(network.Limit);
        await network.Guest.DisposeAsync();
        await network.Gateway.Completion.WaitAsync(network.Limit);
        await Assert.ThrowsAsync<SocketException>(async () => await host.ReceiveAsync(new byte[1], network.Limit));
    }

    private static async Task EchoOnceAsync(GuestNetwork network, int port, int number)
    {
        var connection = await network.Guest.ConnectAsync(GuestNetwork.Router(port), null, network.Limit);
        byte[] message = RandomBytes(1000 + number, seed: number);
        var stream = connection.AsStream();
        await stream.WriteAsync(message, network.Limit);
        byte[] echo = new byte[message.Length];
        await stream.ReadExactlyAsync(echo, network.Limit);
        Assert.Equal(message, echo);
        await connection.DisposeAsync();
    }

    private static async Task EchoAsync(Socket server, CancellationToken limit)
    {
        var all = new List<Task>();
        try
        {
            while (true)
            {
                var host = await server.AcceptAsync(limit);
                all.Add(Task.Run(async () =>
                {
                    using var stream = new NetworkStream(host, ownsSocket: true);
                    await stream.CopyToAsync(stream, limit);
                    host.Shutdown(SocketShutdown.Send);
                }));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(all);
        }
    }

    internal static Socket Listen()
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(GuestNetwork.Loopback());
        server.Listen(256);
        return server;
    }

    internal static int PortOf(Socket socket) => ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;

    internal static byte[] RandomBytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static async Task<byte[]> SendAllAsync(Stream to, byte[] bytes, CancellationToken limit)
    {
        for (int at = 0; at < bytes.Length; at += 50_000) await to.WriteAsync(bytes.AsMemory(at, Math.Min(50_000, bytes.Length - at)), limit);
        await to.FlushAsync(limit);
        return [];
    }

    internal static async Task<byte[]> HashAsync(Stream from, int count, CancellationToken limit)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        while (count > 0)
        {
            int read = await from.ReadAsync(buffer.AsMemory(0, Math.Min(count, buffer.Length)), limit);
            Assert.NotEqual(0, read);
            hash.AppendData(buffer, 0, read);
            count -= read;
        }

        return hash.GetHashAndReset();
    }

    internal static async Task<string> ReadTextAsync(Socket host, int count, CancellationToken limit)
    {
        byte[] bytes = new byte[count];
        for (int read = 0; read < count;)
        {
            int n = await host.ReceiveAsync(bytes.AsMemory(read), limit);
            Assert.NotEqual(0, n);
            read += n;
        }

        return System.Text.Encoding.ASCII.GetString(bytes);
    }
}
