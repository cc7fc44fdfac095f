using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>One image with Kestrel on our pipes and .NET's own sockets beside it: one device, one stack, whichever opens it.</summary>
public sealed class BothWaysTests
{
    private const int Interrupt = 2;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Theory]
    [OnTarget("process", "later"), OnTarget("process", "first")]
    [OnTarget("sandbox", "later"), OnTarget("sandbox", "first")]
    [OnTarget("vm", "later"), OnTarget("vm", "first")]
    public async Task Both_ways_lead_to_one_network(string target, string sockets)
    {
        string[] accelerator = target == "vm" ? ["--accel", "tcg"] : [];
        using var guest = MorganaCommand.Start(
            ["run", await Image.OfAsync("tests/Unikernels/BothWays"), "--target", target, .. accelerator, "--allow-host", "--env", "SOCKETS=" + sockets, "--env", "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1", "--publish", "0:80", "--publish", "0:7", "--publish", "0:7007/udp"]);
        int[] ports = [await guest.PortAsync(80), await guest.PortAsync(7), await guest.PortAsync(7007, isUdp: true)];
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{ports[0]}/"), Timeout = s_limit };
        Assert.Equal("direct", await client.GetStringAsync("/direct"));
        Assert.Equal("itself: direct", await client.GetStringAsync("/itself"));
        Assert.Equal("outside: from the host", await FromTheHostAsync(client));
        Assert.Equal("AddressAlreadyInUse", await client.GetStringAsync("/taken"));
        Assert.Equal("lo net0; 7 80; 10.0.2.15/24", await client.GetStringAsync("/host"));
        // Many at once, by both ways.
        var many = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => i % 2 == 0 ? client.GetStringAsync("/itself") : EchoAsync(ports[1], $"echo {i}")));
        Assert.All(many.Index(), m => Assert.Equal(m.Index % 2 == 0 ? "itself: direct" : $"echo {m.Index}", m.Item));
        Assert.Equal(".NET Sockets: a word, a word", await WhileBlockedAsync(client));
        if (sockets == "first") Assert.Equal("again hello", await DatagramAsync(ports[2]));
        guest.Signal(Interrupt);
        var (status, _, error) = await guest.EndAsync();
        Assert.True(status == 0, error);
    }

    private static async Task<string> FromTheHostAsync(HttpClient client)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = client.GetStringAsync($"/outside?from=http://10.0.2.2:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        using var connection = await listener.AcceptTcpClientAsync().WaitAsync(s_limit);
        var stream = connection.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nfrom the host"u8.ToArray());
        return await asked;
    }

    // The guest connects, and blocks; only then it is given what it waits for, twice, and in the meantime it answers others.
    private static async Task<string> WhileBlockedAsync(HttpClient client)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = client.GetStringAsync($"/blocked?by=10.0.2.2:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var first = await listener.AcceptTcpClientAsync().WaitAsync(s_limit);
        for (int i = 0; i < 2; i++)
        {
            using var waiting = await listener.AcceptTcpClientAsync().WaitAsync(s_limit);
            Assert.Equal("direct", await client.GetStringAsync("/direct"));
            await waiting.GetStream().WriteAsync("a word"u8.ToArray());
        }

        return await asked;
    }

    private static async Task<string> EchoAsync(int port, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port).WaitAsync(s_limit);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        client.Client.Shutdown(SocketShutdown.Send);
        return await new StreamReader(stream).ReadToEndAsync().WaitAsync(s_limit);
    }

    private static async Task<string> DatagramAsync(int port)
    {
        using var socket = new UdpClient();
        for (int tries = 0; tries < 30; tries++)
        {
            // A datagram may be lost, and so may its answer.
            await socket.SendAsync("hello"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, port));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                return Encoding.ASCII.GetString((await socket.ReceiveAsync(patience.Token)).Buffer);
            }
            catch (OperationCanceledException)
            {
            }
        }

        return "no answer";
    }
}
