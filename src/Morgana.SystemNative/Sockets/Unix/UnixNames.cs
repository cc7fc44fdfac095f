namespace Morgana.SystemNative;

/// <summary>Where sockets that have a path are found: nodes of a file system.</summary>
internal interface ISocketNodes
{
    /// <summary>Makes a node, as bind(2) does: <c>EADDRINUSE</c> if something has the path.</summary>
    Error Create(ReadOnlySpan<byte> path, UnixSocket socket);

    /// <summary>What a node belongs to: <c>ENOENT</c>, <c>EACCES</c> and the like of the path; <c>ECONNREFUSED</c> if it is no socket's.</summary>
    Error Find(ReadOnlySpan<byte> path, out UnixSocket? socket);

    /// <summary>The socket that bound it is closed, or was not bound after all.</summary>
    void Release(ReadOnlySpan<byte> path, UnixSocket socket, bool wasBound);
}

/// <summary>The names of Unix-domain sockets: they all are in this program, as there is no other.</summary>
internal static class UnixNames
{
    private static readonly Lock s_gate = new();

    // Of streams, and of datagrams.
    private static readonly Dictionary<UnixAddress, UnixSocket> s_streams = [], s_datagrams = [];
    private static int s_chosen;

    /// <summary>Where paths are. Set, before the first socket, by whoever has a file system; until then a path is a name like any other.</summary>
    public static ISocketNodes Nodes { get; set; } = new Nodeless();

    public static Error Bind(UnixAddress name, UnixSocket socket)
    {
        if (!name.IsAbstract) return Nodes.Create(name.Name, socket);
        lock (s_gate) return Abstract(socket.Type).TryAdd(name, socket) ? Error.Success : Error.EADDRINUSE;
    }

    /// <summary>Binds to a name that nobody has.</summary>
    public static Error Choose(UnixSocket socket, out UnixAddress? name)
    {
        lock (s_gate)
        {
            // As many as five digits give; more than there can be sockets.
            do name = UnixAddress.Chosen(++s_chosen);
            while (!Abstract(socket.Type).TryAdd(name, socket));
        }

        return Error.Success;
    }

    /// <param name="name">A path, or a name without a file, of which every type of sockets has its own.</param>
    /// <param name="type">For what type of socket.</param>
    /// <param name="socket">Whose it is.</param>
    public static Error Find(UnixAddress name, int type, out UnixSocket? socket)
    {
        if (!name.IsAbstract) return Nodes.Find(name.Name, out socket);
        lock (s_gate) return Abstract(type).TryGetValue(name, out socket) ? Error.Success : Error.ECONNREFUSED;
    }

    /// <param name="name">Which.</param>
    /// <param name="socket">Whose.</param>
    /// <param name="wasBound">False: it turned out that the socket may not have the name.</param>
    public static void Release(UnixAddress name, UnixSocket socket, bool wasBound)
    {
        if (!name.IsAbstract)
        {
            Nodes.Release(name.Name, socket, wasBound);
            return;
        }

        lock (s_gate) Abstract(socket.Type).Remove(name);
    }

    private static Dictionary<UnixAddress, UnixSocket> Abstract(int type) => type == 1 ? s_streams : s_datagrams;    // SOCK_STREAM.

    // Without a file system of ours: the name goes with its socket, as nobody could unlink it.
    private sealed class Nodeless : ISocketNodes
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, UnixSocket> _sockets = new(StringComparer.Ordinal);

        public Error Create(ReadOnlySpan<byte> path, UnixSocket socket)
        {
            lock (_gate) return _sockets.TryAdd(Key(path), socket) ? Error.Success : Error.EADDRINUSE;
        }

        public Error Find(ReadOnlySpan<byte> path, out UnixSocket? socket)
        {
            lock (_gate) return _sockets.TryGetValue(Key(path), out socket) ? Error.Success : Error.ENOENT;
        }

        public void Release(ReadOnlySpan<byte> path, UnixSocket socket, bool wasBound)
        {
            lock (_gate)
                if (_sockets.TryGetValue(Key(path), out var found) && found == socket) _sockets.Remove(Key(path));
        }

        private static string Key(ReadOnlySpan<byte> path) => System.Text.Encoding.Latin1.GetString(path);
    }
}
