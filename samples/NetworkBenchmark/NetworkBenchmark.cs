using System.Globalization;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Sockets;

namespace Samples;

/// <summary>Which of the two it is.</summary>
public enum Role
{
    /// <summary>Serves, until it is stopped.</summary>
    Server,

    /// <summary>Measures a server, and ends.</summary>
    Client,
}

/// <summary>What a client measures.</summary>
public enum NetworkTest
{
    /// <summary>Octets to the server.</summary>
    Send,

    /// <summary>Octets from the server.</summary>
    Receive,

    /// <summary>Requests and their answers.</summary>
    Echo,
}

/// <summary>Measures TCP between two of itself, or between itself and any program with the old services echo, discard and character generator.</summary>
[Unikernel(Help = "Measures a network: one is the server, another the client.")]
public sealed partial class NetworkBenchmark(INetworkStack network, IConsole console, TimeProvider clock)
{
    [BootArgument(Help = "A server serves until it is stopped; a client measures one.")]
    public Role Role { get; init; } = Role.Server;

    [BootArgument(Help = "For a client: where the server is.", Value = "ADDRESS|NAME")]
    public string Server { get; init; } = "10.0.2.2";

    [BootArgument(Help = "The port where requests are answered (RFC 862).", Minimum = 1)]
    public ushort Echo { get; init; } = 7;

    [BootArgument(Help = "The port that takes octets (RFC 863).", Minimum = 1)]
    public ushort Discard { get; init; } = 9;

    [BootArgument(Help = "The port that gives octets (RFC 864).", Minimum = 1)]
    public ushort Generate { get; init; } = 19;

    [BootArgument(Help = "For a client: what is measured.")]
    public NetworkTest[] Tests { get; init; } = [NetworkTest.Send, NetworkTest.Receive, NetworkTest.Echo];

    [BootArgument(Help = "For a client: connections at once, which share the octets and the requests.", Minimum = 1, Maximum = 64)]
    public int Connections { get; init; } = 1;

    [BootArgument(Help = "For a client: how much is sent, and received, at most.")]
    public ByteSize Amount { get; init; } = ByteSize.Parse("64M");

    [BootArgument(Help = "For a client: how many requests are made at most.", Minimum = 1, Maximum = 1_000_000)]
    public int Requests { get; init; } = 1000;

    [BootArgument(Help = "For a client: octets of a request, and of its answer.", Minimum = 1, Maximum = 1_048_576)]
    public int Size { get; init; } = 64;

    [BootArgument(Help = "For a client: how long each measurement takes at most.")]
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (Role == Role.Server) return await ServeAsync(stop);
        try
        {
            await MeasureAsync(stop);
            return 0;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            console.WriteLine($"{Server}: {e.Message}");
            return 1;
        }
    }

    private async Task<int> ServeAsync(CancellationToken stop)
    {
        await using var echo = await network.ListenAsync(new(Ipv4Address.Any, Echo), Services.Options, stop);
        await using var discard = await network.ListenAsync(new(Ipv4Address.Any, Discard), Services.Options, stop);
        await using var generate = await network.ListenAsync(new(Ipv4Address.Any, Generate), Services.Options, stop);
        console.WriteLine($"serving echo at port {Echo}, discard at {Discard}, characters at {Generate}");
        await Task.WhenAll(Services.ServeAsync(echo, Services.EchoAsync, stop), Services.ServeAsync(discard, Services.DiscardAsync, stop), Services.ServeAsync(generate, Services.GenerateAsync, stop));
        return 0;
    }

    private async Task MeasureAsync(CancellationToken stop)
    {
        var addresses = await network.ResolveAsync(Server, stop);
        var client = new NetworkClient(network, clock, addresses.First(a => a.IsIpv4), Connections, Limit);
        console.WriteLine($"{Server}, {Connections} {(Connections == 1 ? "connection" : "connections")}");
        foreach (var test in Tests)
        {
            string line = test switch
            {
                NetworkTest.Send => Bulk("send", await client.SendAsync(Discard, Amount.Octets, stop)),
                NetworkTest.Receive => Bulk("receive", await client.ReceiveAsync(Generate, Amount.Octets, stop)),
                _ => Answered(await client.AskAsync(Echo, Requests, Size, stop)),
            };
            console.WriteLine(line);
        }
    }

    private static string Bulk(string name, Transfer moved) => string.Create(
        CultureInfo.InvariantCulture, $"{name,-8} {moved.Octets,12} octets {moved.Elapsed.TotalSeconds,9:F3} s {8 * moved.Octets / Math.Max(moved.Elapsed.TotalSeconds, 1e-9) / 1e6,10:F1} Mbit/s");

    private string Answered(Answers answers)
    {
        var times = answers.Times;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"echo     {times.Length,12} x {Size} octets, {times.Length / Math.Max(answers.Elapsed.TotalSeconds, 1e-9):F0} a second; median {At(0.5):F1} us, 99 % {At(0.99):F1} us, worst {At(1):F1} us");

        double At(double share) => times.Length == 0 ? 0 : times[(int)(share * (times.Length - 1))].TotalMicroseconds;
    }
}
