using System.Net;
using System.Net.Sockets;
using System.Text;
using Morgana.Cli.Tests.Running;
using Morgana.Cli.Tests.Samples;

namespace Morgana.Cli.Tests.Images;

/// <summary>A guest with two network devices, each with a gateway of its own: what comes in by one goes out by the other.</summary>
public sealed class TwoNetworksTests : IDisposable
{
    private const int Interrupt = 2;
    private readonly TcpListener _inside = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    public TwoNetworksTests() => _inside.Start();

    private string Server => $"--server=10.0.2.2:{((IPEndPoint)_inside.LocalEndpoint).Port}";

    public void Dispose()
    {
        _inside.Dispose();
        _limit.Dispose();
    }

    [Fact]
    public async Task An_image_is_attached_to_both()
    {
        string image = await Image.OfAsync("tests/Unikernels/TwoNetworks");
        using var relay = MorganaCommand.Start(
            "run", image, "--net", "inside=gateway", "--net", "outside=gateway", "--allow-host", "--publish", "outside=0:80", "--", Server);
        await CheckAsync(relay);
    }

    [Fact]
    public async Task Under_the_JIT_there_are_two_gateways_in_the_process()
    {
        using var relay = Sample.StartWith(
            new() { ["MORGANA_DEVICES"] = "outside=in-process;inside=in-process", ["MORGANA_PUBLISH"] = ";outside=127.0.0.1:0:80/tcp", ["MORGANA_ALLOW_HOST"] = "1" }, "Relay", Server);
        await CheckAsync(relay);
    }

    [Fact]
    public async Task Without_a_runner_the_first_network_has_the_published_ports()
    {
        using var relay = Sample.StartWith(new() { ["MORGANA_PUBLISH"] = "0:80", ["MORGANA_ALLOW_HOST"] = "1" }, "Relay", Server);
        await CheckAsync(relay);
    }

    private async Task CheckAsync(MorganaCommand relay)
    {
        int port = await relay.PortAsync(80);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, _limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync("question"u8.ToArray(), _limit.Token);
        client.Client.Shutdown(SocketShutdown.Send);
        // The command has looked whether the port is served, by a connection that says nothing or is reset at once.
        while (!await TryAnswerAsync())
        {
        }

        Assert.Equal("answer", await new StreamReader(stream).ReadToEndAsync(_limit.Token));
        relay.Signal(Interrupt);
        Assert.Equal((0, ""), await relay.EndAsync() is var (status, _, error) ? (status, error) : default);
    }

    private async Task<bool> TryAnswerAsync()
    {
        using var connection = await _inside.AcceptSocketAsync(_limit.Token);
        var question = new MemoryStream();
        try
        {
            byte[] buffer = new byte[64];
            for (int count; (count = await connection.ReceiveAsync(buffer, _limit.Token)) > 0;) question.Write(buffer, 0, count);
        }
        catch (SocketException)
        {
            return false;
        }

        if (question.Length == 0) return false;
        Assert.Equal("question", Encoding.ASCII.GetString(question.ToArray()));
        await connection.SendAsync("answer"u8.ToArray(), _limit.Token);
        return true;
    }
}
