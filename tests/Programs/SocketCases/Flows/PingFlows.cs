using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>Ping, and the sockets of ICMP beneath it. Linux lets root alone open these.</summary>
internal static class PingFlows
{
    public static void RunAll()
    {
        if (!Environment.IsPrivilegedProcess) return;
        Case.Run("ping loopback", () => Ping(new byte[] { 1, 2, 3 }, null));
        Case.Run("ping loopback with nothing", () => Ping([], null));
        Case.Run("ping loopback with much", () => Ping(new byte[2000], null));
        Case.Run("ping loopback with a time to live", () => Ping(new byte[32], new(1, dontFragment: true)));
        Case.Run("ping loopback without asynchrony", PingSync);
        Case.Run("ping many at once", Many);
        Case.Run("ping a name", async () => $"{(await new Ping().SendPingAsync("localhost")).Status}");
        Case.Run("ping too much", () => Ping(new byte[65501], null));
        Case.Run("raw socket of ICMP", () => Raw(connect: false));
        Case.Run("raw socket of ICMP connected", () => Raw(connect: true));
        Case.Run("raw socket's names", RawNames);
        Case.Run("raw socket connected elsewhere hears nothing", RawElsewhere);
    }

    private static async Task<string> Ping(byte[] data, PingOptions? options)
    {
        using var ping = new Ping();
        var reply = await ping.SendPingAsync(IPAddress.Loopback, 10_000, data, options);
        return $"{reply.Status} {reply.Address} {reply.Buffer.AsSpan().SequenceEqual(data)}";
    }

    private static string PingSync()
    {
        using var ping = new Ping();
        var reply = ping.Send("127.0.0.1", 10_000);
        return $"{reply.Status} {reply.Address} {reply.Buffer.Length}";
    }

    private static async Task<string> Many()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i =>
        {
            using var ping = new Ping();
            return (await ping.SendPingAsync(IPAddress.Parse($"127.0.0.{i + 1}"), 10_000)).Address;
        }));
        return $"{replies.Distinct().Count()}";
    }

    private static Socket New() => new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);

    // An echo request as RFC 792 has it; whose checksum is in order.
    private static byte[] Request(byte number)
    {
        byte[] request = [8, 0, 0, 0, 0x12, 0x34, 0, number];
        int sum = 0x0800 + 0x1234 + number;
        sum = ~((sum & 0xFFFF) + (sum >> 16)) & 0xFFFF;
        (request[2], request[3]) = ((byte)(sum >> 8), (byte)sum);
        return request;
    }

    // A socket sees the host's own requests as well as the replies.
    private static string Raw(bool connect)
    {
        using var socket = New();
        var to = new IPEndPoint(IPAddress.Parse("127.0.0.77"), 0);
        socket.ReceiveTimeout = 10_000;
        if (connect) socket.Connect(to);
        socket.SendTo(Request(connect ? (byte)1 : (byte)2), to);
        byte[] buffer = new byte[100];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        int count;
        do count = socket.ReceiveFrom(buffer, ref from);
        while (buffer[20] != 0 || buffer[24] != 0x12);
        return $"{count} {from} version {buffer[0]:x2} length {buffer[3]} protocol {buffer[9]} source {buffer[15]} message {string.Join(' ', buffer[20..28])}";
    }

    private static string RawNames()
    {
        using var socket = New();
        string before = $"{socket.LocalEndPoint}";
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string bound = $"{socket.LocalEndPoint}";
        socket.Connect(new IPEndPoint(IPAddress.Parse("127.0.0.3"), 0));
        return $"{before} {bound} {socket.RemoteEndPoint} {socket.SocketType} {socket.ProtocolType} {socket.Available}";
    }

    private static string RawElsewhere()
    {
        using Socket socket = New(), other = New();
        var to = new IPEndPoint(IPAddress.Parse("127.0.0.79"), 0);
        other.Connect(new IPEndPoint(IPAddress.Parse("127.0.0.80"), 0));
        socket.Connect(to);
        socket.ReceiveTimeout = 10_000;
        socket.Send(Request(3));
        socket.Receive(new byte[100]);
        return $"{other.Poll(0, SelectMode.SelectRead)}";
    }
}
