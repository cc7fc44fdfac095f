using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>What can be asked of a socket in any state.</summary>
internal static class Calls
{
    public static IEnumerable<(string Name, Func<Situation, string> Call)> All =>
    [
        ("Bind", s => Done(() => s.Socket.Bind(s.Any()))),
        ("Bind to an address of others", s => Done(() => s.Socket.Bind(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0)))),
        ("Listen", s => Done(() => s.Socket.Listen(4))),
        ("Accept", s => s.Socket.Accept() is { } accepted ? $"accepted, connected {accepted.Connected}" : "nothing"),
        ("Connect", s => Done(() => s.Socket.Connect(s.Listening))),
        ("Connect twice", s => Tried(() => s.Socket.Connect(s.Listening)) + ", " + Tried(() => s.Socket.Connect(s.Listening))),
        ("Connect to nobody", s => Connect(s.Socket, s.Closed)),
        ("Send", s => $"{s.Socket.Send([7, 8, 9])}"),
        ("Send nothing", s => $"{s.Socket.Send(Array.Empty<byte>())}"),
        ("Send twice", s => Tried(() => s.Socket.Send([1])) + ", " + Later(s.Socket, () => s.Socket.Send([1]))),
        ("Send pieces", s => $"{s.Socket.Send(new List<ArraySegment<byte>> { new(new byte[3]), new(new byte[0]), new(new byte[4]) })}"),
        ("Send out of band to nobody", s => s.Socket.RemoteOrNull() is null ? Tried(() => s.Socket.Send([1], SocketFlags.OutOfBand)) : "not asked"),
        ("SendTo", s => $"{s.Socket.SendTo([1, 2], s.Listening)}"),
        ("Receive", s => Received(s, SocketFlags.None, 16)),
        ("Receive one octet", s => Received(s, SocketFlags.None, 1) + ", " + Tried(() => Received(s, SocketFlags.None, 16))),
        ("Receive nothing", s => Received(s, SocketFlags.None, 0)),
        ("Receive twice", s => Tried(() => Received(s, SocketFlags.None, 16)) + ", " + Tried(() => Received(s, SocketFlags.None, 16))),
        ("Peek", s => Tried(() => Received(s, SocketFlags.Peek, 16)) + ", " + Tried(() => Received(s, SocketFlags.None, 16))),
        ("Receive out of band", s => Received(s, SocketFlags.OutOfBand, 16)),
        ("Receive pieces", s => Pieces(s)),
        ("ReceiveFrom", s => ReceivedFrom(s)),
        ("ReceiveMessageFrom", s => ReceivedMessage(s)),
        ("Shutdown receive", s => Done(() => s.Socket.Shutdown(SocketShutdown.Receive)) + ", " + Tried(() => Received(s, SocketFlags.None, 16))),
        ("Shutdown send", s => Tried(() => s.Socket.Shutdown(SocketShutdown.Send)) + ", " + Tried(() => s.Socket.Send([1]))),
        ("Shutdown both", s => Tried(() => s.Socket.Shutdown(SocketShutdown.Both)) + ", " + Tried(() => Received(s, SocketFlags.None, 16)) + ", " + Tried(() => s.Socket.Send([1]))),
        ("Available", s => $"{s.Socket.Available}"),
        ("Poll", s => Polled(s)),
        ("Names", s => $"{Kind(s.Socket.LocalEndPoint)} {Kind(s.Socket.RemoteEndPoint)}"),
        ("Names and local alone", s => Kind(s.Socket.LocalEndPoint)),
        ("Connected", s => $"{s.Socket.Connected} {s.Socket.IsBound}"),
        ("Error option", s => $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}, then {Tried(() => $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}")}"),
        ("Error option and receive", s => $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}, then {Tried(() => Received(s, SocketFlags.None, 16))}"),
        ("AcceptConnection", s => $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection)}"),
        ("Type", s => $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Type)}"),
        ("Linger", s =>
        {
            s.Socket.LingerState = new(true, 3);
            return $"{s.Socket.LingerState!.Enabled} {s.Socket.LingerState.LingerTime}";
        }),
        ("NoDelay", s =>
        {
            bool before = s.Socket.NoDelay;
            s.Socket.NoDelay = true;
            return $"{before} {s.Socket.NoDelay}";
        }),
        ("Ttl", s =>
        {
            s.Socket.Ttl = 17;
            return $"{s.Socket.Ttl}";
        }),
        ("Broadcast", s =>
        {
            s.Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Broadcast, 1);
            return $"{s.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Broadcast)}";
        }),
        ("Disconnect", s => Tried(() => s.Socket.Disconnect(false)) + ", " + Tried(() => s.Socket.Send([1]))),
        ("Dispose twice", s => Done(() =>
        {
            s.Socket.Dispose();
            s.Socket.Dispose();
        })),
    ];

    public static string Tried(Func<object> call)
    {
        try
        {
            return $"{call()}";
        }
        catch (Exception e)
        {
            return Case.Describe(e);
        }
    }

    public static string Tried(Action call) => Tried(() => Done(call));

    private static string Done(Action call)
    {
        call();
        return "done";
    }

    // What the first call provoked has arrived.
    private static string Later(Socket socket, Func<object> call)
    {
        TcpProgress.WaitForAnswer(socket);
        return Tried(call);
    }

    private static string Connect(Socket socket, EndPoint to)
    {
        string first = Tried(() => socket.Connect(to));
        if (!first.Contains("WouldBlock", StringComparison.Ordinal)) return first;
        socket.Poll(2_000_000, SelectMode.SelectError);
        return $"{first}, then error {socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}";
    }

    private static string Received(Situation s, SocketFlags flags, int length)
    {
        byte[] buffer = new byte[length];
        int count = s.Socket.Receive(buffer, flags);
        return $"[{string.Join(' ', buffer[..count])}]";
    }

    private static string Pieces(Situation s)
    {
        byte[] first = new byte[2], second = new byte[2];
        int count = s.Socket.Receive(new List<ArraySegment<byte>> { new(first), new(second) });
        return $"{count} [{string.Join(' ', first)}] [{string.Join(' ', second)}]";
    }

    private static string ReceivedFrom(Situation s)
    {
        byte[] buffer = new byte[16];
        EndPoint from = s.Anybody;
        int count = s.Socket.ReceiveFrom(buffer, ref from);
        return $"{count} from {Kind(from)}";
    }

    private static string ReceivedMessage(Situation s)
    {
        byte[] buffer = new byte[3];
        EndPoint from = s.Anybody;
        var flags = SocketFlags.None;
        int count = s.Socket.ReceiveMessageFrom(buffer, 0, buffer.Length, ref flags, ref from, out var information);
        return $"{count} {flags} from {Kind(from)} to {information.Address}";
    }

    private static string Polled(Situation s) =>
        $"read {s.Socket.Poll(0, SelectMode.SelectRead)} write {s.Socket.Poll(0, SelectMode.SelectWrite)} error {s.Socket.Poll(0, SelectMode.SelectError)}";

    private static string Kind(EndPoint? endpoint) => endpoint switch
    {
        IPEndPoint ip => $"{ip.Address}:{(ip.Port == 0 ? "0" : "port")}",
        UnixDomainSocketEndPoint unix => $"unix {unix.ToString() switch { "" => "unnamed", ['@', ..] => "abstract", _ => "path" }}",
        _ => "none",
    };

    private static EndPoint? RemoteOrNull(this Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
