using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>What a program hears when there is no more: ports, of which a socket may be told to use a few alone, and sockets.</summary>
internal static class LimitFlows
{
    // IPPROTO_IP, IP_LOCAL_PORT_RANGE: Linux has it from 6.3 on.
    private const int Ip = 0, LocalPortRange = 51;
    private const int Ports = 8;

    // Of this case alone, so that nobody else's sockets are in the way.
    private static readonly IPAddress s_here = IPAddress.Parse("127.77.0.1"), s_there = IPAddress.Parse("127.77.0.2");

    public static void RunAll()
    {
        foreach (byte[] range in new byte[][] { [0, 128, 1, 128], [1, 128, 0, 128], [0, 0, 0, 0], [0, 128, 0, 0], [0, 0, 0, 128], [0, 128], [0, 128, 1, 128, 0, 0, 0, 0] })
        {
            Case.Run($"range of ports {Convert.ToHexString(range)}", () => Asked(socket =>
            {
                string set = Calls.Tried(() => socket.SetRawSocketOption(Ip, LocalPortRange, range));
                byte[] got = new byte[4];
                return $"{set} {socket.GetRawSocketOption(Ip, LocalPortRange, got)} {Convert.ToHexString(got)}";
            }));
        }

        foreach (string kind in new[] { "tcp", "udp" })
        {
            Case.Run($"port of a range, {kind}", () => Asked(_ =>
            {
                using var socket = New(kind, 41000);
                socket.Bind(new IPEndPoint(s_here, 0));
                return $"{GroupFlows.Port(socket) is >= 41000 and < 41000 + Ports}";
            }));
            Case.Run($"no port left, {kind}", () => Asked(_ => NoPortLeft(kind)));
        }

        Case.Run("no port left to connect from", () => Asked(_ => NoPortToConnect()));
    }

    /// <summary>As many sockets as there can be. Whoever starts it sets a limit that is soon reached.</summary>
    public static void RunFull() => Case.Run("no socket left", NoSocketLeft);

    private static string Asked(Func<Socket, string> ask)
    {
        using var socket = Situation.NewUdp();
        try
        {
            socket.GetRawSocketOption(Ip, LocalPortRange, new byte[4]);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ProtocolOption)
        {
            return "not asked";
        }

        return ask(socket);
    }

    private static Socket New(string kind, int first)
    {
        var socket = kind == "tcp" ? Situation.NewTcp() : Situation.NewUdp();
        socket.SetRawSocketOption(Ip, LocalPortRange, BitConverter.GetBytes((uint)(first | ((first + Ports - 1) << 16))));
        return socket;
    }

    private static string NoPortLeft(string kind)
    {
        int first = kind == "tcp" ? 42000 : 43000;
        var kept = new List<Socket>();
        string bind = UntilItFails(kept, () => New(kind, first), s => s.Bind(new IPEndPoint(s_here, 0)));
        string others = string.Join(", ", new (string, Action<Socket>)[]
        {
            ("any", s => s.Bind(new IPEndPoint(IPAddress.Any, 0))),
            ("reused", s =>
            {
                s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                s.Bind(new IPEndPoint(s_here, 0));
            }),
            ("elsewhere", s => s.Bind(new IPEndPoint(s_there, 0))),
            ("used", s =>
            {
                if (kind == "tcp") s.Listen();
                else s.Connect(IPAddress.Loopback, 9);
            }),
        }.Select(other =>
        {
            using var socket = New(kind, first);
            return $"{other.Item1} {Calls.Tried(() => other.Item2(socket))}";
        }));
        int count = kept.Count;
        kept[^1].Dispose();
        using var again = New(kind, first);
        string freed = Calls.Tried(() => again.Bind(new IPEndPoint(s_here, 0)));
        foreach (var socket in kept) socket.Dispose();
        return $"{count is > 0 and <= Ports} {bind}, {others}, {freed}";
    }

    private static string NoPortToConnect()
    {
        using Socket one = Flow.Listen(), other = Flow.Listen();
        var kept = new List<Socket>();
        string full = UntilItFails(kept, () => New("tcp", 44000), s => s.Connect(one.LocalEndPoint!));
        // To somebody else each port is free.
        using var elsewhere = New("tcp", 44000);
        string another = Calls.Tried(() => elsewhere.Connect(other.LocalEndPoint!));
        int count = kept.Count;
        foreach (var socket in kept.Append(elsewhere))
        {
            // Nothing stays in TIME_WAIT.
            socket.LingerState = new(true, 0);
            socket.Dispose();
        }

        return $"{count is > 0 and <= Ports} {full}, {another}";
    }

    private static string NoSocketLeft()
    {
        using var listener = Flow.Listen();
        using Socket first = Situation.NewTcp(), second = Situation.NewTcp(), datagrams = Situation.NewUdp();
        first.Connect(listener.LocalEndPoint!);
        listener.Accept().Dispose();
        second.Connect(listener.LocalEndPoint!);
        // What an exception needs is loaded while there is still something to open.
        Calls.Tried(() => first.Bind(listener.LocalEndPoint!));
        var kept = new List<Socket>();
        string full = UntilItFails(kept, Situation.NewUdp, _ => { });
        string accept = Calls.Tried(() => listener.Accept()), unix = Calls.Tried(() => UnixStates.New(SocketType.Stream));
        datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string use = Calls.Tried(() => datagrams.SendTo([1, 2], datagrams.LocalEndPoint!)) + ' ' + Calls.Tried(() => datagrams.Receive(new byte[8]));
        kept[^1].Dispose();
        // The connection has waited.
        string later = Calls.Tried(() => listener.Accept().Connected);
        foreach (var socket in kept) socket.Dispose();
        using var again = Situation.NewTcp();
        return $"{full}, {accept}, {unix}, {use}, {later}";
    }

    private static string UntilItFails(List<Socket> kept, Func<Socket> make, Action<Socket> use)
    {
        while (true)
        {
            Socket? socket = null;
            try
            {
                socket = make();
                use(socket);
                kept.Add(socket);
            }
            catch (SocketException e)
            {
                socket?.Dispose();
                return Case.Describe(e);
            }
        }
    }
}
