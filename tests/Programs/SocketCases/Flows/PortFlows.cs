using System.Net;
using System.Net.Sockets;
using static SocketCases.Flow;

namespace SocketCases;

/// <summary>Ports, names and handles.</summary>
internal static class PortFlows
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static void RunAll()
    {
        Case.Run("port in use", PortInUse);
        Case.Run("port in use, any address", PortInUseAny);
        Case.Run("port again after its listener", PortAgain);
        foreach (string address in new[] { "127.0.0.1", "0.0.0.0", "127.0.0.2" })
        {
            foreach (string reused in new[] { "", "listener", "client", "both" })
                Case.Run($"port of a client, {address}, reused by {reused}", () => AskedAgain(reused is "client" or "both", () => PortOfClient(IPAddress.Parse(address), reused is "listener" or "both", reused is "client" or "both")));
        }

        Case.Run("port of a client that was reset", () => AskedAgain(true, PortOfReset));
        Case.Run("tcp client by name", ClientByName);
        Case.Run("accept many without waiting", AcceptBacklog);
        Case.Run("keep-alive settings", KeepAlive);
        Case.Run("socket of a handle", OfHandle);
        Case.Run("localhost", () => Task.FromResult(string.Join(' ', Dns.GetHostAddresses("localhost", AddressFamily.InterNetwork).Select(a => a.ToString()))));
        Case.Run("literal address", async () => string.Join(' ', (await Dns.GetHostAddressesAsync("127.0.0.9")).Select(a => a.ToString())));
        Case.Run("name that cannot be", async () => $"{(await Dns.GetHostAddressesAsync("no such name.invalid")).Length}");
    }

    private static string PortInUse()
    {
        using var listener = Listen();
        using var other = Situation.NewTcp();
        return Calls.Tried(() => other.Bind(listener.LocalEndPoint!));
    }

    private static string PortInUseAny()
    {
        using var listener = Listen();
        using var other = Situation.NewTcp();
        return Calls.Tried(() => other.Bind(new IPEndPoint(IPAddress.Any, ((IPEndPoint)listener.LocalEndPoint!).Port)));
    }

    private static string PortAgain()
    {
        var listener = Listen();
        var endpoint = listener.LocalEndPoint!;
        listener.Dispose();
        using var other = Situation.NewTcp();
        other.Bind(endpoint);
        other.Listen();
        return $"{other.LocalEndPoint!.Equals(endpoint)}";
    }

    // What is over, of this program or another one, may be left at the port that is chosen for a client: then a bind fails for that.
    private static string AskedAgain(bool isAskedAgain, Func<string> ask)
    {
        string answer = ask();
        for (int i = 0; isAskedAgain && i < 20 && !answer.EndsWith("done", StringComparison.Ordinal); i++) answer = ask();
        return answer;
    }

    private static string PortOfClient(IPAddress address, bool isListenerReused, bool isClientReused)
    {
        using var listener = Listen();
        using var client = Situation.NewTcp();
        client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, isClientReused);
        client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        using var other = Situation.NewTcp();
        other.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, isListenerReused);
        return Calls.Tried(() =>
        {
            other.Bind(new IPEndPoint(address, ((IPEndPoint)client.LocalEndPoint!).Port));
            other.Listen();
        });
    }

    // A connection that was reset has given its port back, though its socket is still there.
    private static string PortOfReset()
    {
        using var listener = Listen();
        using var client = Situation.NewTcp();
        client.Connect(listener.LocalEndPoint!);
        var endpoint = client.LocalEndPoint!;
        var server = listener.Accept();
        server.LingerState = new LingerOption(true, 0);
        server.Dispose();
        string received = Calls.Tried(() => client.Receive(new byte[1]));
        using var other = Situation.NewTcp();
        return $"{received}, {Calls.Tried(() => other.Bind(endpoint))}";
    }

    private static async Task<string> ClientByName()
    {
        using var listener = new TcpListener(s_any);
        listener.Start();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        await client.ConnectAsync("localhost", ((IPEndPoint)listener.LocalEndpoint).Port);
        using var server = await listener.AcceptTcpClientAsync();
        return $"{client.Connected} {server.Connected} {listener.Pending()}";
    }

    private static string AcceptBacklog()
    {
        using var listener = Listen(16);
        var clients = Enumerable.Range(0, 10).Select(_ => Situation.NewTcp()).ToArray();
        foreach (var client in clients) client.Connect(listener.LocalEndPoint!);
        int accepted = 0;
        for (; accepted < 10; accepted++) listener.Accept().Dispose();
        foreach (var client in clients) client.Dispose();
        return $"{accepted} {listener.Poll(0, SelectMode.SelectRead)}";
    }

    private static string KeepAlive()
    {
        using var socket = Situation.NewTcp();
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 4);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return $"{socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)} {socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)} {socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)}";
    }

    private static string OfHandle()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            using var again = new Socket(new SafeSocketHandle(client.Handle, ownsHandle: false));
            using var listening = new Socket(new SafeSocketHandle(listener.Handle, ownsHandle: false));
            string text = $"{again.AddressFamily} {again.SocketType} {again.ProtocolType} {again.Connected} {again.RemoteEndPoint!.Equals(listener.LocalEndPoint)} {listening.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)}";
            client.Dispose();
            return text;
        }
    }
}
