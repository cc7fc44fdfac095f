using System.Net.Sockets;

namespace SocketCases;

/// <summary>Every state that a socket of Unix's domain can be in.</summary>
internal static class UnixStates
{
    private static readonly string s_folder = System.IO.Path.GetTempPath();
    private static int s_number;

    public static IEnumerable<(string Name, Func<Situation> Make)> All =>
    [
        ("unix fresh", () => new Situation(New(SocketType.Stream)).With()),
        ("unix bound", () => new Situation(Bound(SocketType.Stream)).With()),
        ("unix bound to a name without a file", () => new Situation(BoundTo(SocketType.Stream, Abstract())).With()),
        ("unix listening", () => new Situation(Listener()).With()),
        ("unix listening with one", ListeningWithOne),
        ("unix connected", () => Pair()),
        ("unix accepted", Accepted),
        ("unix with data", () => Pair(peer => peer.Send([1, 2, 3, 4, 5]))),
        ("unix peer shut down", () => Pair(peer => peer.Shutdown(SocketShutdown.Send))),
        ("unix peer shut down for receiving", () => Pair(peer => peer.Shutdown(SocketShutdown.Receive))),
        ("unix data and peer shut down", () => Pair(peer =>
        {
            peer.Send([1, 2, 3]);
            peer.Shutdown(SocketShutdown.Send);
        })),
        ("unix peer closed", () => Pair(peer => peer.Dispose())),
        ("unix data and peer closed", () => Pair(peer =>
        {
            peer.Send([1, 2, 3]);
            peer.Dispose();
        })),
        ("unix peer closed with data unread", () => Pair(peer => peer.Dispose(), before: socket => socket.Send([1]))),
        ("unix listener closed before it accepted", NeverAccepted),
        ("unix shut down for sending", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Send))),
        ("unix shut down for receiving", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Receive))),
        ("unix shut down", () => Pair(null, socket => socket.Shutdown(SocketShutdown.Both))),
        ("unix fresh shut down", () =>
        {
            var situation = new Situation(New(SocketType.Stream)).With();
            situation.Socket.Shutdown(SocketShutdown.Both);
            return situation;
        }),
        ("unix datagrams fresh", () => new Situation(New(SocketType.Dgram)).With()),
        ("unix datagrams bound", () => new Situation(Bound(SocketType.Dgram)).With()),
        ("unix datagrams connected", () => Datagrams(null)),
        ("unix with datagram", () => Datagrams(peer => peer.Send([1, 2, 3, 4, 5]))),
        ("unix with empty datagram", () => Datagrams(peer => peer.Send(Array.Empty<byte>()))),
        ("unix with two datagrams", () => Datagrams(peer =>
        {
            peer.Send([1, 2, 3]);
            peer.Send([4]);
        })),
        ("unix datagrams peer closed", () => Datagrams(peer => peer.Dispose())),
        ("unix datagram and peer closed", () => Datagrams(peer =>
        {
            peer.Send([1, 2]);
            peer.Dispose();
        })),
        ("unix datagrams peer shut down", () => Datagrams(peer => peer.Shutdown(SocketShutdown.Both))),
        ("unix datagrams shut down", () =>
        {
            var situation = Datagrams(null);
            situation.Socket.Shutdown(SocketShutdown.Both);
            return situation;
        }),
        ("unix datagrams one-sided", OneSided),
        ("unix disposed", () =>
        {
            var situation = new Situation(New(SocketType.Stream)).With();
            situation.Socket.Dispose();
            return situation;
        }),
    ];

    public static Socket New(SocketType type) => new(AddressFamily.Unix, type, ProtocolType.Unspecified);

    public static UnixDomainSocketEndPoint Path() => new(System.IO.Path.Combine(s_folder, $"mgs-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}"));

    public static UnixDomainSocketEndPoint Abstract() => new($"\0mgs-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");

    public static Socket BoundTo(SocketType type, UnixDomainSocketEndPoint name)
    {
        var socket = New(type);
        socket.Bind(name);
        return socket;
    }

    public static Socket Bound(SocketType type) => BoundTo(type, Path());

    public static Socket Listener(int backlog = 4)
    {
        var socket = Bound(SocketType.Stream);
        socket.Listen(backlog);
        return socket;
    }

    public static (Socket Client, Socket Server, Socket Listener) Connected()
    {
        var listener = Listener();
        var client = New(SocketType.Stream);
        client.Connect(listener.LocalEndPoint!);
        return (client, listener.Accept(), listener);
    }

    private static Situation ListeningWithOne()
    {
        var listener = Listener();
        var client = New(SocketType.Stream);
        client.Connect(listener.LocalEndPoint!);
        return new Situation(listener).With(client);
    }

    private static Situation NeverAccepted()
    {
        var listener = Listener();
        var client = New(SocketType.Stream);
        client.Connect(listener.LocalEndPoint!);
        listener.Dispose();
        return new Situation(client).With();
    }

    private static Situation Accepted()
    {
        var (client, server, listener) = Connected();
        return new Situation(server) { Peer = client }.With(listener);
    }

    // What one does, the other sees at once: nothing has to be waited for.
    private static Situation Pair(Action<Socket>? peerDoes = null, Action<Socket>? does = null, Action<Socket>? before = null)
    {
        var (client, server, listener) = Connected();
        before?.Invoke(client);
        peerDoes?.Invoke(server);
        does?.Invoke(client);
        return new Situation(client) { Peer = server }.With(listener);
    }

    private static Situation Datagrams(Action<Socket>? peerDoes)
    {
        Socket one = Bound(SocketType.Dgram), other = Bound(SocketType.Dgram);
        one.Connect(other.LocalEndPoint!);
        other.Connect(one.LocalEndPoint!);
        peerDoes?.Invoke(other);
        return new Situation(one) { Peer = other }.With();
    }

    // It speaks to one that does not speak back, and has no name itself.
    private static Situation OneSided()
    {
        Socket one = New(SocketType.Dgram), other = Bound(SocketType.Dgram);
        one.Connect(other.LocalEndPoint!);
        return new Situation(one) { Peer = other }.With();
    }
}
