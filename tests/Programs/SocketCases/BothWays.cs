using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using Morgana.Core;
using Morgana.Devices;
using Morgana.Hosting;
using Morgana.Sockets;

namespace SocketCases;

/// <summary>A host that is reached in both ways: by our own interface, and by .NET's sockets. Both are one stack, with another host on its link.</summary>
internal static class BothWays
{
    private static readonly Ipv4Address s_here = Ipv4Address.From(10, 0, 0, 1), s_there = Ipv4Address.From(10, 0, 0, 2);

    public static async Task RunAsync()
    {
        var pool = new BufferPool(MemoryRegion.Native(8 << 20));
        var otherPool = new BufferPool(MemoryRegion.Native(8 << 20));
        var (link, otherLink) = MemoryLink.Create(pool, otherPool);
        await using var here = Host(link, pool, 1, s_here);
        await using var there = Host(otherLink, otherPool, 2, s_there);
        // What a composition and UseMorgana do when they have started their network.
        ProgramNetwork.Started(here);
        await using var direct = await here.ListenAsync(new(s_here, 8080));
        await using var remote = await there.ListenAsync(new(s_there, 80));
        var serving = ServeAsync(direct, "served directly");
        var peer = ServeAsync(remote, "served by the other host");

        using var client = new HttpClient();
        Console.WriteLine($"the other host: {await client.GetStringAsync("http://10.0.0.2/")}");
        Console.WriteLine($"itself: {await client.GetStringAsync("http://10.0.0.1:8080/")}");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Console.WriteLine($"a port that is taken the other way: {Calls.Tried(() =>
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 8080));
            socket.Listen();
        })}");
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Any, 9090);
        listener.Start();
        await using var connection = await there.ConnectAsync(new(s_here, 9090));
        using var accepted = await listener.AcceptSocketAsync();
        Console.WriteLine($"from the other host to an ordinary socket: {((IPEndPoint)accepted.RemoteEndPoint!).Address}");
        Console.WriteLine($"interfaces: {string.Join(' ', System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name))}");
        using var ping = new System.Net.NetworkInformation.Ping();
        var reply = await ping.SendPingAsync(IPAddress.Parse("10.0.0.2"), 30_000);
        Console.WriteLine($"ping: {reply.Status} {reply.Address} {reply.Buffer.Length}");
        await GroupAsync(there);
        await Task.WhenAll(serving, peer);
    }

    // The other host hears what an ordinary socket sends to a group, and is heard.
    private static async Task GroupAsync(NetworkLoop there)
    {
        var group = Ipv4Address.From(239, 77, 0, 9);
        var heard = new TaskCompletionSource<string>();
        using var client = new UdpClient(new IPEndPoint(IPAddress.Any, 7701));
        client.JoinMulticastGroup(IPAddress.Parse("239.77.0.9"));
        Morgana.Protocols.Igmp.GroupMemberships groups;
        using (var turn = there.TakeTurn())
        {
            groups = turn.Stack.CreateMemberships();
            groups.Join(turn.Stack.Interfaces[0].Groups, group, turn.Now);
            turn.Stack.Udp.TryBind(new(Ipv4Address.Any, 7702), new() { Groups = groups }, out var endpoint);
            endpoint!.Owner = new Listener(heard);
            endpoint.Send("a word"u8, new(group, 7701), turn.Now);
        }

        var received = await client.ReceiveAsync();
        Console.WriteLine($"from the other host to a group: {received.RemoteEndPoint} {Encoding.ASCII.GetString(received.Buffer)}");
        await client.SendAsync("another word"u8.ToArray(), new IPEndPoint(IPAddress.Parse("239.77.0.9"), 7702));
        Console.WriteLine($"from an ordinary socket to a group: {await heard.Task}");
        using (var turn = there.TakeTurn()) groups.Clear(turn.Now);
    }

    private sealed class Listener(TaskCompletionSource<string> heard) : IUdpObserver
    {
        public void HandleReady(Morgana.Protocols.Udp.UdpEndpoint endpoint, Instant now)
        {
            while (endpoint.TryReceive(out var payload, out var from, out _))
            {
                heard.TrySetResult($"{from} {Encoding.ASCII.GetString(payload.Span)}");
                payload.Release();
            }
        }
    }

    private static NetworkLoop Host(INetworkDevice device, BufferPool pool, byte number, Ipv4Address address)
    {
        var loop = new NetworkLoop(new()
        {
            Attachments = [new(device, new() { Name = "net0", Mac = new(0x0200_0000_0000UL | number), Mtu = device.Capabilities.Mtu, Addresses = [new(address, 24)] })],
            Pool = pool,
        });
        loop.Start();
        return loop;
    }

    // One request, and a word to it.
    private static async Task ServeAsync(Morgana.Sockets.TcpListener listener, string words)
    {
        await using var connection = await listener.AcceptAsync();
        var stream = connection!.AsStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {words.Length}\r\nConnection: close\r\n\r\n{words}"));
    }
}
