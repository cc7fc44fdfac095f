using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Morgana.Vm.Tests;

/// <summary>A virtual machine with two network cards, each with a gateway of its own: what comes in by one goes out by the other.</summary>
public sealed class TwoNetworksTests : IDisposable
{
    private readonly TcpListener _inside = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    public TwoNetworksTests() => _inside.Start();

    public void Dispose()
    {
        _inside.Dispose();
        _limit.Dispose();
    }

    [VmTheory, InlineData("microvm", 1), InlineData("q35", 2)]
    public async Task A_virtual_machine_is_attached_to_both(string machine, int processors)
    {
        using var relay = MorganaCommand.Start(
            "run", "tests/Unikernels/TwoNetworks", "--target", "vm", "--accel", "tcg", "--machine", machine, "--cpus", processors.ToString(CultureInfo.InvariantCulture), "--memory", "32M",
            "--net", "inside=gateway", "--net", "outside=gateway", "--allow-host", "--publish", "outside=0:80",
            "--", $"--server=10.0.2.2:{((IPEndPoint)_inside.LocalEndpoint).Port}");
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
        relay.SignalGroup(2);
        var (status, _, error) = await relay.EndAsync();
        Assert.True(status == 0, error);
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
