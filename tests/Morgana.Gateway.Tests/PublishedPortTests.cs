using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TcpListener = Morgana.Sockets.TcpListener;

namespace Morgana.Gateway.Tests;

public class PublishedPortTests
{
    [Fact]
    public async Task A_published_port_leads_to_the_guest()
    {
        await using var network = new GuestNetwork();
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, network.Limit);
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint, network.Limit);
        await using var connection = (await listener.AcceptAsync(network.Limit))!;
        Assert.Equal("10.0.2.2", connection.RemoteEndpoint.Address.Ipv4.ToString());
        byte[] down = OutgoingTcpTests.RandomBytes(3 << 20, seed: 5);
        var sending = Task.Run(() => OutgoingTcpTests.SendAllAsync(connection.AsStream(), down, network.Limit));
        Assert.Equal(SHA256.HashData(down), await OutgoingTcpTests.HashAsync(client.GetStream(), down.Length, network.Limit));
        await sending;
    }

    [Fact]
    public async Task HttpClient_reads_a_page_that_the_guest_serves()
    {
        await using var network = new GuestNetwork();
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, network.Limit);
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        var serving = ServeHttpAsync(listener, network.Limit);
        using var client = new HttpClient();
        Assert.Equal("hello from the guest", await client.GetStringAsync(new Uri($"http://{endpoint}/"), network.Limit));
        await serving;
    }

    [Fact]
    public async Task A_guest_that_refuses_resets_the_hosts_connection_and_the_log_says_why()
    {
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var network = new GuestNetwork(new() { Log = line => said.TrySetResult(line) });
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 81);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // The reset may be there before the host's connect has been looked at: then it is the connect that fails.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(endpoint, network.Limit);
            await client.ReceiveAsync(new byte[1], network.Limit);
        });
        Assert.Equal(1, network.Gateway.Statistics.TcpFailed);
        string line = await said.Task.WaitAsync(network.Limit);
        Assert.Contains($"TCP port 81, to which {endpoint} leads", line, StringComparison.Ordinal);
        Assert.Contains($"--publish {endpoint.Port}:PORT", line, StringComparison.Ordinal);
        await network.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_taken_tcp_port_is_named_in_the_complaint()
    {
        await using var network = new GuestNetwork();
        using var other = OutgoingTcpTests.Listen();
        int port = OutgoingTcpTests.PortOf(other);
        var failure = Assert.Throws<PortInUseException>(() => network.Gateway.PublishTcp(GuestNetwork.Loopback(port), 80));
        Assert.Equal(port, failure.Port);
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_udp_port_is_named_in_the_complaint()
    {
        await using var network = new GuestNetwork();
        using var other = new UdpClient(GuestNetwork.Loopback());
        int port = ((IPEndPoint)other.Client.LocalEndPoint!).Port;
        Assert.Equal(port, Assert.Throws<PortInUseException>(() => network.Gateway.PublishUdp(GuestNetwork.Loopback(port), 53)).Port);
    }

    [Fact]
    public async Task Disposal_gives_the_host_port_back()
    {
        var network = new GuestNetwork();
        var endpoint = network.Gateway.PublishTcp(GuestNetwork.Loopback(), 80);
        await network.DisposeAsync();
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(endpoint);
    }

    [Fact]
    public async Task Waiting_for_the_guest_ends_when_it_listens_and_not_before()
    {
        await using var network = new GuestNetwork();
        var waiting = network.Gateway.WaitUntilServingAsync(80, network.Limit);
        await network.UntilAsync(() => network.Gateway.Statistics.FramesFromGuest > 4);
        Assert.False(waiting.IsCompleted);
        await using var listener = await network.Guest.ListenAsync(GuestNetwork.Self(80), null, network.Limit);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Waiting_for_a_guest_that_goes_ends_with_no()
    {
        await using var network = new GuestNetwork();
        var waiting = network.Gateway.WaitUntilServingAsync(80, network.Limit);
        await network.Guest.DisposeAsync();
        Assert.False(await waiting);
    }

    [Fact]
    public async Task Datagrams_to_a_published_port_reach_the_guest_and_its_answers_come_back()
    {
        await using var network = new GuestNetwork();
        await using var echo = await network.Guest.BindAsync(GuestNetwork.Self(7), network.Limit);
        var endpoint = network.Gateway.PublishUdp(GuestNetwork.Loopback(), 7);
        var echoing = UdpTests.EchoAsync(echo, 40, network.Limit);
        using var first = new UdpClient(GuestNetwork.Loopback());
        using var second = new UdpClient(GuestNetwork.Loopback());
        for (int i = 0; i < 20; i++)
        {
            foreach (var client in new[] { first, second })
            {
                byte[] message = OutgoingTcpTests.RandomBytes(1 + (i * 70), seed: i);
                await client.SendAsync(message, endpoint, network.Limit);
                Assert.Equal(message, (await client.ReceiveAsync(network.Limit)).Buffer);
            }
        }

        await echoing;
        Assert.Equal(2, network.Gateway.Statistics.UdpFlows);
    }

    private static async Task ServeHttpAsync(TcpListener listener, CancellationToken limit)
    {
        await using var connection = (await listener.AcceptAsync(limit))!;
        var stream = connection.AsStream();
        var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(limit) is { Length: > 0 })
        {
        }

        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\nhello from the guest"u8.ToArray(), limit);
        await stream.FlushAsync(limit);
    }
}
