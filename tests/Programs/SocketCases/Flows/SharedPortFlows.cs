using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>Ports that several sockets of datagrams share.</summary>
internal static class SharedPortFlows
{
    // Linux's own numbers, for what .NET sets only together.
    private const int SolSocket = 1, ReuseAddress = 2, ReusePort = 15;

    private static readonly (string Name, Action<Socket> Set)[] s_ways =
    [
        ("plain", _ => { }),
        ("ReuseAddress", s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true)),
        ("not exclusive", s => s.ExclusiveAddressUse = false),
        ("exclusive", s => s.ExclusiveAddressUse = true),
        ("SO_REUSEADDR", s => s.SetRawSocketOption(SolSocket, ReuseAddress, BitConverter.GetBytes(1))),
        ("SO_REUSEPORT", s => s.SetRawSocketOption(SolSocket, ReusePort, BitConverter.GetBytes(1))),
    ];

    private static readonly string[] s_addresses = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "239.77.5.1"];

    public static void RunAll()
    {
        foreach (var first in s_ways)
        {
            foreach (var second in s_ways)
            {
                foreach (string at in s_addresses)
                    foreach (string then in s_addresses) Case.Run($"port at {at} {first.Name}, then at {then} {second.Name}", () => Twice(at, first.Set, then, second.Set));
            }
        }

        Case.Run("port shared only afterwards", SharedAfterwards);
        Case.Run("shared port, one host's datagrams", () => Heard(s_ways[4].Set, "127.0.0.1", "127.0.0.1", "127.0.0.1"));
        Case.Run("shared port, any address last", () => Heard(s_ways[4].Set, "127.0.0.1", "127.0.0.1", "0.0.0.0"));
        Case.Run("shared port, any address first", () => Heard(s_ways[4].Set, "0.0.0.0", "127.0.0.2", "127.0.0.1"));
        Case.Run("shared port, any address alone", () => Heard(s_ways[4].Set, "0.0.0.0", "127.0.0.2", "0.0.0.0"));
        Case.Run("shared port, the last one closed", LastClosed);
        Case.Run("shared port, the first one connected", FirstConnected);
        Case.Run("shared port, each connected", EachConnected);
        Case.Run("shared port by flows", Flows);
        Case.Run("shared port, everybody's datagrams", Everybody);
        Case.Run("shared port, a group's datagrams", Group);
        Case.Run("connected socket and a stranger", Stranger);
        Case.Run("connected and what waited before", Before);
    }

    private static string Twice(string at, Action<Socket> first, string then, Action<Socket> second)
    {
        using Socket one = Situation.NewUdp(), other = Situation.NewUdp();
        first(one);
        one.Bind(new IPEndPoint(IPAddress.Parse(at), 0));
        second(other);
        other.Bind(new IPEndPoint(IPAddress.Parse(then), GroupFlows.Port(one)));
        return "shared";
    }

    private static string SharedAfterwards()
    {
        using Socket one = Situation.NewUdp(), other = Situation.NewUdp();
        one.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        s_ways[1].Set(one);
        s_ways[1].Set(other);
        other.Bind(one.LocalEndPoint!);
        return "shared";
    }

    private static Socket[] Shared(Action<Socket> way, params string[] addresses)
    {
        var sockets = addresses.Select(_ => Situation.NewUdp()).ToArray();
        int port = 0;
        for (int i = 0; i < sockets.Length; i++)
        {
            way(sockets[i]);
            sockets[i].Bind(new IPEndPoint(IPAddress.Parse(addresses[i]), port));
            port = GroupFlows.Port(sockets[0]);
        }

        return sockets;
    }

    // Two to each address, from two senders; then a count for each socket.
    private static string Heard(Action<Socket> way, params string[] addresses)
    {
        var sockets = Shared(way, addresses);
        using Socket one = GroupFlows.Sender(), other = GroupFlows.Sender("127.0.0.3");
        foreach (string to in new[] { "127.0.0.1", "127.0.0.2", "127.0.0.4" })
        {
            one.SendTo([1], new IPEndPoint(IPAddress.Parse(to), GroupFlows.Port(sockets[0])));
            other.SendTo([1], new IPEndPoint(IPAddress.Parse(to), GroupFlows.Port(sockets[0])));
        }

        // Nobody is at an address that none is bound to.
        return Counts(sockets, addresses.Contains("0.0.0.0") ? 6 : 2);
    }

    // Waits for as many as are to come, and counts for each socket.
    private static string Counts(Socket[] sockets, int expected)
    {
        int[] counts = Count(sockets, expected);
        foreach (var socket in sockets) socket.Dispose();
        return string.Join(' ', counts);
    }

    private static int[] Count(Socket[] sockets, int expected)
    {
        int[] counts = new int[sockets.Length];
        byte[] buffer = new byte[16];
        while (true)
        {
            var ready = new List<Socket>(sockets);
            Socket.Select(ready, null, null, counts.Sum() < expected ? 5_000_000 : 0);
            if (ready.Count == 0) return counts;
            foreach (var socket in ready)
            {
                socket.Receive(buffer);
                counts[Array.IndexOf(sockets, socket)]++;
            }
        }
    }

    private static string LastClosed()
    {
        var sockets = Shared(s_ways[4].Set, "127.0.0.1", "127.0.0.1", "127.0.0.1");
        int port = GroupFlows.Port(sockets[0]);
        sockets[2].Dispose();
        using var sender = GroupFlows.Sender();
        sender.SendTo([1], new IPEndPoint(IPAddress.Loopback, port));
        return Counts(sockets[..2], 1);
    }

    private static string FirstConnected()
    {
        var sockets = Shared(s_ways[4].Set, "127.0.0.1", "127.0.0.1", "0.0.0.0");
        using Socket peer = GroupFlows.Sender(), stranger = GroupFlows.Sender();
        sockets[0].Connect(peer.LocalEndPoint!);
        var to = new IPEndPoint(IPAddress.Loopback, GroupFlows.Port(sockets[0]));
        peer.SendTo([1], to);
        peer.SendTo([1], to);
        stranger.SendTo([1], to);
        return Counts(sockets, 3);
    }

    private static string EachConnected()
    {
        var sockets = Shared(s_ways[1].Set, "127.0.0.1", "127.0.0.1", "127.0.0.1");
        var peers = sockets.Select(_ => GroupFlows.Sender()).ToArray();
        for (int i = 0; i < peers.Length; i++) sockets[i].Connect(peers[i].LocalEndPoint!);
        for (int i = 0; i < peers.Length; i++)
            for (int n = 0; n <= i; n++) peers[i].SendTo([1], sockets[i].LocalEndPoint!);
        foreach (var peer in peers) peer.Dispose();
        return Counts(sockets, 6);
    }

    // Which socket a flow goes to is the system's secret: but it is one, and several flows do not all go to the same.
    private static string Flows()
    {
        var sockets = Shared(s_ways[1].Set, "127.0.0.1", "127.0.0.1");
        var to = sockets[0].LocalEndPoint!;
        var first = new List<int>();
        bool isSticky = true;
        for (int flow = 0; flow < 40; flow++)
        {
            using var sender = GroupFlows.Sender();
            for (int i = 0; i < 3; i++) sender.SendTo([1], to);
            int[] counts = Count(sockets, 3);
            isSticky &= counts is [3, 0] or [0, 3];
            first.Add(counts[0]);
        }

        bool isSpread = first.Contains(0) && first.Contains(3);
        Counts(sockets, 0);
        return $"{isSticky} {isSpread}";
    }

    private static string Everybody()
    {
        var sockets = Shared(s_ways[1].Set, "0.0.0.0", "0.0.0.0", "127.0.0.1");
        using var sender = GroupFlows.Sender();
        var to = new IPEndPoint(IPAddress.Parse("127.255.255.255"), GroupFlows.Port(sockets[0]));
        string refused = Calls.Tried(() => sender.SendTo([1], to));
        sender.EnableBroadcast = true;
        sender.SendTo([1], to);
        return $"{refused} {Counts(sockets, 2)}";
    }

    private static string Group()
    {
        var sockets = Shared(s_ways[1].Set, "0.0.0.0", "0.0.0.0", "127.0.0.1", "239.77.5.1", "239.77.5.2");
        sockets[1].SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, GroupFlows.On(IPAddress.Parse("239.77.5.1")));
        using var sender = GroupFlows.Sender();
        sender.SendTo([1], new IPEndPoint(IPAddress.Parse("239.77.5.1"), GroupFlows.Port(sockets[0])));
        sender.SendTo([1], new IPEndPoint(IPAddress.Parse("239.77.5.2"), GroupFlows.Port(sockets[0])));
        return Counts(sockets, 3);
    }

    private static string Stranger()
    {
        using Socket one = GroupFlows.Sender(), peer = GroupFlows.Sender(), stranger = GroupFlows.Sender();
        one.Connect(peer.LocalEndPoint!);
        stranger.Connect(one.LocalEndPoint!);
        stranger.Send([1]);
        stranger.Poll(2_000_000, SelectMode.SelectRead);
        return $"{Calls.Tried(() => stranger.Send([2]))} {one.Poll(0, SelectMode.SelectRead)}";
    }

    private static string Before()
    {
        using Socket one = GroupFlows.Sender(), peer = GroupFlows.Sender(), stranger = GroupFlows.Sender();
        stranger.SendTo([1, 2], one.LocalEndPoint!);
        one.Connect(peer.LocalEndPoint!);
        peer.SendTo([3], one.LocalEndPoint!);
        return $"{one.Receive(new byte[8])} {one.Receive(new byte[8])}";
    }
}
