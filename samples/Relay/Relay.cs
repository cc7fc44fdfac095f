using System.IO.Pipelines;
using Morgana.Composition;
using Morgana.Core;
using Morgana.Sockets;

namespace Samples;

/// <summary>Two interfaces: what connects on the outside is joined with a server on the inside, and nothing else passes.</summary>
[Unikernel(Help = "Joins a port outside with a server inside.")]
public sealed partial class Relay([Device("outside")] INetworkStack outside, [Device("inside")] INetworkStack inside)
{
    [BootArgument(Help = "Where it listens outside.", Minimum = 1)]
    public ushort Port { get; init; } = 80;

    [BootArgument(Help = "The server inside.")]
    public required IpEndpoint Server { get; init; }

    public async Task RunAsync(CancellationToken stop)
    {
        await using var listener = await outside.ListenAsync(new(Ipv4Address.Any, Port), cancel: stop);
        while (await listener.AcceptAsync(stop) is { } client) _ = JoinAsync(client, stop);
    }

    private async Task JoinAsync(TcpConnection client, CancellationToken stop)
    {
        await using var _ = client;
        try
        {
            await using var server = await inside.ConnectAsync(Server, cancel: stop);
            await Task.WhenAll(CarryAsync(client.Input, server.Output, stop), CarryAsync(server.Input, client.Output, stop));
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            client.Abort();
        }
    }

    private static async Task CarryAsync(PipeReader from, PipeWriter to, CancellationToken stop)
    {
        await from.CopyToAsync(to, stop);
        await to.CompleteAsync();           // The end of one direction is the end of its other half, too.
    }
}
