using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>Groups of hosts, on the host's own link: who may join what, and who gets what.</summary>
internal static class GroupFlows
{
    private static readonly IPAddress s_group = IPAddress.Parse("239.77.1.2"), s_other = IPAddress.Parse("239.77.1.3");

    public static void RunAll()
    {
        foreach (string kind in new[] { "tcp", "udp" })
        {
            foreach (var (place, request) in Requests())
            {
                Case.Run($"join {place} by {kind}", () => Request(kind, SocketOptionName.AddMembership, request()));
                Case.Run($"leave {place} by {kind}", () => Request(kind, SocketOptionName.DropMembership, request()));
                Case.Run($"join and leave {place} by {kind}", () => JoinAndLeave(kind, request()));
                Case.Run($"interface for groups {place} by {kind}", () => Interface(kind, request()));
            }

            foreach (int length in new[] { 0, 1, 4, 7, 8, 11, 12, 13, 20 })
            {
                foreach (var name in new[] { SocketOptionName.AddMembership, SocketOptionName.DropMembership, SocketOptionName.MulticastInterface, SocketOptionName.AddSourceMembership, SocketOptionName.BlockSource })
                    Case.Run($"{name} with {length} octets by {kind}", () => Octets(kind, name, length));
            }

            Case.Run($"membership asked for by {kind}", () => Calls.Tried(() => New(kind).GetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership)!));
        }

