using System.Net;
using System.Net.Sockets;
using static SocketCases.Flow;

namespace SocketCases;

/// <summary>Datagrams.</summary>
internal static class DatagramFlows
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static void RunAll()
    {
        Case.Run("datagrams", Datagrams);
        Case.Run("datagrams without asynchrony", DatagramsSync);
        Case.Run("datagram too large", DatagramTooLarge);
        Case.Run("datagram largest", DatagramLargest);
        Case.Run("datagram truncated", DatagramTruncated);
        Case.Run("datagram to broadcast without permission", BroadcastForbidden);
        Case.Run("datagram to port zero", DatagramToZero);
        foreach (var (name, send) in new (string, Action<Socket>)[]
        {
            ("nobody", s => s.Send([1])),
            ("everybody", s => s.SendTo([1], new IPEndPoint(IPAddress.Broadcast, 9))),
            ("port zero", s => s.SendTo([1], new IPEndPoint(IPAddress.Loopback, 0))),
            ("one, and too large", s => s.SendTo(new byte[65_508], new IPEndPoint(IPAddress.Loopback, 9))),
            ("one, and far too large", s => s.SendTo(new byte[70_000], new IPEndPoint(IPAddress.Loopback, 9))),
        })
        {
            Case.Run($"bound after a datagram to {name}", () =>
            {
                using var socket = Situation.NewUdp();
                return $"{Calls.Tried(() => send(socket))}, {Calls.Tried(() => socket.Bind(s_any))}";
            });
        }

        Case.Run("packet information", PacketInformation);
        Case.Run("connected datagrams take the peer's alone", PeerAlone);
        Case.Run("datagram socket connected elsewhere", ConnectedElsewhere);
    }

    private static async Task<string> Datagrams()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        for (byte i = 0; i < 5; i++) await one.SendAsync(new[] { i, i }, (IPEndPoint)other.Client.LocalEndPoint!);
        var text = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            var received = await other.ReceiveAsync();
            text.Add($"{received.Buffer.Length}:{received.Buffer[0]}:{received.RemoteEndPoint.Equals(one.Client.LocalEndPoint)}");
        }

        return string.Join(' ', text);
    }

    private static string DatagramsSync()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        other.Connect((IPEndPoint)one.Client.LocalEndPoint!);
        other.Send([9, 8]);
        IPEndPoint? from = null;
        byte[] received = one.Receive(ref from);
        one.Send(received, received.Length, from);
        return $"{received.Length} {other.Receive(ref from).Length}";
    }

    private static string DatagramTooLarge()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        return Calls.Tried(() => one.Send(new byte[65_508], (IPEndPoint)other.Client.LocalEndPoint!));
    }

    private static string DatagramLargest()
    {
        using var one = new UdpClient(s_any);
        using var other = new UdpClient(s_any);
        int sent = one.Send(new byte[65_507], (IPEndPoint)other.Client.LocalEndPoint!);
        IPEndPoint? from = null;
        return $"{sent} {other.Receive(ref from).Length}";
    }

    private static string DatagramTruncated()
    {
        using var one = Situation.NewUdp();
        using var other = Situation.NewUdp();
        one.Bind(s_any);
        other.Bind(s_any);
        other.SendTo(new byte[10], one.LocalEndPoint!);
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        return Calls.Tried(() => one.ReceiveFrom(new byte[4], ref from));
    }

    private static string BroadcastForbidden()
    {
        using var socket = Situation.NewUdp();
        return Calls.Tried(() => socket.SendTo(new byte[1], new IPEndPoint(IPAddress.Broadcast, 9)));
    }

    private static string DatagramToZero()
    {
        using var socket = Situation.NewUdp();
        return Calls.Tried(() => socket.SendTo(new byte[1], new IPEndPoint(IPAddress.Loopback, 0)));
    }

    private static async Task<string> PacketInformation()
    {
        using var one = Situation.NewUdp();
        using var other = Situation.NewUdp();
        one.Bind(new IPEndPoint(IPAddress.Any, 0));
        other.Bind(s_any);
        one.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        other.SendTo(new byte[3], new IPEndPoint(IPAddress.Parse("127.0.0.5"), ((IPEndPoint)one.LocalEndPoint!).Port));
        var received = await one.ReceiveMessageFromAsync(new byte[8], new IPEndPoint(IPAddress.Any, 0));
        return $"{received.ReceivedBytes} {received.SocketFlags} {received.PacketInformation.Address} {received.PacketInformation.Interface} {received.RemoteEndPoint.Equals(other.LocalEndPoint)}";
    }

    private static string PeerAlone()
    {
        using var one = Situation.NewUdp();
        using var peer = Situation.NewUdp();
        using var stranger = Situation.NewUdp();
        one.Bind(s_any);
        peer.Bind(s_any);
        stranger.Bind(s_any);
        one.Connect(peer.LocalEndPoint!);
        stranger.SendTo([1], one.LocalEndPoint!);
        peer.SendTo([2, 2], one.LocalEndPoint!);
        byte[] buffer = new byte[8];
        int count = one.Receive(buffer);
        return $"{count} {buffer[0]} {one.Available}";
    }

    private static string ConnectedElsewhere()
    {
        using var one = Situation.NewUdp();
        using var first = Situation.NewUdp();
        using var second = Situation.NewUdp();
        first.Bind(s_any);
        second.Bind(s_any);
        one.Connect(first.LocalEndPoint!);
        one.Connect(second.LocalEndPoint!);
        one.Send([5]);
        return $"{second.Poll(2_000_000, SelectMode.SelectRead)} {first.Poll(0, SelectMode.SelectRead)}";
    }
}
