using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>A socket in a known state, with whatever it needs around it.</summary>
internal sealed class Situation(Socket socket) : IDisposable
{
    private readonly List<IDisposable> _others = [];

    public Socket Socket { get; } = socket;

    /// <summary>A port where somebody listens, and one where nobody does.</summary>
    public EndPoint Listening { get; private set; } = null!;

    public EndPoint Closed { get; private set; } = null!;

    /// <summary>What a call that tells who sent something is given to fill in.</summary>
    public EndPoint Anybody => Socket.AddressFamily == AddressFamily.Unix ? new UnixDomainSocketEndPoint("x") : new IPEndPoint(IPAddress.Any, 0);

    public Socket? Peer { get; init; }

    public Situation With(params IDisposable[] others)
    {
        _others.AddRange(others);
        var listener = New();
        listener.Bind(Any());
        if (listener.SocketType == SocketType.Stream) listener.Listen(16);
        Listening = listener.LocalEndPoint!;
        _others.Add(listener);
        using var gone = New();
        gone.Bind(Any());
        Closed = gone.LocalEndPoint!;
        Socket.Blocking = false;
        return this;
    }

    public void Dispose()
    {
        Socket.Dispose();
        Peer?.Dispose();
        foreach (var other in _others) other.Dispose();
    }

    /// <summary>An address that is free.</summary>
    public EndPoint Any() => Socket.AddressFamily == AddressFamily.Unix ? UnixStates.Path() : new IPEndPoint(IPAddress.Loopback, 0);

    // Datagrams of the Internet are asked about addresses where somebody listens to streams.
    private Socket New() => Socket.AddressFamily == AddressFamily.Unix ? UnixStates.New(Socket.SocketType) : NewTcp();

    public static Socket NewTcp() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public static Socket NewUdp() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
}

/// <summary>Every state that a socket can be in, made with calls that all systems have.</summary>
internal static class States
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static IEnumerable<(string Name, Func<Situation> Make)> Tcp =>
    [
        ("fresh", () => new Situation(Situation.NewTcp()).With()),
        ("bound", () => new Situation(Bound(Situation.NewTcp())).With()),
        ("listening", () => new Situation(Listener()).With()),
        ("listening with one", ListeningWithOne),
        ("connected", () => Pair(accepted: false)),
        ("accepted", () => Pair(accepted: true)),
        ("with data", () => Pair(peer => peer.Send([1, 2, 3, 4, 5]), waitForRead: true)),
        ("peer shut down", () => Pair(peer => peer.Shutdown(SocketShutdown.Send), waitForRead: true, endsAs: TcpStep.CloseWait)),
        ("data and peer shut down", () => Pair(peer =>
        {
            peer.Send([1, 2, 3]);
            peer.Shutdown(SocketShutdown.Send);
        }, waitForRead: true, endsAs: TcpStep.CloseWait)),
        ("peer closed", () => Pair(peer => peer.Dispose(), waitForRead: true, endsAs: TcpStep.CloseWait)),
        ("peer reset", () => Pair(Reset, waitForRead: true, endsAs: TcpStep.Closed)),
        ("peer reset after data", () => Pair(peer =>
        {
            peer.Send([1, 2, 3]);
            Reset(peer);
        }, waitForRead: true, endsAs: TcpStep.Closed)),
        ("shut down for sending", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Send))),
        ("shut down for receiving", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Receive))),
        ("shut down", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Both))),
        ("both shut down", () => Pair(peer => peer.Shutdown(SocketShutdown.Send), socket => socket.Shutdown(SocketShutdown.Send), waitForRead: true, endsAs: TcpStep.CloseWait)),
        ("refused", Refused),
        ("disposed", () =>
        {
            var situation = new Situation(Situation.NewTcp()).With();
            situation.Socket.Dispose();
            return situation;
        }),
    ];

    public static IEnumerable<(string Name, Func<Situation> Make)> Udp =>
    [
        ("udp fresh", () => new Situation(Situation.NewUdp()).With()),
        ("udp bound", () => new Situation(Bound(Situation.NewUdp())).With()),
        ("udp connected", () => UdpPair(null)),
        ("udp with datagram", () => UdpPair(peer => peer.Send([1, 2, 3, 4, 5]))),
        ("udp with empty datagram", () => UdpPair(peer => peer.Send(Array.Empty<byte>()))),
        ("udp with two", () => UdpPair(peer =>
        {
            peer.Send([1, 2, 3]);
            peer.Send([4]);
        })),
        ("udp refused", UdpRefused),
        ("udp shut down", () =>
        {
            var situation = UdpPair(null);
            situation.Socket.Shutdown(SocketShutdown.Both);
            return situation;
        }),
        ("udp disposed", () =>
        {
            var situation = new Situation(Situation.NewUdp()).With();
            situation.Socket.Dispose();
            return situation;
        }),
    ];

    private static Socket Bound(Socket socket)
    {
        socket.Bind(s_any);
        return socket;
    }

    private static Socket Listener()
    {
        var socket = Bound(Situation.NewTcp());
        socket.Listen(4);
        return socket;
    }

    private static Situation ListeningWithOne()
    {
        var listener = Listener();
        var client = Situation.NewTcp();
        client.Connect(listener.LocalEndPoint!);
        listener.Poll(2_000_000, SelectMode.SelectRead);
        return new Situation(listener).With(client);
    }

    private static Situation Pair(bool accepted)
    {
        var (client, server, listener) = Connected();
        return accepted ? new Situation(server) { Peer = client }.With(listener) : new Situation(client) { Peer = server }.With(listener);
    }

    private static Situation Pair(Action<Socket>? peerDoes, Action<Socket>? does = null, bool waitForRead = false, TcpStep? endsAs = null)
    {
        var (client, server, listener) = Connected();
        peerDoes?.Invoke(server);
        if (waitForRead) client.Poll(2_000_000, SelectMode.SelectRead);
        // What comes behind the first octets takes no part in the race.
        if (endsAs is { } state) TcpProgress.WaitFor(client, state);
        does?.Invoke(client);
        if (does is not null) TcpProgress.WaitForAnswer(client);
        return new Situation(client) { Peer = server }.With(listener);
    }

    private static (Socket Client, Socket Server, Socket Listener) Connected()
    {
        var listener = Listener();
        var client = Situation.NewTcp();
        client.Connect(listener.LocalEndPoint!);
        return (client, listener.Accept(), listener);
    }

    private static Situation Refused()
    {
        var situation = new Situation(Situation.NewTcp()).With();
        situation.Socket.Blocking = true;
        try
        {
            situation.Socket.Connect(situation.Closed);
        }
        catch (SocketException)
        {
        }

        situation.Socket.Blocking = false;
        return situation;
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new(true, 0);
        socket.Dispose();
    }

    private static Situation UdpPair(Action<Socket>? peerDoes)
    {
        Socket one = Bound(Situation.NewUdp()), other = Bound(Situation.NewUdp());
        one.Connect(other.LocalEndPoint!);
        other.Connect(one.LocalEndPoint!);
        peerDoes?.Invoke(other);
        if (peerDoes is not null) one.Poll(2_000_000, SelectMode.SelectRead);
        return new Situation(one) { Peer = other }.With();
    }

    private static Situation UdpRefused()
    {
        var socket = Bound(Situation.NewUdp());
        var gone = Bound(Situation.NewUdp());
        socket.Connect(gone.LocalEndPoint!);
        gone.Dispose();
        socket.Send([1]);
        socket.Poll(2_000_000, SelectMode.SelectRead);
        return new Situation(socket).With();
    }
}