        Case.Run("as many groups as may be", TooMany);
        Case.Run("group", () => Story(_ => { }, _ => { }));
        Case.Run("group without loopback, on the host's own link", () => Story(_ => { }, s => s.MulticastLoopback = false));
        Case.Run("group with a time to live of zero", () => Story(_ => { }, s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 0)));
        Case.Run("group with a time to live of zero for others", () => Story(_ => { }, s => s.Ttl = 17));
        Case.Run("group left", () => Story(r => r.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, On(s_group)), _ => { }));
        Case.Run("another group", () => Story(r =>
        {
            r.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.DropMembership, On(s_group));
            r.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, On(s_other));
        }, _ => { }));
        Case.Run("group, receiver connected elsewhere", () => Story(r => r.Connect(IPAddress.Loopback, 9), _ => { }));
        Case.Run("group to a socket that is no member", NoMember);
        Case.Run("group joined before binding", JoinedBeforeBinding);
        Case.Run("group after its member is gone", MemberGone);
        Case.Run("bound to a group", BoundToGroup);
        Case.Run("connected to a group", ConnectedToGroup);
        Case.Run("group from an address of one's own", FromOwnAddress);
        Case.Run("group with packet information", PacketInformation);
        Case.Run("group by UdpClient", ByUdpClient);
        Case.Run("all hosts", AllHosts);
    }

    public static MulticastOption On(IPAddress group) => new(group, IPAddress.Loopback);

    /// <summary>A socket that sends to groups on the host's own link.</summary>
    public static Socket Sender(string address = "127.0.0.1")
    {
        var socket = Situation.NewUdp();
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Loopback.GetAddressBytes());
        return socket;
    }

    public static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>What came before a last word, which is sent to the socket itself.</summary>
    public static string Heard(Socket receiver)
    {
        using var last = Situation.NewUdp();
        last.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        last.SendTo([0], new IPEndPoint(IPAddress.Loopback, Port(receiver)));
        var text = new List<string>();
        byte[] buffer = new byte[16];
        for (int count; (count = receiver.Receive(buffer)) != 1 || buffer[0] != 0;) text.Add(string.Join('.', buffer[..count]));
        return $"[{string.Join(' ', text)}]";
    }

    private static IEnumerable<(string, Func<MulticastOption>)> Requests()
    {
        foreach (string group in new[] { "239.77.1.2", "224.0.0.1", "232.1.1.1", "10.1.2.3", "0.0.0.0", "255.255.255.255" })
        {
            foreach (string at in new[] { "127.0.0.1", "127.0.0.9", "203.0.113.9" }) yield return ($"{group} at {at}", () => new(IPAddress.Parse(group), IPAddress.Parse(at)));
            foreach (int index in new[] { 1, 77 }) yield return ($"{group} on {index}", () => new(IPAddress.Parse(group), index));
        }
    }

    private static Socket New(string kind) => kind == "tcp" ? Situation.NewTcp() : Situation.NewUdp();

    private static string Request(string kind, SocketOptionName name, MulticastOption request)
    {
        using var socket = New(kind);
        socket.SetSocketOption(SocketOptionLevel.IP, name, request);
        return "done";
    }

    private static string JoinAndLeave(string kind, MulticastOption request)
    {
        using var socket = New(kind);
        var names = new[] { SocketOptionName.AddMembership, SocketOptionName.AddMembership, SocketOptionName.DropMembership, SocketOptionName.DropMembership };
        return string.Join(", ", names.Select(name => Calls.Tried(() => socket.SetSocketOption(SocketOptionLevel.IP, name, request))));
    }

    // An in_addr is what Linux knows it by afterwards; the structure with an index is passed as it is.
    private static string Interface(string kind, MulticastOption request)
    {
        using var socket = New(kind);
        byte[] octets = [.. request.Group.GetAddressBytes(), .. (request.LocalAddress ?? IPAddress.Any).GetAddressBytes(), .. BitConverter.GetBytes(request.InterfaceIndex)];
        string whole = Calls.Tried(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, octets));
        string asked = Calls.Tried(() => socket.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface)!);
        string shorter = Calls.Tried(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, octets[4..8]));
        string index = Calls.Tried(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(request.InterfaceIndex)));
        return $"{whole}, {asked}, {shorter}, {index}, {Calls.Tried(() => socket.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface)!)}";
    }

    private static string Octets(string kind, SocketOptionName name, int length)
    {
        using var socket = New(kind);
        byte[] octets = [239, 77, 1, 2, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // Whoever reads less than a group and an address reads an address alone.
        if (length is > 0 and < 8) octets = octets[4..];
        socket.SetSocketOption(SocketOptionLevel.IP, name, octets[..length]);
        return "done";
    }

    private static string TooMany()
    {
        using var socket = Situation.NewUdp();
        return string.Join(", ", Enumerable.Range(0, 22).Select(i => Calls.Tried(() => socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, On(IPAddress.Parse($"239.77.2.{i}"))))));
    }

    private static string Story(Action<Socket> receiverDoes, Action<Socket> senderDoes)
    {
        using var receiver = Member();
        receiverDoes(receiver);
        using var sender = Sender();
        senderDoes(sender);
        sender.SendTo([5, 6], new IPEndPoint(s_group, Port(receiver)));
        if (receiver.RemoteOrNothing() is not null) return $"{receiver.Poll(0, SelectMode.SelectRead)}";
        return Heard(receiver);
    }

    private static EndPoint? RemoteOrNothing(this Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static Socket Member()
    {
        var socket = Situation.NewUdp();
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, On(s_group));
        return socket;
    }

    // Linux: once the host is a member, every socket of the port hears the group.
    private static string NoMember()
    {
        using var stranger = Situation.NewUdp();
        stranger.Bind(new IPEndPoint(IPAddress.Any, 0));
        using var sender = Sender();
        sender.SendTo([1, 1], new IPEndPoint(s_group, Port(stranger)));
        string before = Heard(stranger);
        using var member = Member();
        sender.SendTo([2, 2], new IPEndPoint(s_group, Port(stranger)));
        return $"{before} {Heard(stranger)} {Heard(member)}";
    }

    private static string JoinedBeforeBinding()
    {
        using var socket = Situation.NewUdp();
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, On(s_group));
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        using var sender = Sender();
        sender.SendTo([3, 3], new IPEndPoint(s_group, Port(socket)));
        return Heard(socket);
    }

    private static string MemberGone()
    {
        using var stranger = Situation.NewUdp();
        stranger.Bind(new IPEndPoint(IPAddress.Any, 0));
        Member().Dispose();
        using var sender = Sender();
        sender.SendTo([4, 4], new IPEndPoint(s_group, Port(stranger)));
        return Heard(stranger);
    }

    private static string BoundToGroup()
    {
        using var socket = Situation.NewUdp();
        socket.Bind(new IPEndPoint(s_group, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, On(s_group));
        using var sender = Sender();
        sender.SendTo([1, 2], new IPEndPoint(IPAddress.Loopback, Port(socket)));
        sender.SendTo([3, 4], new IPEndPoint(s_group, Port(socket)));
        byte[] buffer = new byte[8];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        int count = socket.ReceiveFrom(buffer, ref from);
        string heard = $"{count} {buffer[0]} {from.Equals(sender.LocalEndPoint)} {((IPEndPoint)socket.LocalEndPoint!).Address}";
        using var receiver = Situation.NewUdp();
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.SendTo([9], receiver.LocalEndPoint!);
        receiver.ReceiveFrom(buffer, ref from);
        return $"{heard} {((IPEndPoint)from).Address}";
    }

    private static string ConnectedToGroup()
    {
        using var receiver = Member();
        using var socket = Situation.NewUdp();
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Loopback.GetAddressBytes());
        socket.Connect(s_group, Port(receiver));
        socket.Send([8, 8]);
        return $"{Heard(receiver)} {((IPEndPoint)socket.LocalEndPoint!).Address} {((IPEndPoint)socket.RemoteEndPoint!).Address}";
    }

    private static string FromOwnAddress()
    {
        using var receiver = Member();
        using var bound = Situation.NewUdp();
        bound.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.6"), 0));
        bound.SendTo([6], new IPEndPoint(s_group, Port(receiver)));
        using var named = Situation.NewUdp();
        named.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Parse("127.0.0.7").GetAddressBytes());
        named.SendTo([7], new IPEndPoint(s_group, Port(receiver)));
        byte[] buffer = new byte[8];
        EndPoint first = new IPEndPoint(IPAddress.Any, 0), second = new IPEndPoint(IPAddress.Any, 0);
        receiver.ReceiveFrom(buffer, ref first);
        receiver.ReceiveFrom(buffer, ref second);
        return $"{((IPEndPoint)first).Address} {((IPEndPoint)second).Address}";
    }

    private static async Task<string> PacketInformation()
    {
        using var receiver = Member();
        receiver.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
        using var sender = Sender();
        sender.SendTo([1, 2, 3], new IPEndPoint(s_group, Port(receiver)));
        var received = await receiver.ReceiveMessageFromAsync(new byte[8], new IPEndPoint(IPAddress.Any, 0));
        return $"{received.ReceivedBytes} {received.SocketFlags} {received.PacketInformation.Address} {received.PacketInformation.Interface} {received.RemoteEndPoint.Equals(sender.LocalEndPoint)}";
    }

    private static async Task<string> ByUdpClient()
    {
        using var receiver = new UdpClient(0, AddressFamily.InterNetwork);
        receiver.JoinMulticastGroup(s_group, IPAddress.Loopback);
        using var sender = new UdpClient(AddressFamily.InterNetwork) { MulticastLoopback = true, Ttl = 9 };
        sender.Client.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(1));
        sender.Client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await sender.SendAsync(new byte[3], new IPEndPoint(s_group, Port(receiver.Client)));
        var received = await receiver.ReceiveAsync();
        string twice = Calls.Tried(() => receiver.JoinMulticastGroup(s_group, IPAddress.Loopback));
        string left = Calls.Tried(() => receiver.DropMulticastGroup(s_group, 1)), again = Calls.Tried(() => receiver.DropMulticastGroup(s_group, 1));
        return $"{received.Buffer.Length} {received.RemoteEndPoint.Address} {sender.Ttl} {sender.MulticastLoopback}, {twice}, {left}, {again}";
    }

    private static string AllHosts()
    {
        using var receiver = Situation.NewUdp();
        receiver.Bind(new IPEndPoint(IPAddress.Any, 0));
        using var sender = Sender();
        sender.SendTo([7, 7], new IPEndPoint(IPAddress.Parse("224.0.0.1"), Port(receiver)));
        return Heard(receiver);
    }
}
